// One page of keys. On narrow screens, the details of a key are below its name.
import { Table } from '@cloudflare/kumo/components/table'
import { Link } from 'wouter'
import { actionsColumn, TableHead } from '../ui/table-head.tsx'
import { RelativeTime } from '../ui/time.tsx'
import type { Key } from './api.ts'
import { EnvironmentBadge } from './environment.tsx'
import { KeyMenu } from './key-menu.tsx'
import { CreatorName, Expires, expiryText, LastUsed, ScopesHint, TokenHint } from './key-values.tsx'
import { StatusBadge } from './status-badge.tsx'

const wide = 'hidden lg:table-cell'
const columns = [
  'Name',
  { name: 'Scopes', className: wide },
  { name: 'Created', className: wide },
  { name: 'Last used', className: wide },
  { name: 'Expires', className: wide },
  'Status',
  actionsColumn,
]

export function KeyTable({ keys }: { keys: readonly Key[] }) {
  return (
    <Table>
      <TableHead columns={columns} />
      <Table.Body>
        {keys.map((key) => (
          <KeyRow key={key.id} value={key} />
        ))}
      </Table.Body>
    </Table>
  )
}

function KeyRow({ value }: { value: Key }) {
  return (
    <Table.Row className={value.status === 'revoked' ? 'text-kumo-subtle' : ''}>
      <Table.Cell className="max-w-0 min-w-36 w-full lg:w-auto lg:max-w-64">
        <Link
          href={`/keys/${value.id}`}
          className="block truncate font-medium text-kumo-default hover:underline"
        >
          {value.name}
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
        <div className="mt-1 text-sm text-kumo-subtle lg:hidden">
          <ScopesHint value={value} />
          <div>{expiryText(value)}</div>
        </div>
      </Table.Cell>
      <Table.Cell className={wide}>
        <ScopesHint value={value} />
      </Table.Cell>
      <Table.Cell className={wide}>
        <RelativeTime time={value.created_at} />
        <span className="block text-sm whitespace-nowrap text-kumo-subtle">
          by <CreatorName value={value} />
        </span>
      </Table.Cell>
      <Table.Cell className={wide}>
        <LastUsed value={value} />
      </Table.Cell>
      <Table.Cell className={wide}>
        <Expires value={value} />
      </Table.Cell>
      <Table.Cell>
        <StatusBadge value={value} />
      </Table.Cell>
      <Table.Cell className="w-10 text-right">
        <KeyMenu value={value} />
      </Table.Cell>
    </Table.Row>
  )
}
