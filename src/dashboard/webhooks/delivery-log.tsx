// What was sent to an endpoint and what became of it, newest first; each can be looked at and sent again.
import { Badge } from '@cloudflare/kumo/components/badge'
import { Button } from '@cloudflare/kumo/components/button'
import { Select } from '@cloudflare/kumo/components/select'
import { Table } from '@cloudflare/kumo/components/table'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Card } from '../ui/card.tsx'
import { Pager, usePlace } from '../ui/pager.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { type Delivery, deliveriesQuery, type Endpoint } from './api.ts'
import { DeliveryDialog } from './delivery-dialog.tsx'

type Status = Delivery['status']

const filters = { all: 'All', delivered: 'Delivered', pending: 'Waiting', failed: 'Failed' }

export function DeliveryLog({ endpoint }: { endpoint: Endpoint }) {
  const [filter, setFilter] = useState('all')
  const [shown, setShown] = useState<Delivery | null>(null)
  const status = filter === 'all' ? {} : { status: filter as Status }
  const place = usePlace(filter)
  const cursor = place.cursor && { cursor: place.cursor }
  const list = useQuery(deliveriesQuery(endpoint.id, { ...status, ...cursor, limit: '15' }))
  const deliveries = list.data?.data
  return (
    <Card
      title="Messages"
      description="Kept for 30 days. One that fails is sent again for three days."
      isFlush
      actions={
        <Select
          aria-label="Status"
          className="w-36"
          value={filter}
          onValueChange={(next) => setFilter(next ?? 'all')}
          items={filters}
        />
      }
    >
      {list.error && (
        <div className="p-4">
          <ProblemBanner problem={list.error} onRetry={() => list.refetch()} />
        </div>
      )}
      {list.isPending && <ListSkeleton label="Loading the messages" />}
      {deliveries?.length === 0 && (
        <p className="px-4 py-8 text-center text-base text-kumo-subtle">
          {filter === 'all' ? 'Nothing has been sent yet. Try a test.' : 'No such message.'}
        </p>
      )}
      {deliveries && deliveries.length > 0 && (
        <DeliveryTable deliveries={deliveries} onShow={setShown} />
      )}
      <Pager place={place} next={list.data?.next_cursor} isLoading={list.isPlaceholderData} />
      {shown && (
        <DeliveryDialog endpoint={endpoint} delivery={shown} onClose={() => setShown(null)} />
      )}
    </Card>
  )
}

const wide = 'hidden md:table-cell'

type TableProps = { deliveries: readonly Delivery[]; onShow: (delivery: Delivery) => void }

function DeliveryTable({ deliveries, onShow }: TableProps) {
  return (
    <Table>
      <Table.Header>
        <Table.Row>
          <Table.Head>Event</Table.Head>
          <Table.Head>Status</Table.Head>
          <Table.Head className={wide}>Attempts</Table.Head>
          <Table.Head className={wide}>When</Table.Head>
          <Table.Head>
            <span className="sr-only">Actions</span>
          </Table.Head>
        </Table.Row>
      </Table.Header>
      <Table.Body>
        {deliveries.map((delivery) => (
          <Table.Row key={delivery.id}>
            <Table.Cell className="align-top">
              <code className="font-mono text-sm">{delivery.type}</code>
              <span className="block text-sm text-kumo-subtle md:hidden">
                <RelativeTime time={delivery.created_at} />
              </span>
            </Table.Cell>
            <Table.Cell className="align-top">
              <DeliveryBadge status={delivery.status} />
              <span className="block text-sm text-kumo-subtle">
                <Outcome delivery={delivery} />
              </span>
            </Table.Cell>
            <Table.Cell className={`${wide} align-top`}>{delivery.attempts}</Table.Cell>
            <Table.Cell className={`${wide} align-top`}>
              <RelativeTime time={delivery.created_at} />
            </Table.Cell>
            <Table.Cell className="w-10 text-right align-top">
              <Button
                size="sm"
                onClick={() => onShow(delivery)}
                aria-label={`Show ${delivery.type}`}
              >
                Show
              </Button>
            </Table.Cell>
          </Table.Row>
        ))}
      </Table.Body>
    </Table>
  )
}

const faces = {
  delivered: { name: 'Delivered', variant: 'success' },
  pending: { name: 'Waiting', variant: 'warning' },
  failed: { name: 'Failed', variant: 'error' },
} as const

export function DeliveryBadge({ status }: { status: Status }) {
  return (
    <Badge variant={faces[status].variant} appearance="dot">
      {faces[status].name}
    </Badge>
  )
}

export function Outcome({ delivery }: { delivery: Delivery }) {
  const { status, last_status, last_error, next_attempt_at, attempts } = delivery
  if (status === 'delivered') return <>Answered {last_status}</>
  if (status === 'failed' || attempts === 0 || !next_attempt_at) return <>{last_error}</>
  return (
    <>
      {last_error ?? 'No answer yet'}; again <RelativeTime time={next_attempt_at} />
    </>
  )
}
