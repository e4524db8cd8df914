// Whose requests are the most: of keys, or of the external ids of keys.
import { Table } from '@cloudflare/kumo/components/table'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { AsOf } from '../ui/as-of.tsx'
import { Card } from '../ui/card.tsx'
import { numberText } from '../ui/number-text.ts'
import { EmptyText } from '../ui/paged-list.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { type Column, TableHead } from '../ui/table-head.tsx'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import { groupsQuery, type TimeRange, timeRanges } from '../usage/api.ts'
import { type Largest, largestOf, type Order, refusedOf } from './largest.ts'

const kinds = {
  key: {
    title: 'Top keys',
    noun: 'Key',
    loading: 'Loading top keys',
    param: 'keys_by',
    none: 'No requests',
  },
  external_id: {
    title: 'Top customers',
    noun: 'External ID',
    loading: 'Loading top customers',
    param: 'customers_by',
    none: 'No requests of keys with an external ID',
  },
} as const
type Kind = keyof typeof kinds

export function TopCard({ kind, range }: { kind: Kind; range: TimeRange }) {
  const { title, loading, param, none } = kinds[kind]
  const groups = useQuery(groupsQuery(range, kind))
  const [params] = useSearchParams()
  const by: Order = params.get(param) === 'refused' ? 'refused' : 'total'
  const { usage } = groups.data ?? {}
  const largest = usage && largestOf(usage.groups, usage.other, by)
  return (
    <Card
      title={title}
      description={
        <>
          {`Requests in ${timeRanges[range].text}. `}
          <AsOf query={groups} />
        </>
      }
      isFlush
    >
      <div className="p-4 empty:hidden">
        <QueryProblem query={groups} />
      </div>
      {groups.isPending && <ListSkeleton label={loading} />}
      {largest && (
        <div className={groups.isPlaceholderData ? 'opacity-60' : ''}>
          {largest.shown.length === 0 ? (
            <EmptyText>{`${none} in ${timeRanges[range].text}.`}</EmptyText>
          ) : (
            <TopTable kind={kind} largest={largest} by={by} />
          )}
        </div>
      )}
    </Card>
  )
}

const number = 'text-right tabular-nums whitespace-nowrap'

function TopTable({ kind, largest, by }: { kind: Kind; largest: Largest; by: Order }) {
  const { noun, param } = kinds[kind]
  const setParam = useSetSearchParam()
  const sortable = (name: string, order: Order): Column => ({
    name,
    className: number,
    sort: {
      current: order === by ? 'descending' : 'none',
      onPress: () => setParam(param, order === 'total' ? null : order),
    },
  })
  return (
    <Table>
      <TableHead columns={[noun, sortable('Requests', 'total'), sortable('Refused', 'refused')]} />
      <Table.Body>
        {largest.shown.map((group) => (
          <Table.Row key={group.value}>
            <Table.Cell className="w-full max-w-0">
              <GroupName kind={kind} group={group} />
            </Table.Cell>
            <Table.Cell className={number}>{numberText(group.total)}</Table.Cell>
            <Table.Cell className={number}>{numberText(refusedOf(group))}</Table.Cell>
          </Table.Row>
        ))}
        {largest.rest && (
          <Table.Row>
            <Table.Cell className="text-kumo-subtle">All others</Table.Cell>
            <Table.Cell className={number}>{numberText(largest.rest.total)}</Table.Cell>
            <Table.Cell className={number}>{numberText(largest.rest.refused)}</Table.Cell>
          </Table.Row>
        )}
      </Table.Body>
    </Table>
  )
}

type NameProps = { kind: Kind; group: Largest['shown'][number] }

function GroupName({ kind, group: { value, name } }: NameProps) {
  const query = new URLSearchParams({ external_id: value })
  const href = kind === 'key' ? `/keys/${value}` : `/keys?${query}`
  return (
    <Link href={href} className="block truncate font-medium text-kumo-default hover:underline">
      <bdi>{name ?? (kind === 'key' ? value.slice(0, 8) : value)}</bdi>
    </Link>
  )
}
