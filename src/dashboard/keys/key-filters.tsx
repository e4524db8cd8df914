import { Input } from '@cloudflare/kumo/components/input'
import { Select } from '@cloudflare/kumo/components/select'
import { useEffect, useRef, useState } from 'react'
import { useSearchParams } from 'wouter'
import type { KeyFilter } from './keys-page.tsx'
import { statuses, statusName } from './status-badge.tsx'

const pauseMs = 250
const maxSearchLength = 100

export function KeyFilters({ filter }: { filter: KeyFilter }) {
  const [, setParams] = useSearchParams()
  const set = (name: string, value: string | null) =>
    setParams(
      (params) => {
        if (value) params.set(name, value)
        else params.delete(name)
        return params
      },
      { replace: true },
    )
  return (
    <search className="flex flex-wrap items-start gap-3 border-b border-kumo-hairline p-3">
      <div className="min-w-48 flex-1">
        <SearchField initial={filter.search ?? ''} onSearch={(text) => set('search', text)} />
      </div>
      <Select
        aria-label="Status"
        className="w-40"
        value={filter.status ?? 'all'}
        onValueChange={(next) => set('status', next === 'all' ? null : next)}
        items={{
          all: 'All statuses',
          ...Object.fromEntries(statuses.map((status) => [status, statusName(status)])),
        }}
      />
    </search>
  )
}

type SearchProps = { initial: string; onSearch: (text: string) => void }

function SearchField({ initial, onSearch }: SearchProps) {
  const [text, setText] = useState(initial)
  const [wasToken, setWasToken] = useState(false)
  const sent = useRef(initial)
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks again for other words only.
  useEffect(() => {
    if (text.trim() === sent.current) return
    const timer = setTimeout(() => {
      sent.current = text.trim()
      onSearch(sent.current)
    }, pauseMs)
    return () => clearTimeout(timer)
  }, [text])
  // The address was changed by something else: going back, or "Show all keys".
  useEffect(() => {
    if (initial === sent.current) return
    sent.current = initial
    setText(initial)
  }, [initial])
  const type = (typed: string) => {
    const prefix = prefixOfToken(typed)
    setWasToken(prefix !== null)
    setText(prefix ?? typed)
  }
  return (
    <>
      <Input
        aria-label="Search by name, prefix or external id"
        placeholder="Search by name, prefix or external id"
        type="search"
        className="w-full"
        value={text}
        maxLength={maxSearchLength}
        onChange={(event) => type(event.currentTarget.value)}
        passwordManagerIgnore
      />
      <p role="status" className="text-sm text-kumo-subtle empty:hidden">
        {wasToken && 'That was a whole token: only its prefix is searched for and goes anywhere.'}
      </p>
    </>
  )
}

/**
 * Somebody who found a token wants to know which key it is, and pastes it whole. Searches stand in the
 * address and in logs, where no token may be: all that is kept are the eight letters that the list shows.
 */
function prefixOfToken(text: string): string | null {
  const found = /^\s*[A-Za-z][A-Za-z0-9_-]*_([0-9A-Za-z]{16,})\s*$/.exec(text)
  return found?.[1]?.slice(0, 8) ?? null
}
