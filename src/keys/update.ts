// Updates the attributes of a key. Only changed attributes are written, audited and checked as grants.
import { auditEntry, type Caller } from '../core/audit.ts'
import { changedFields } from '../core/changed-fields.ts'
import { creditTerms, validateChangedLimits } from '../core/limits.ts'
import type { ListedKey } from '../storage/key-store.ts'
import type { KeyEdits } from './attributes.ts'
import { type ChangeResult, type ChangeStores, changeOne } from './change.ts'
import type { KeySettings } from './mint.ts'
import { type Refusal, refuseGrant } from './refusal.ts'

/** @throws StoreUnavailable when D1 does not answer; the change may then be committed. */
export function updateKey(
  stores: ChangeStores,
  settings: KeySettings,
  caller: Caller,
  id: string,
  edits: KeyEdits,
): Promise<ChangeResult<Refusal>> {
  return changeOne(stores, settings, { accountId: caller.actor.accountId, id }, (key) => {
    if (key.revokedAt !== null) return { refused: { reason: 'revoked' } }
    const patch = changedFields(key, withCreditTerms(key, edits, settings.clock.now()))
    if (Object.keys(patch).length === 0) return null
    const error = validateChangedLimits(key, { ...key, ...patch } as ListedKey, edits.credits)
    if (error !== null) return { refused: { reason: 'limits', error } }
    if (patch.scopes !== undefined) {
      const { creatorRole, scopes: currentScopes } = key
      const refused = refuseGrant(caller, patch.scopes, settings, { creatorRole, currentScopes })
      if (refused !== null) return { refused }
    }
    return { patch, audit: auditEntry(caller, 'key.updated', { changed: patch }) }
  })
}

/** The edits with the requested credits as terms, relative to the key's current terms. */
function withCreditTerms(key: ListedKey, { credits, ...edits }: KeyEdits, nowMs: number) {
  return { ...edits, credits: credits && creditTerms(key.credits, credits, nowMs) }
}
