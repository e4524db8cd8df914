// Events of the audit log, a page at a time.
import { Table } from '@cloudflare/kumo/components/table'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { type AuditEvent, type AuditQuery, auditQuery } from '../api/queries.ts'
import { useMember } from '../session/signed-in.tsx'
import { Pager, usePlace } from '../ui/pager.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { actionLabel, particulars } from './event-text.ts'

type Props = { query: AuditQuery; isOfOneKey?: boolean }

export function AuditTrail({ query, isOfOneKey = false }: Props) {
  const place = usePlace(JSON.stringify(query))
  const list = useQuery(auditQuery({ ...query, ...(place.cursor && { cursor: place.cursor }) }))
  const events = list.data?.data
  return (
    <>
      {list.error && (
        <div className="p-4">
          <ProblemBanner problem={list.error} onRetry={() => list.refetch()} />
        </div>
      )}
      {list.isPending && <ListSkeleton label="Loading the audit log" />}
      {events?.length === 0 && (
        <p className="px-4 py-8 text-center text-base text-kumo-subtle">
          Nothing has happened here.
        </p>
      )}
      {events && events.length > 0 && (
        <div className={list.isPlaceholderData ? 'opacity-60' : ''}>
          <EventTable events={events} isOfOneKey={isOfOneKey} />
        </div>
      )}
      <Pager place={place} next={list.data?.next_cursor} isLoading={list.isPlaceholderData} />
    </>
  )
}

const wide = 'hidden md:table-cell'

function EventTable({
  events,
  isOfOneKey,
}: {
  events: readonly AuditEvent[]
  isOfOneKey: boolean
}) {
  return (
    <Table>
      <Table.Header>
        <Table.Row>
          <Table.Head>What</Table.Head>
          {!isOfOneKey && <Table.Head>Concerning</Table.Head>}
          <Table.Head className={wide}>By</Table.Head>
          <Table.Head>When</Table.Head>
        </Table.Row>
      </Table.Header>
      <Table.Body>
        {events.map((event) => (
          <EventRow key={event.id} event={event} isOfOneKey={isOfOneKey} />
        ))}
      </Table.Body>
    </Table>
  )
}

function EventRow({ event, isOfOneKey }: { event: AuditEvent; isOfOneKey: boolean }) {
  const more = particulars(event)
  return (
    <Table.Row>
      <Table.Cell className="align-top">
        <span className="font-medium">{actionLabel(event.action)}</span>
        {more && <span className="block text-sm break-words text-kumo-subtle">{more}</span>}
        <span className="block text-sm text-kumo-subtle md:hidden">
          by <ActorName event={event} />
        </span>
      </Table.Cell>
      {!isOfOneKey && (
        <Table.Cell className="align-top break-words">
          <Subject event={event} />
        </Table.Cell>
      )}
      <Table.Cell className={`${wide} align-top`}>
        <ActorName event={event} />
        {event.request_id && (
          <span className="block font-mono text-xs text-kumo-subtle" title={event.request_id}>
            request {event.request_id.slice(0, 8)}
          </span>
        )}
      </Table.Cell>
      <Table.Cell className="align-top">
        <RelativeTime time={event.created_at} />
      </Table.Cell>
    </Table.Row>
  )
}

function Subject({ event }: { event: AuditEvent }) {
  const member = useMember(event.subject_id)
  if (event.key_id !== null) {
    return (
      <Link href={`/keys/${event.key_id}`} className="hover:underline">
        {event.key_name ?? `Key ${event.key_id.slice(0, 8)}`}
      </Link>
    )
  }
  if (event.subject_id === null) return <span className="text-kumo-subtle">The account</span>
  return <>{member?.user.name ?? event.subject_name ?? 'Somebody who left'}</>
}

function ActorName({ event: { actor } }: { event: AuditEvent }) {
  const member = useMember(actor.kind === 'person' ? actor.id : null)
  if (actor.kind === 'system') return <span className="text-kumo-subtle">Latchkey</span>
  if (actor.kind === 'key' && actor.id) {
    return (
      <Link href={`/keys/${actor.id}`} className="hover:underline">
        {`key ${actor.name ?? actor.id.slice(0, 8)}`}
      </Link>
    )
  }
  return <>{member?.user.name ?? actor.name ?? 'Somebody who left'}</>
}
