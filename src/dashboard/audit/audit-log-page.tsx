import { Select } from '@cloudflare/kumo/components/select'
import { Link, useSearchParams } from 'wouter'
import { useSignedIn } from '../session/signed-in.tsx'
import { surface, tableEdges } from '../ui/card.tsx'
import { CsvExport } from '../ui/csv-export.tsx'
import { Page } from '../ui/page.tsx'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import { type AuditQuery, readEvents } from './api.ts'
import { AuditTrail } from './audit-trail.tsx'
import { eventColumns } from './event-columns.ts'
import { actionNames } from './event-text.ts'
import { TimeFilter } from './time-filter.tsx'
import { timeIn } from './time-range.ts'

const filterNames = ['action', 'actor_id', 'key_id'] as const

export default function AuditLogPage() {
  const query = useAuditFilter()
  const isReversed = query.from !== undefined && query.to !== undefined && query.from > query.to
  return (
    <Page
      title="Audit log"
      description="Who changed what in this account. Entries cannot be edited or deleted."
    >
      <div className={`${surface} ${tableEdges} overflow-hidden`}>
        <search className="flex flex-wrap items-center gap-3 border-b border-kumo-hairline p-3">
          <Filters query={query} />
          <TimeFilter isReversed={isReversed} />
          {isReversed || (
            <CsvExport
              key={JSON.stringify(query)}
              noun="events"
              fileName={`audit-log-${new Date().toISOString().slice(0, 10)}.csv`}
              columns={eventColumns}
              read={(cursor, signal) => readEvents(query, cursor, signal)}
            />
          )}
          {query.key_id !== undefined && <OneKey id={query.key_id} />}
        </search>
        {isReversed || <AuditTrail query={{ ...query, limit: '25' }} />}
      </div>
    </Page>
  )
}

/** It lives in the address, so that a filtered log can be shared. */
function useAuditFilter(): AuditQuery {
  const [params] = useSearchParams()
  const [from, to] = [timeIn(params, 'from'), timeIn(params, 'to')]
  const texts = filterNames.map((name) => [name, params.get(name)])
  return {
    ...Object.fromEntries(texts.filter(([, value]) => value)),
    ...(from !== null && { from }),
    ...(to !== null && { to }),
  }
}

function Filters({ query }: { query: AuditQuery }) {
  const { account } = useSignedIn()
  const members = Object.fromEntries(account.members.map(({ userId, user }) => [userId, user.name]))
  const { actor_id = 'all' } = query
  // A link may lead to the acts of a key, or of who is no longer a member.
  const others = actor_id in members || actor_id === 'all' ? {} : { [actor_id]: 'Another actor' }
  return (
    <>
      <Filter name="action" label="Action" all="All actions" items={actionNames} />
      <Filter name="actor_id" label="Member" all="All members" items={{ ...members, ...others }} />
    </>
  )
}

function OneKey({ id }: { id: string }) {
  return (
    <p className="basis-full text-sm text-kumo-subtle">
      Only events of{' '}
      <Link href={`/keys/${id}`} className="text-kumo-link underline">
        one key
      </Link>
      .{' '}
      <Link href="/audit-log" className="text-kumo-link underline">
        Show all events
      </Link>
    </p>
  )
}

type FilterProps = {
  name: (typeof filterNames)[number]
  label: string
  all: string
  items: Record<string, string>
}

function Filter({ name, label, all, items }: FilterProps) {
  const [params] = useSearchParams()
  const setParam = useSetSearchParam()
  return (
    <Select
      aria-label={label}
      className="min-w-36 flex-1 sm:max-w-52"
      value={params.get(name) ?? 'all'}
      onValueChange={(value) => setParam(name, value === 'all' ? null : value)}
      items={{ all, ...items }}
    />
  )
}
