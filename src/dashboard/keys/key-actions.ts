// What may be done to a key in its state, and by whom.
import type { Key } from '../api/queries.ts'

export type KeyAction = 'rotate' | 'disable' | 'enable' | 'revoke'

export function actionsOn({ status, replaced_by }: Key): KeyAction[] {
  switch (status) {
    case 'active':
      return replaced_by === null ? ['rotate', 'disable', 'revoke'] : ['disable', 'revoke']
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
