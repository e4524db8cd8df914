import { Badge } from '@cloudflare/kumo/components/badge'
import { Table } from '@cloudflare/kumo/components/table'
import { Link } from 'wouter'
import { numberText } from '../ui/number-text.ts'
import { TableHead } from '../ui/table-head.tsx'
import { dateOf } from '../ui/time.tsx'
import { AccountBadge } from './account-status.tsx'
import type { Account } from './api.ts'

const wide = 'hidden md:table-cell'
const number = `${wide} text-right tabular-nums`
const columns = [
  'Name',
  { name: 'API keys', className: number },
  { name: 'Members', className: number },
  { name: 'Created', className: wide },
  'Status',
]

export function AccountTable({ accounts }: { accounts: readonly Account[] }) {
  return (
    <Table>
      <TableHead columns={columns} />
      <Table.Body>
        {accounts.map((account) => (
          <AccountRow key={account.id} value={account} />
        ))}
      </Table.Body>
    </Table>
  )
}

function AccountRow({ value }: { value: Account }) {
  const { id, name, counts, created_at, status, is_platform, has_owner } = value
  return (
    <Table.Row>
      <Table.Cell className="w-full max-w-0 md:w-1/2">
        <span className="flex items-center gap-2">
          <Link
            href={`/accounts/${id}`}
            className="block min-w-0 truncate font-medium text-kumo-default hover:underline"
          >
            {name}
          </Link>
          {is_platform && <Badge variant="neutral">Platform</Badge>}
        </span>
        {!has_owner && <span className="block text-sm text-kumo-subtle">No owner yet</span>}
      </Table.Cell>
      <Table.Cell className={number}>{numberText(counts.keys)}</Table.Cell>
      <Table.Cell className={number}>{numberText(counts.members)}</Table.Cell>
      <Table.Cell className={`${wide} whitespace-nowrap`}>{dateOf(created_at)}</Table.Cell>
      <Table.Cell>
        <AccountBadge status={status} />
      </Table.Cell>
    </Table.Row>
  )
}
