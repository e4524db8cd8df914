import { Table } from '@cloudflare/kumo/components/table'
import { Card } from '../ui/card.tsx'
import { TableHead } from '../ui/table-head.tsx'
import { RelativeTime } from '../ui/time.tsx'
import type { Status } from './api.ts'
import { HealthBadge } from './health-badge.tsx'

type Fence = Status['fences'][number]

const wide = 'hidden xl:table-cell'
const columns = [
  'Fence',
  'State',
  { name: 'Registered', className: wide },
  { name: 'Last request (to the hour)', className: wide },
  { name: 'Floors', className: wide },
  { name: 'Questions a second', className: wide },
]

export function FencesCard({ status: { fences, view } }: { status: Status }) {
  return (
    <Card
      title="Fences"
      description="A fence opens in each region that verifies keys and closes after two days without requests. Every change waits for all fences."
      isFlush
    >
      {fences.length === 0 ? (
        <p className="p-4 text-base text-kumo-subtle">No fences: no key has been verified yet.</p>
      ) : (
        <Table>
          <TableHead columns={columns} />
          <Table.Body>
            {fences.map((fence) => (
              <FenceRow key={fence.name} fence={fence} />
            ))}
          </Table.Body>
        </Table>
      )}
      {view !== null && (
        <p className="border-t border-kumo-hairline px-4 py-3 text-base text-kumo-subtle">
          The Worker that answers knows {view.floors} {view.floors === 1 ? 'floor' : 'floors'}, as
          of {(view.age_ms / 1000).toFixed(1)} s ago.
        </p>
      )}
    </Card>
  )
}

function FenceRow({ fence }: { fence: Fence }) {
  const { name, registered_at, answer_ms, asked_at, floors, questions_per_second } = fence
  const isHealthy = answer_ms !== null
  return (
    <Table.Row>
      <Table.Cell>
        <code className="font-mono text-sm break-all">{name}</code>
        <span className="block text-sm text-kumo-subtle xl:hidden">
          Registered <RelativeTime time={registered_at} />
          {asked_at && (
            <>
              {', last request '}
              <RelativeTime time={asked_at} />
            </>
          )}
          {floors !== null && `, ${floors} ${floors === 1 ? 'floor' : 'floors'}`}
          {questions_per_second !== null && `, ${questions_per_second} questions a second`}
        </span>
      </Table.Cell>
      <Table.Cell className="whitespace-nowrap">
        <HealthBadge isHealthy={isHealthy}>
          {isHealthy ? 'Responding' : 'Not responding'}
        </HealthBadge>
        {isHealthy && <span className="ml-2 text-sm text-kumo-subtle">{answer_ms} ms</span>}
      </Table.Cell>
      <Table.Cell className={wide}>
        <RelativeTime time={registered_at} />
      </Table.Cell>
      <Table.Cell className={wide}>{asked_at ? <RelativeTime time={asked_at} /> : ''}</Table.Cell>
      <Table.Cell className={`${wide} tabular-nums`}>{floors ?? ''}</Table.Cell>
      <Table.Cell className={`${wide} tabular-nums`}>{questions_per_second ?? ''}</Table.Cell>
    </Table.Row>
  )
}
