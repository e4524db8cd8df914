import { Badge } from '@cloudflare/kumo/components/badge'
import type { AccountStatus } from './api.ts'

const badges = {
  active: { name: 'Active', variant: 'success' },
  suspended: { name: 'Suspended', variant: 'warning' },
  closing: { name: 'Being deleted', variant: 'error' },
} as const satisfies Record<AccountStatus, unknown>

export const statuses = Object.keys(badges) as AccountStatus[]
export const statusName = (status: AccountStatus) => badges[status].name

export function AccountBadge({ status }: { status: AccountStatus }) {
  const { name, variant } = badges[status]
  return (
    <Badge variant={variant} appearance="dot">
      {name}
    </Badge>
  )
}
