// The deliveries of an endpoint, newest first. Each can be viewed and resent.
import { Button } from '@cloudflare/kumo/components/button'
import { Table } from '@cloudflare/kumo/components/table'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { Card } from '../ui/card.tsx'
import { FilterSelect } from '../ui/filter-select.tsx'
import { EmptyText, PagedList } from '../ui/paged-list.tsx'
import { useCursorPages } from '../ui/pager.tsx'
import { actionsColumn, TableHead } from '../ui/table-head.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import { type Delivery, deliveriesQuery, type Endpoint } from './api.ts'
import { DeliveryDialog } from './delivery-dialog.tsx'
import { DeliveryBadge, DeliveryOutcome, statusFilters } from './delivery-status.tsx'

export function DeliveryLog({ endpoint }: { endpoint: Endpoint }) {
  const [params] = useSearchParams()
  const setParam = useSetSearchParam()
  const filter = Object.keys(statusFilters).find((name) => name === params.get('status')) ?? 'all'
  const [viewed, setViewed] = useState<Delivery | null>(null)
  const status = filter === 'all' ? {} : { status: filter as Delivery['status'] }
  const pages = useCursorPages()
  const list = useQuery(deliveriesQuery(endpoint.id, { ...status, ...pages.query, limit: '15' }))
  const empty = filter === 'all' ? 'No deliveries yet. Send a test event.' : 'No such deliveries.'
  return (
    <Card
      title="Deliveries"
      description="Kept for 30 days. Failed deliveries are retried for three days."
      isFlush
      actions={
        <FilterSelect
          label="Status"
          className="w-36"
          value={filter}
          onValueChange={(next) => setParam('status', next === 'all' ? null : next)}
          items={statusFilters}
        />
      }
    >
      <PagedList
        list={list}
        pages={pages}
        loading="Loading deliveries"
        empty={<EmptyText>{empty}</EmptyText>}
      >
        {(deliveries) => <DeliveryTable deliveries={deliveries} onView={setViewed} />}
      </PagedList>
      {viewed && (
        <DeliveryDialog endpoint={endpoint} delivery={viewed} onClose={() => setViewed(null)} />
      )}
    </Card>
  )
}

const wide = 'hidden md:table-cell'
const columns = [
  'Event',
  'Status',
  { name: 'Attempts', className: wide },
  { name: 'Created', className: wide },
  actionsColumn,
]

type TableProps = {
  deliveries: readonly Delivery[]
  onView: (delivery: Delivery) => void
}

function DeliveryTable({ deliveries, onView }: TableProps) {
  return (
    <Table>
      <TableHead columns={columns} />
      <Table.Body>
        {deliveries.map((delivery) => (
          <DeliveryRow key={delivery.id} delivery={delivery} onView={() => onView(delivery)} />
        ))}
      </Table.Body>
    </Table>
  )
}

function DeliveryRow({ delivery, onView }: { delivery: Delivery; onView: () => void }) {
  return (
    <Table.Row>
      <Table.Cell className="align-top">
        <code className="font-mono text-sm break-all">{delivery.type}</code>
        <span className="block text-sm text-kumo-subtle md:hidden">
          <RelativeTime time={delivery.created_at} />
        </span>
      </Table.Cell>
      <Table.Cell className="align-top">
        <DeliveryBadge status={delivery.status} />
        <span className="block text-sm wrap-anywhere text-kumo-subtle">
          <DeliveryOutcome delivery={delivery} />
        </span>
      </Table.Cell>
      <Table.Cell className={`${wide} align-top`}>{delivery.attempts}</Table.Cell>
      <Table.Cell className={`${wide} align-top`}>
        <RelativeTime time={delivery.created_at} />
      </Table.Cell>
      <Table.Cell className="w-10 text-right align-top">
        <Button size="sm" onClick={onView} aria-label={`View ${delivery.type}`}>
          View
        </Button>
      </Table.Cell>
    </Table.Row>
  )
}
