import { Select } from '@cloudflare/kumo/components/select'
import { useSearchParams } from 'wouter'
import { useSignedIn } from '../session/signed-in.tsx'
import { surface, tableEdges } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import { AuditTrail } from './audit-trail.tsx'
import { actionNames } from './event-text.ts'

const filterNames = ['action', 'actor_id'] as const

export default function AuditLogPage() {
  const [params] = useSearchParams()
  const filters = filterNames.flatMap((name) => {
    const value = params.get(name)
    return value ? [[name, value] as const] : []
  })
  return (
    <Page
      title="Audit log"
      description="Who changed what in this account. Entries cannot be edited or deleted."
    >
      <div className={`${surface} ${tableEdges} overflow-hidden`}>
        <Filters />
        <AuditTrail query={{ ...Object.fromEntries(filters), limit: '25' }} />
      </div>
    </Page>
  )
}

function Filters() {
  const { account } = useSignedIn()
  const members = account.members.map(({ userId, user }) => [userId, user.name])
  return (
    <search className="flex flex-wrap gap-3 border-b border-kumo-hairline p-3">
      <Filter name="action" label="Action" all="All actions" items={actionNames} />
      <Filter
        name="actor_id"
        label="Member"
        all="All members"
        items={Object.fromEntries(members)}
      />
    </search>
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
