import { Table } from '@cloudflare/kumo/components/table'
import type { Status } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { Health } from './health-badge.tsx'

type Run = Status['canary'][number]

const outcomes: Record<Run['outcome'], string> = {
  held: 'Refused everywhere',
  broken: 'A revoked key passed',
  unfinished: 'Not shown',
}

export function CanaryCard({ runs }: { runs: readonly Run[] }) {
  return (
    <Card
      title="Canary"
      description="Every five minutes Latchkey revokes a key of its own and asks for it in every region right after"
      isFlush
    >
      {runs.length === 0 ? (
        <p className="p-4 text-base text-kumo-subtle">It has not run yet.</p>
      ) : (
        <Runs runs={runs} />
      )}
    </Card>
  )
}

function Runs({ runs }: { runs: readonly Run[] }) {
  return (
    <Table>
      <Table.Header>
        <Table.Row>
          <Table.Head>When</Table.Head>
          <Table.Head>Result</Table.Head>
          <Table.Head className="hidden sm:table-cell">In force after</Table.Head>
          <Table.Head className="hidden sm:table-cell">Regions</Table.Head>
        </Table.Row>
      </Table.Header>
      <Table.Body>
        {runs.map((run) => (
          <RunRow key={run.started_at} run={run} />
        ))}
      </Table.Body>
    </Table>
  )
}

function RunRow({ run }: { run: Run }) {
  const { outcome, problem, revocation_ms, regions } = run
  return (
    <Table.Row>
      <Table.Cell className="align-top">
        <RelativeTime time={run.started_at} />
      </Table.Cell>
      <Table.Cell className="align-top">
        <Health isWell={outcome === 'held'} isUnknown={outcome === 'unfinished'}>
          {outcomes[outcome]}
        </Health>
        {problem && <span className="block text-sm break-words text-kumo-subtle">{problem}</span>}
      </Table.Cell>
      <Table.Cell className="hidden align-top whitespace-nowrap sm:table-cell">
        {revocation_ms === null ? '' : `${(revocation_ms / 1000).toFixed(1)} s`}
      </Table.Cell>
      <Table.Cell className="hidden align-top sm:table-cell">{regions.join(', ')}</Table.Cell>
    </Table.Row>
  )
}
