import { Badge } from '@cloudflare/kumo/components/badge'
import type { KeyStatus } from './api.ts'

const badges = {
  active: { name: 'Active', variant: 'success' },
  expired: { name: 'Expired', variant: 'warning' },
  disabled: { name: 'Disabled', variant: 'neutral' },
  revoked: { name: 'Revoked', variant: 'error' },
} as const satisfies Record<KeyStatus, unknown>

export const statuses = Object.keys(badges) as KeyStatus[]
export const statusName = (status: KeyStatus) => badges[status].name

export function StatusBadge({ status }: { status: KeyStatus }) {
  const { name, variant } = badges[status]
  return (
    <Badge variant={variant} appearance="dot">
      {name}
    </Badge>
  )
}
