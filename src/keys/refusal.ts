// Why a caller may not issue, update or rotate a key.
import type { Actor, PersonCredential } from '../core/actor.ts'
import type { LimitsError } from '../core/limits.ts'

/** Why a caller may not create a key with these powers now. */
export type GrantRefusal =
  | { reason: 'grant'; detail: string; actor: Actor['kind'] }
  /** What a key with a scope of the platform lacks. */
  | { reason: 'platform'; path: string; message: string }
  /** The person needs step-up. */
  | { reason: 'step_up'; credential: PersonCredential }

export type Refusal =
  | GrantRefusal
  /** The caller may not know of the key. */
  | { reason: 'hidden' }
  | { reason: 'revoked' | 'expired' | 'disabled' }
  | { reason: 'replaced'; replacedBy: string }
  /** No format mints keys of the environment of the key. */
  | { reason: 'environment'; environment: string }
  /** If-Match names another version. */
  | { reason: 'version' }
  | { reason: 'limits'; error: LimitsError }
  /** `may_grant` of a key that manages no keys. */
  | { reason: 'may_grant' }
  /** The managing key has made as many keys as it may. */
  | { reason: 'max_keys'; maxKeys: number }
