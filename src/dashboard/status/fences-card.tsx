import { Table } from '@cloudflare/kumo/components/table'
import type { Status } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { Health } from './health-badge.tsx'

type Fence = Status['fences'][number]

export function FencesCard({ status: { fences } }: { status: Status }) {
  return (
    <Card
      title="Fences"
      description="One opens where keys are first verified, and closes after two days without a question. Every change waits for all of them."
      isFlush
    >
      {fences.length === 0 ? (
        <p className="p-4 text-base text-kumo-subtle">
          None is open yet: no key has been verified.
        </p>
      ) : (
        <FenceTable fences={fences} />
      )}
    </Card>
  )
}

function FenceTable({ fences }: { fences: readonly Fence[] }) {
  return (
    <Table>
      <Table.Header>
        <Table.Row>
          <Table.Head>Fence</Table.Head>
          <Table.Head>State</Table.Head>
          <Table.Head className="hidden sm:table-cell">Registered</Table.Head>
          <Table.Head className="hidden md:table-cell">Last asked (to the hour)</Table.Head>
          <Table.Head className="hidden md:table-cell">Changes held</Table.Head>
        </Table.Row>
      </Table.Header>
      <Table.Body>
        {fences.map((fence) => (
          <FenceRow key={fence.name} fence={fence} />
        ))}
      </Table.Body>
    </Table>
  )
}

function FenceRow({ fence }: { fence: Fence }) {
  const { name, registered_at, answer_ms, asked_at, floors } = fence
  return (
    <Table.Row>
      <Table.Cell>
        <code className="font-mono text-sm">{name}</code>
      </Table.Cell>
      <Table.Cell className="whitespace-nowrap">
        <Health isWell={answer_ms !== null}>{answer_ms === null ? 'No answer' : 'Answers'}</Health>
        {answer_ms !== null && (
          <span className="ml-2 text-sm text-kumo-subtle">{answer_ms} ms</span>
        )}
      </Table.Cell>
      <Table.Cell className="hidden sm:table-cell">
        <RelativeTime time={registered_at} />
      </Table.Cell>
      <Table.Cell className="hidden md:table-cell">
        {asked_at ? <RelativeTime time={asked_at} /> : ''}
      </Table.Cell>
      <Table.Cell className="hidden tabular-nums md:table-cell">{floors ?? ''}</Table.Cell>
    </Table.Row>
  )
}
