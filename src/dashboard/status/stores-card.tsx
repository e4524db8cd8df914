import { Table } from '@cloudflare/kumo/components/table'
import type { Status } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { Health } from './health-badge.tsx'

type Check = Status['checks'][number]

const words: Record<Check['name'], { name: string; means: string }> = {
  database: { name: 'D1', means: 'The truth about keys; what is cached works without it' },
  cache: { name: 'KV', means: 'Records near the reader; without it D1 is asked' },
  fence: { name: 'Nearest fence', means: 'How fresh a record must be; without it D1 is asked' },
  meter: { name: 'Meters', means: 'Rate limits and credits; limited keys fail without them' },
  queue: { name: 'Usage queue', means: 'Counts on their way to D1' },
  raises: { name: 'Changes in force', means: 'None waits for a fence for over a minute' },
}

export function StoresCard({ status: { checks, pending } }: { status: Status }) {
  return (
    <Card title="Stores" description="VerifyInput just now, two seconds each at the most" isFlush>
      <Table>
        <Table.Header>
          <Table.Row>
            <Table.Head>Store</Table.Head>
            <Table.Head className="hidden sm:table-cell">What it is for</Table.Head>
            <Table.Head>State</Table.Head>
          </Table.Row>
        </Table.Header>
        <Table.Body>
          {checks.map((check) => (
            <StoreRow key={check.name} check={check} />
          ))}
        </Table.Body>
      </Table>
      {pending?.oldest_at && (
        <p className="border-t border-kumo-hairline px-4 py-3 text-base">
          {pending.count} {pending.count === 1 ? 'change waits' : 'changes wait'} for{' '}
          <code className="font-mono text-sm">{pending.fences.join(', ')}</code>, the oldest since{' '}
          <RelativeTime time={pending.oldest_at} />.
        </p>
      )}
    </Card>
  )
}

function StoreRow({ check: { name, ok, ms, problem } }: { check: Check }) {
  const { name: title, means } = words[name]
  const wasAsked = name !== 'queue' && name !== 'raises'
  return (
    <Table.Row>
      <Table.Cell className="align-top font-medium">{title}</Table.Cell>
      <Table.Cell className="hidden align-top text-kumo-subtle sm:table-cell">{means}</Table.Cell>
      <Table.Cell className="align-top">
        <Health isWell={ok}>{ok ? goodWord(name) : 'Failing'}</Health>
        {wasAsked && ok && <span className="ml-2 text-sm text-kumo-subtle">{ms} ms</span>}
        {problem && <span className="block text-sm break-words text-kumo-subtle">{problem}</span>}
      </Table.Cell>
    </Table.Row>
  )
}

function goodWord(name: Check['name']): string {
  if (name === 'queue') return 'Bound'
  return name === 'raises' ? 'All' : 'Answers'
}
