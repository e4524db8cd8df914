// The status of a key as it is shown, and what it allows.
import type { Key } from '../session/types.ts'

export type Action = 'rotate' | 'disable' | 'revoke'

/** As it is now: the list may have been read before the key expired. */
export function statusNow({ status, expires_at }: Key, nowMs: number): Key['status'] {
  const isOver = status === 'active' && expires_at !== null && Date.parse(expires_at) <= nowMs
  return isOver ? 'expired' : status
}

const names = { active: 'Active', disabled: 'Disabled', expired: 'Expired', revoked: 'Revoked' }

export function statusName(key: Key, nowMs: number): string {
  const status = statusNow(key, nowMs)
  return status === 'active' && key.replaced_by !== null ? 'Rotated' : names[status]
}

export function actionsOf(key: Key, nowMs: number): Action[] {
  if (key.read_only) return []
  switch (statusNow(key, nowMs)) {
    case 'active':
      return key.replaced_by === null ? ['rotate', 'disable', 'revoke'] : ['disable', 'revoke']
    case 'disabled':
    case 'expired':
      return ['revoke']
    case 'revoked':
      return []
  }
}
