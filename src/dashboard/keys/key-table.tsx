// One page of keys. On narrow screens, the details of a key are below its name.
import { Table } from '@cloudflare/kumo/components/table'
import { Link } from 'wouter'
import { useSignedIn } from '../session/signed-in.tsx'
import { useInView } from '../ui/first-draw.ts'
import { actionsColumn, TableHead } from '../ui/table-head.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import type { Key, KeySort, SortColumn } from './api.ts'
import { EnvironmentBadge } from './environment.tsx'
import { KeyMenu } from './key-menu.tsx'
import { newestFirst, nextOrder } from './key-orders.ts'
import { CreatorName, Expires, ExpiryText, LastUsed, ScopesHint, TokenHint } from './key-values.tsx'
import { SelectKey, SelectPage, selectColumn } from './select-key.tsx'
import { StatusBadge } from './status-badge.tsx'
import type { Selection } from './use-selection.ts'
import { WeekOfUse, WeeksOfUse } from './week-of-use.tsx'

const wide = 'hidden xl:table-cell'

export function KeyTable({
  keys,
  sort = newestFirst,
  selection,
}: {
  keys: readonly Key[]
  sort?: KeySort | undefined
  selection: Selection
}) {
  const { canChange } = useSignedIn()
  const setParam = useSetSearchParam()
  const inView = useInView(keys)
  const sortable = (name: string, column: SortColumn) => ({
    name,
    sort: {
      current: sort === column ? 'ascending' : sort === `-${column}` ? 'descending' : 'none',
      onPress() {
        const next = nextOrder(column, sort)
        setParam('sort', next === newestFirst ? null : next)
      },
    } as const,
  })
  const columns = [
    ...(canChange ? [{ name: 'Selected', content: <SelectPage {...{ keys, selection }} /> }] : []),
    sortable('Name', 'name'),
    { name: 'Scopes', className: wide },
    { ...sortable('Created', 'created_at'), className: wide },
    { ...sortable('Last used', 'last_used_at'), className: wide },
    { ...sortable('Expires', 'expires_at'), className: wide },
    'Status',
    actionsColumn,
  ]
  return (
    <WeeksOfUse ids={keys.map(({ id }) => id)}>
      <Table>
        <TableHead columns={columns} />
        <Table.Body>
          {inView.map((key) => (
            <KeyRow key={key.id} value={key} selection={canChange ? selection : null} />
          ))}
        </Table.Body>
      </Table>
    </WeeksOfUse>
  )
}

function KeyRow({ value, selection }: { value: Key; selection: Selection | null }) {
  return (
    <Table.Row className={value.status === 'revoked' ? 'text-kumo-subtle' : ''}>
      {selection && (
        <td className={`${selectColumn} align-top`}>
          <SelectKey {...{ value, selection }} />
        </td>
      )}
      <td className="max-w-0 min-w-24 w-full xl:w-auto xl:max-w-64">
        <Link
          href={`/keys/${value.id}`}
          className="block truncate font-medium text-kumo-default hover:underline"
        >
          <bdi>{value.name}</bdi>
        </Link>
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1 text-kumo-subtle">
          <TokenHint value={value} />
          <EnvironmentBadge value={value} />
        </span>
        {value.external_id && (
          <span className="block truncate text-sm text-kumo-subtle" title={value.external_id}>
            {value.external_id}
          </span>
        )}
        <div className="mt-1 text-sm text-kumo-subtle xl:hidden">
          <ScopesHint value={value} />
          <ExpiryText value={value} />
        </div>
      </td>
      <td className={wide}>
        <ScopesHint value={value} />
      </td>
      <td className={wide}>
        <RelativeTime time={value.created_at} />
        <span className="block max-w-48 text-sm break-words text-kumo-subtle">
          by <CreatorName value={value} />
        </span>
      </td>
      <td className={wide}>
        <LastUsed value={value} />
        <WeekOfUse id={value.id} />
      </td>
      <td className={wide}>
        <Expires value={value} />
      </td>
      <td>
        <StatusBadge value={value} />
      </td>
      <td className="w-10 text-right">
        <KeyMenu value={value} />
      </td>
    </Table.Row>
  )
}
