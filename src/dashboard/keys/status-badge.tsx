import { Badge } from '@cloudflare/kumo/components/badge'
import { useSignedIn } from '../session/signed-in.tsx'
import { useNow } from '../ui/time.tsx'
import type { Key, KeyStatus } from './api.ts'
import { type ShownStatus, shownStatus } from './shown-status.ts'

const badges = {
  active: { name: 'Active', variant: 'success' },
  expired: { name: 'Expired', variant: 'warning' },
  disabled: { name: 'Disabled', variant: 'neutral' },
  revoked: { name: 'Revoked', variant: 'error' },
  suspended: { name: 'Suspended', variant: 'warning' },
  stopped: { name: 'Stopped', variant: 'warning' },
  rotated: { name: 'Rotated', variant: 'warning' },
} as const satisfies Record<ShownStatus, unknown>

/** Those that keys have by themselves, and lists are filtered by. */
export const statuses = ['active', 'expired', 'disabled', 'revoked'] as const satisfies KeyStatus[]
export const statusName = (status: KeyStatus) => badges[status].name

type Props = { value: Pick<Key, 'status' | 'expires_at' | 'replaced_by'> }

export function StatusBadge({ value }: Props) {
  const { standing } = useSignedIn()
  const { name, variant } = badges[shownStatus(value, standing, useNow())]
  return (
    <Badge variant={variant} appearance="dot">
      {name}
    </Badge>
  )
}
