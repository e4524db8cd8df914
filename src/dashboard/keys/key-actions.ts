// The actions that the status of a key allows.
import type { Key } from './api.ts'
import { statusNow } from './shown-status.ts'

export type KeyAction = 'rotate' | 'disable' | 'enable' | 'revoke'

export function keyActions(key: Key, nowMs: number): KeyAction[] {
  switch (statusNow(key, nowMs)) {
    case 'active':
      return key.replaced_by === null ? ['rotate', 'disable', 'revoke'] : ['disable', 'revoke']
    case 'disabled':
      return ['enable', 'revoke']
    case 'expired':
      return ['revoke']
    case 'revoked':
      return []
  }
}

export const actionName: Record<KeyAction, string> = {
  rotate: 'Rotate',
  disable: 'Disable',
  enable: 'Enable',
  revoke: 'Revoke',
}
