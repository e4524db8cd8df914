// Entries of the request log, each refusal with its mend.
import { Table } from '@cloudflare/kumo/components/table'
import { Link } from 'wouter'
import { TableHead } from '../ui/table-head.tsx'
import { useNow } from '../ui/time.tsx'
import { mendOfEntry } from '../usage/mend.ts'
import { MendLink } from '../usage/mend-link.tsx'
import type { LoggedRequest } from '../usage/requests.ts'
import { RequestTime } from '../usage/time-of-day.tsx'
import { VerdictName } from '../usage/verdict-name.tsx'

const wide = 'hidden lg:table-cell'
const widest = 'hidden xl:table-cell'

type Props = { requests: readonly LoggedRequest[]; isOfOneKey: boolean }

export function RequestTable({ requests, isOfOneKey }: Props) {
  const columns = [
    'Time',
    'Outcome',
    ...(isOfOneKey ? [] : [{ name: 'Key', className: wide }]),
    { name: 'Request', className: wide },
    { name: 'Client', className: widest },
    { name: 'Answered', className: widest },
  ]
  return (
    <Table>
      <TableHead columns={columns} />
      <Table.Body>
        {requests.map((request) => (
          <RequestRow key={request.id} request={request} isOfOneKey={isOfOneKey} />
        ))}
      </Table.Body>
    </Table>
  )
}

function RequestRow({ request, isOfOneKey }: { request: LoggedRequest; isOfOneKey: boolean }) {
  const { time, code, key } = request
  return (
    <Table.Row>
      <Table.Cell className="align-top">
        <RequestTime time={time} nowMs={useNow()} />
      </Table.Cell>
      <Table.Cell className="align-top">
        <VerdictName code={code} />
        <MendLink mend={mendOfEntry(request)} keyId={key.id} />
        <span className="block text-sm wrap-anywhere text-kumo-subtle lg:hidden">
          {!isOfOneKey && (
            <>
              <KeyName value={key} />
              {', '}
            </>
          )}
          <Asked request={request} />
        </span>
        <span className="block text-sm wrap-anywhere text-kumo-subtle xl:hidden">
          <Client request={request} />, <Answered request={request} />
        </span>
      </Table.Cell>
      {!isOfOneKey && (
        <Table.Cell className={`${wide} min-w-40 align-top wrap-anywhere`}>
          <KeyName value={key} />
        </Table.Cell>
      )}
      <Table.Cell className={`${wide} align-top wrap-anywhere xl:min-w-56`}>
        <Asked request={request} />
      </Table.Cell>
      <Table.Cell className={`${widest} align-top`}>
        <Client request={request} />
      </Table.Cell>
      <Table.Cell className={`${widest} align-top tabular-nums`}>
        <Answered request={request} />
      </Table.Cell>
    </Table.Row>
  )
}

function KeyName({ value: { id, name, key_prefix } }: { value: LoggedRequest['key'] }) {
  return (
    <Link href={`/keys/${id}`} className="hover:underline">
      <bdi>{name ?? key_prefix ?? `Key ${id.slice(0, 8)}`}</bdi>
    </Link>
  )
}

/** What a service verified has neither a method nor a route. */
function Asked({ request: { method, route } }: { request: LoggedRequest }) {
  if (method === null && route === null) return <>Verified by a service</>
  return (
    <code className="font-mono text-sm">
      {`${method ?? 'Another method'}\u00a0${route ?? 'outside the policy'}`}
    </code>
  )
}

function Client({ request: { address, country } }: { request: LoggedRequest }) {
  if (address === null) return <span>Address not known</span>
  return (
    <span className="whitespace-nowrap">
      {address}
      {country && ` (${country})`}
    </span>
  )
}

function Answered({ request: { tier, ms } }: { request: LoggedRequest }) {
  return (
    <span className="whitespace-nowrap">
      {ms} ms from {tier}
    </span>
  )
}
