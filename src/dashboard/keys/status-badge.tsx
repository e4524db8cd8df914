import { Badge } from '@cloudflare/kumo/components/badge'
import type { Key, KeyStatus } from '../api/queries.ts'

const faces = {
  active: { name: 'Active', variant: 'success' },
  expired: { name: 'Expired', variant: 'warning' },
  disabled: { name: 'Disabled', variant: 'neutral' },
  revoked: { name: 'Revoked', variant: 'error' },
} as const satisfies Record<KeyStatus, unknown>

export const statuses = Object.keys(faces) as KeyStatus[]
export const statusName = (status: KeyStatus) => faces[status].name

export function StatusBadge({ status }: { status: Key['status'] }) {
  const { name, variant } = faces[status]
  return (
    <Badge variant={variant} appearance="dot">
      {name}
    </Badge>
  )
}
