// How many keys are active, and how many of them need a look: each count is a link to the list of them.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { type KeyFilter, type KeySummary, summaryQuery } from './api.ts'
import { useEnvironments } from './environment.tsx'
import { countsOf, countText, isCurrent, type KeyCount } from './key-count.ts'

export function KeyCounts({ filter }: { filter: KeyFilter }) {
  const { data: summary, isError } = useQuery(summaryQuery)
  const [nowMs] = useState(Date.now)
  const environments = useEnvironments()
  if (isError) return null
  return (
    <ul aria-label="Active keys" className="flex flex-wrap gap-1 px-2 pt-2 text-sm">
      {countsOf(environments, nowMs).map((count) => (
        <li key={count.name}>
          <CountLink count={count} summary={summary} isShown={isCurrent(count, filter)} />
        </li>
      ))}
    </ul>
  )
}

type LinkProps = { count: KeyCount; summary: KeySummary | undefined; isShown: boolean }

function CountLink({ count, summary, isShown }: LinkProps) {
  return (
    <Link
      href={`/keys?${new URLSearchParams(count.query)}`}
      aria-current={isShown}
      title={count.note}
      className={`block rounded-md px-2 py-1 hover:bg-kumo-tint ${isShown ? 'bg-kumo-tint' : ''}`}
    >
      <span className="font-medium text-kumo-default tabular-nums">
        {summary === undefined ? '…' : countText(count, summary)}
      </span>{' '}
      <span className="text-kumo-subtle">{count.name}</span>
    </Link>
  )
}
