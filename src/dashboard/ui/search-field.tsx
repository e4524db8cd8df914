// A search that starts when the typing pauses.
import { Input } from '@cloudflare/kumo/components/input'
import { useEffect, useRef, useState } from 'react'

const debounceMs = 250
const maxSearchLength = 100

type Props = {
  label: string
  initial: string
  onSearch: (text: string) => void
  /** What is searched for in place of what was typed, and a note that says so; null: as typed. */
  replace?: { by: (typed: string) => string | null; note: string }
}

export function SearchField({ label, initial, onSearch, replace }: Props) {
  const [text, setText] = useState(initial)
  const [wasReplaced, setWasReplaced] = useState(false)
  const searched = useRef(initial)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new text starts a search.
  useEffect(() => {
    if (text.trim() === searched.current) return
    const { pathname } = location
    const timer = setTimeout(() => {
      // While the next page loads, this one is hidden and its timers run.
      if (location.pathname !== pathname) return
      searched.current = text.trim()
      onSearch(searched.current)
    }, debounceMs)
    return () => clearTimeout(timer)
  }, [text])
  // The address changed without this field: by going back, or by "Show all keys".
  useEffect(() => {
    if (initial === searched.current) return
    searched.current = initial
    setText(initial)
  }, [initial])
  const type = (typed: string) => {
    const other = replace?.by(typed) ?? null
    setWasReplaced(other !== null)
    setText(other ?? typed)
  }
  return (
    <>
      <Input
        aria-label={label}
        placeholder={label}
        type="search"
        className="w-full"
        value={text}
        maxLength={maxSearchLength}
        onValueChange={type}
        passwordManagerIgnore
      />
      <p role="status" className="text-sm text-kumo-subtle empty:hidden">
        {wasReplaced && replace?.note}
      </p>
    </>
  )
}
