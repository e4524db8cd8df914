// Why a caller may not issue, update or rotate a key.
import type { Actor } from '../core/actor.ts'
import type { LimitsError } from '../core/limits.ts'

export type Refusal =
  | { reason: 'grant'; detail: string; actor: Actor['kind'] }
  /** The caller may not know of the key. */
  | { reason: 'hidden' }
  | { reason: 'revoked' | 'expired' | 'disabled' }
  | { reason: 'replaced'; replacedBy: string }
  /** If-Match names another version. */
  | { reason: 'version' }
  | { reason: 'limits'; error: LimitsError }
  /** `may_grant` of a key that manages no keys. */
  | { reason: 'may_grant' }
  /** The managing key has made as many keys as it may. */
  | { reason: 'max_keys'; maxKeys: number }
