// Why a caller may not issue, update or rotate a key.
import type { Actor } from '../core/actor.ts'
import type { Caller } from '../core/audit.ts'
import { type Grant, grantRefusal } from '../core/grant.ts'
import type { LimitsError } from '../core/limits.ts'
import { strongestRole } from '../core/role.ts'
import type { ListedKey } from '../storage/key-store.ts'
import type { KeySettings } from './mint.ts'

export type Refusal =
  | { reason: 'grant'; detail: string; actor: Actor['kind'] }
  | { reason: 'revoked' | 'expired' | 'disabled' | 'replaced' }
  | { reason: 'limits'; error: LimitsError }

/**
 * Checks the grant of scopes to a key.
 * @param key the key that receives them; absent: a new key, which inherits from the caller.
 * `currentScopes`: the scopes that it already has; keeping them is no grant.
 */
export function refuseGrant(
  { actor }: Caller,
  scopes: readonly string[] | null,
  { config }: Pick<KeySettings, 'config'>,
  key?: Pick<ListedKey, 'creatorRole'> & { currentScopes?: readonly string[] | null },
): Refusal | null {
  const ownRole = actor.kind === 'person' ? actor.role : null
  const inheritsFrom = key === undefined ? ownRole : strongestRole(key.creatorRole)
  const grant: Grant = { scopes, inheritsFrom, currentScopes: key?.currentScopes }
  const detail = grantRefusal(actor, grant, config)
  return detail === null ? null : { reason: 'grant', detail, actor: actor.kind }
}
