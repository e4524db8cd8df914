import { Table } from '@cloudflare/kumo/components/table'
import { Card } from '../ui/card.tsx'
import { TableHead } from '../ui/table-head.tsx'
import { RelativeTime } from '../ui/time.tsx'
import type { Status } from './api.ts'
import { HealthBadge } from './health-badge.tsx'

type Run = Status['canary'][number]

const outcomes: Record<Run['outcome'], string> = {
  held: 'Rejected in all regions',
  broken: 'Revoked key accepted',
  unfinished: 'Inconclusive',
}

const wide = 'hidden sm:table-cell'
const columns = [
  'Time',
  'Result',
  { name: 'In force after', className: wide },
  { name: 'Regions', className: wide },
]

export function CanaryCard({ runs }: { runs: readonly Run[] }) {
  return (
    <Card
      title="Canary"
      description="Every five minutes, Latchkey revokes a key of its own and then verifies it in every region."
      isFlush
    >
      {runs.length === 0 ? (
        <p className="p-4 text-base text-kumo-subtle">No runs yet.</p>
      ) : (
        <Table>
          <TableHead columns={columns} />
          <Table.Body>
            {runs.map((run) => (
              <RunRow key={run.started_at} run={run} />
            ))}
          </Table.Body>
        </Table>
      )}
    </Card>
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
        <HealthBadge isHealthy={outcome === 'held'} isUnknown={outcome === 'unfinished'}>
          {outcomes[outcome]}
        </HealthBadge>
        {problem && <span className="block text-sm break-words text-kumo-subtle">{problem}</span>}
      </Table.Cell>
      <Table.Cell className={`${wide} align-top whitespace-nowrap`}>
        {revocation_ms === null ? '' : `${(revocation_ms / 1000).toFixed(1)} s`}
      </Table.Cell>
      <Table.Cell className={`${wide} align-top`}>{regions.join(', ')}</Table.Cell>
    </Table.Row>
  )
}
