// What may need a look: each count is a link to it.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { summaryQuery } from '../keys/api.ts'
import { countsOf, countText } from '../keys/key-count.ts'
import { AsOf } from '../ui/as-of.tsx'
import { Card } from '../ui/card.tsx'
import { numberText } from '../ui/number-text.ts'
import { QueryProblem } from '../ui/query-problem.tsx'
import { groupsQuery, type TimeRange, timeRanges } from '../usage/api.ts'
import { failingQuery } from './api.ts'
import { refusedOf } from './largest.ts'
import { rangeParam } from './range.ts'

type Props = {
  range: TimeRange
  /** No key of the account works, whatever it is by itself. */
  areStopped: boolean
}

export function Counts({ range, areStopped }: Props) {
  const summary = useQuery(summaryQuery)
  const failing = useQuery(failingQuery)
  const dataUpdatedAt = Math.min(summary.dataUpdatedAt, failing.dataUpdatedAt)
  return (
    <Card
      title="Needs a look"
      description={
        <>
          Active keys, by uses until 6 hours ago, and webhook endpoints whose last message did not
          arrive. <AsOf query={{ dataUpdatedAt }} />
        </>
      }
      isFlush
    >
      <ul aria-label="Needs a look" className="flex flex-wrap gap-px bg-kumo-hairline">
        {areStopped || <KeyCounts summary={summary.data} />}
        <RefusedCount range={range} />
        <FailingCount failing={failing.data} />
      </ul>
      <div className="flex flex-col gap-3 p-4 empty:hidden">
        <QueryProblem query={summary} />
        <QueryProblem query={failing} />
      </div>
    </Card>
  )
}

function KeyCounts({ summary }: { summary: Parameters<typeof countText>[1] | undefined }) {
  const [nowMs] = useState(Date.now)
  const counts = countsOf([], nowMs).filter(({ of }) => of !== 'active')
  return counts.map((count) => (
    <Count
      key={count.name}
      name={count.name}
      count={summary && countText(count, summary)}
      href={`/keys?${new URLSearchParams(count.query)}`}
      note={count.note}
    />
  ))
}

/** The problem of the query is told where its keys are listed. */
function RefusedCount({ range }: { range: TimeRange }) {
  const { data } = useQuery(groupsQuery(range, 'key'))
  const refused = data?.usage.groups.filter((group) => refusedOf(group) > 0).length
  // Not all keys are among the groups.
  const more = data && refusedOf(data.usage.other) > 0 ? '+' : ''
  const query = new URLSearchParams({ range: rangeParam(range), keys_by: 'refused' })
  return (
    <Count
      name={`refused in ${timeRanges[range].text}`}
      count={refused === undefined ? undefined : `${numberText(refused)}${more}`}
      href={`/overview?${query}`}
      note="Sorts the keys below by refusals"
    />
  )
}

function FailingCount({ failing }: { failing: readonly { id: string }[] | undefined }) {
  return (
    <Count
      name="webhooks failing"
      count={failing && numberText(failing.length)}
      href={failing && failingPath(failing)}
    />
  )
}

function failingPath(failing: readonly { id: string }[]): string {
  const [first, ...others] = failing
  return first && others.length === 0 ? `/webhooks/${first.id}` : '/webhooks'
}

type CountProps = {
  name: string
  count: string | undefined
  /** Undefined until it is known. */
  href: string | undefined
  note?: string | undefined
}

function Count({ name, count = '…', href, note }: CountProps) {
  const text = (
    <>
      <span
        className={`block text-lg font-semibold tabular-nums ${
          count === '0' ? 'text-kumo-subtle' : 'text-kumo-default'
        }`}
      >
        {count}
      </span>{' '}
      <span className="block text-sm text-kumo-subtle">{name}</span>
    </>
  )
  return (
    <li className="grow basis-32 bg-kumo-base">
      {href ? (
        <Link
          href={href}
          title={note}
          className="block h-full px-4 py-3 outline-none hover:bg-kumo-tint focus-visible:ring-2 focus-visible:ring-kumo-focus focus-visible:ring-inset"
        >
          {text}
        </Link>
      ) : (
        <div className="px-4 py-3">{text}</div>
      )}
    </li>
  )
}
