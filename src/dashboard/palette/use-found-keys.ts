// Keys that match what is typed, by the search of the list, once the typing pauses.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { formatsQuery, keysQuery } from '../keys/api.ts'
import { prefixOfToken } from '../keys/token-prefix.ts'

const debounceMs = 250
const maxFound = '6'
const maxSearchLength = 100

export function useFoundKeys(typed: string) {
  const { data: formats } = useQuery(formatsQuery)
  const text = typed.trim().slice(0, maxSearchLength)
  // The search is part of an address, which must not hold a token.
  const wanted = prefixOfToken(text, formats) ?? text
  const [search, setSearch] = useState(wanted)
  useEffect(() => {
    const timer = setTimeout(() => setSearch(wanted), debounceMs)
    return () => clearTimeout(timer)
  }, [wanted])
  const query = useQuery({ ...keysQuery({ search, limit: maxFound }), enabled: search !== '' })
  return {
    keys: search === '' || wanted === '' ? [] : (query.data?.data ?? []),
    isSearching: wanted !== '' && (search !== wanted || query.isFetching),
    problem: search === '' ? null : query.error,
  }
}
