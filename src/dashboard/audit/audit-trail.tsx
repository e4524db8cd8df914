// A paged table of audit events, of the account or of one key.
import { Table } from '@cloudflare/kumo/components/table'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { useMember } from '../session/signed-in.tsx'
import { EmptyText, PagedList } from '../ui/paged-list.tsx'
import { useCursorPages } from '../ui/pager.tsx'
import { TableHead } from '../ui/table-head.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { ActorName } from './actor-name.tsx'
import { type AuditEvent, type AuditQuery, auditQuery } from './api.ts'
import { eventChanges, type FieldChange } from './event-changes.ts'
import { actionName, eventDetails } from './event-text.ts'

type Props = { query: AuditQuery; isOfOneKey?: boolean }

export function AuditTrail({ query, isOfOneKey = false }: Props) {
  const pages = useCursorPages()
  const list = useQuery(auditQuery({ ...query, ...pages.query }))
  return (
    <PagedList
      list={list}
      pages={pages}
      loading="Loading audit events"
      empty={<EmptyText>No events.</EmptyText>}
    >
      {(events) => <EventTable events={events} isOfOneKey={isOfOneKey} />}
    </PagedList>
  )
}

const wide = 'hidden md:table-cell'

type TableProps = { events: readonly AuditEvent[]; isOfOneKey: boolean }

function EventTable({ events, isOfOneKey }: TableProps) {
  const columns = [
    'Event',
    ...(isOfOneKey ? [] : [{ name: 'Subject', className: wide }]),
    { name: 'Actor', className: wide },
    'Time',
  ]
  return (
    <Table>
      <TableHead columns={columns} />
      <Table.Body>
        {events.map((event) => (
          <EventRow key={event.id} event={event} isOfOneKey={isOfOneKey} />
        ))}
      </Table.Body>
    </Table>
  )
}

function EventRow({ event, isOfOneKey }: { event: AuditEvent; isOfOneKey: boolean }) {
  const details = eventDetails(event)
  const changes = eventChanges(event)
  return (
    <Table.Row>
      <Table.Cell className="align-top">
        <span className="font-medium">{actionName(event.action)}</span>
        {details && <span className="block text-sm wrap-anywhere text-kumo-subtle">{details}</span>}
        {changes.length > 0 && <Changes changes={changes} />}
        <span className="block text-sm wrap-anywhere text-kumo-subtle md:hidden">
          {!isOfOneKey && (
            <>
              <Subject event={event} />,{' '}
            </>
          )}
          by <ActorName event={event} />
        </span>
      </Table.Cell>
      {!isOfOneKey && (
        <Table.Cell className={`${wide} align-top wrap-anywhere`}>
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

function Changes({ changes }: { changes: readonly FieldChange[] }) {
  return (
    <ul className="text-sm wrap-anywhere text-kumo-subtle">
      {changes.map(({ name, from, to }) => (
        <li key={name}>
          {name}: {from === null ? 'now ' : <bdi>{from}</bdi>}
          {from !== null && (
            <>
              <span aria-hidden> → </span>
              <span className="sr-only"> changed to </span>
            </>
          )}
          <bdi className="text-kumo-default">{to}</bdi>
        </li>
      ))}
    </ul>
  )
}

function Subject({ event }: { event: AuditEvent }) {
  const member = useMember(event.subject_id)
  const accountId = event.detail?.account_id
  if (typeof accountId === 'string') {
    return (
      <Link href={`/accounts/${accountId}`} className="hover:underline">
        {`Account ${accountId.slice(0, 8)}`}
      </Link>
    )
  }
  if (event.key_id !== null) {
    return (
      <Link href={`/keys/${event.key_id}`} className="hover:underline">
        {event.key_name ?? `Key ${event.key_id.slice(0, 8)}`}
      </Link>
    )
  }
  if (event.subject_id === null) return <span className="text-kumo-subtle">Account</span>
  return <>{member?.user.name ?? event.subject_name ?? 'Former member'}</>
}
