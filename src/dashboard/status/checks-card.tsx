import { Table } from '@cloudflare/kumo/components/table'
import { Card } from '../ui/card.tsx'
import { useIsFresh } from '../ui/freshness.tsx'
import { TableHead } from '../ui/table-head.tsx'
import { exactTime, RelativeTime } from '../ui/time.tsx'
import type { Status } from './api.ts'
import { HealthBadge } from './health-badge.tsx'

type Check = Status['checks'][number]

type CheckText = {
  name: string
  purpose: string
  /** The state when the check succeeds. */
  healthy: string
  /** Whether the check sends a request, whose duration is then shown. */
  isTimed: boolean
}

const responding = { healthy: 'Responding', isTimed: true }

const texts: Record<Check['name'], CheckText> = {
  database: {
    ...responding,
    name: 'D1',
    purpose: 'Source of truth for keys; without it, cached keys work',
  },
  cache: {
    ...responding,
    name: 'KV',
    purpose: 'Records near the reader; without it, D1 is read',
  },
  fence: {
    ...responding,
    name: 'Nearest fence',
    purpose: 'Required freshness of records; without it, D1 is read',
  },
  meter: {
    ...responding,
    name: 'Meters',
    purpose: 'Rate limits and credits; without them, limited keys fail',
  },
  queue: {
    name: 'Usage queue',
    purpose: 'Usage counts on their way to storage',
    healthy: 'Bound',
    isTimed: false,
  },
  raises: {
    name: 'Changes in force',
    purpose: 'No change has waited for a fence for more than a minute',
    healthy: 'Up to date',
    isTimed: false,
  },
}

const wide = 'hidden sm:table-cell'

type Props = { status: Status; ranAtMs: number }

export function ChecksCard({ status: { checks, pending }, ranAtMs }: Props) {
  return (
    <Card title="Health checks" description={<Ran atMs={ranAtMs} />} isFlush>
      <Table>
        <TableHead columns={['Check', { name: 'Purpose', className: wide }, 'State']} />
        <Table.Body>
          {checks.map((check) => (
            <CheckRow key={check.name} check={check} />
          ))}
        </Table.Body>
      </Table>
      {pending?.oldest_at && (
        <p className="border-t border-kumo-hairline px-4 py-3 text-base">
          {pending.count} {pending.count === 1 ? 'change is' : 'changes are'} waiting for{' '}
          <code className="font-mono text-sm">{pending.fences.join(', ')}</code>, the oldest since{' '}
          <RelativeTime time={pending.oldest_at} />.
        </p>
      )}
    </Card>
  )
}

function Ran({ atMs }: { atMs: number }) {
  const isFresh = useIsFresh()
  if (!isFresh) return <>Run on {exactTime(atMs)}, and not since.</>
  return <>Run just now, with a timeout of two seconds each.</>
}

function CheckRow({ check: { name, ok, ms, problem } }: { check: Check }) {
  const text = texts[name]
  return (
    <Table.Row>
      <Table.Cell className="align-top font-medium">{text.name}</Table.Cell>
      <Table.Cell className={`${wide} align-top text-kumo-subtle`}>{text.purpose}</Table.Cell>
      <Table.Cell className="align-top">
        <HealthBadge isHealthy={ok}>{ok ? text.healthy : 'Failing'}</HealthBadge>
        {text.isTimed && ok && (
          <span className="ml-2 text-sm whitespace-nowrap text-kumo-subtle">{ms} ms</span>
        )}
        {problem && <span className="block text-sm break-words text-kumo-subtle">{problem}</span>}
      </Table.Cell>
    </Table.Row>
  )
}
