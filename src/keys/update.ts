// Updates the attributes of a key. Only changed attributes are written, audited and checked as grants.
import { auditEntry, type Caller } from '../core/audit.ts'
import { changeDetail, changedFields } from '../core/changed-fields.ts'
import type { Precondition } from '../core/etag.ts'
import { creditTerms, validateChangedLimits } from '../core/limits.ts'
import type { ListedKey } from '../storage/key-store.ts'
import type { KeyEdits } from './attributes.ts'
import { type ChangeResult, type ChangeStores, changeOne, type Plan } from './change.ts'
import { refuseVersion } from './if-match.ts'
import type { KeySettings } from './mint.ts'
import { isUnusedMayGrant, isVisible, refuseChange } from './powers.ts'
import type { Refusal } from './refusal.ts'

/** @throws StoreUnavailable when D1 does not answer; the change may then be committed. */
export function updateKey(
  stores: ChangeStores,
  settings: KeySettings,
  caller: Caller,
  id: string,
  edits: KeyEdits,
  ifMatch: Precondition | null = null,
): Promise<ChangeResult<Refusal>> {
  const target = { accountId: caller.actor.accountId, id }
  return changeOne(stores, settings, target, (key): Plan | null | { refused: Refusal } => {
    if (!isVisible(caller.actor, key, settings) && !onlyDisables(edits)) {
      return { refused: { reason: 'hidden' } }
    }
    const other = refuseVersion(ifMatch, key)
    if (other !== null) return { refused: other }
    if (key.revokedAt !== null) return { refused: { reason: 'revoked' } }
    const patch = changedFields(key, withCreditTerms(key, edits, settings.clock.now()))
    if (Object.keys(patch).length === 0) return null
    if (patch.needsReview !== undefined && caller.actor.kind === 'key') {
      return { refused: { reason: 'grant', detail: 'Only people review keys.', actor: 'key' } }
    }
    const after = { ...key, ...patch } as ListedKey
    const error = validateChangedLimits(key, after, edits.credits)
    if (error !== null) return { refused: { reason: 'limits', error } }
    if (patch.mayGrant && isUnusedMayGrant(after)) return { refused: { reason: 'may_grant' } }
    const verdict = refuseChange(caller, key, after, settings)
    if ('refused' in verdict) return verdict
    const audit = auditEntry(caller, 'key.updated', changeDetail(key, patch))
    const { actor } = caller
    if (!verdict.isGrant || actor.kind === 'key') return { patch, audit }
    return { patch: { ...patch, grantedBy: actor.id }, audit }
  })
}

/** By id a managing key disables also what it may not read. */
function onlyDisables(edits: KeyEdits): boolean {
  const given = Object.entries(edits).filter(([, value]) => value !== undefined)
  return given.length === 1 && edits.disabled === true
}

/** The edits with the requested credits as terms, relative to the key's current terms. */
function withCreditTerms(key: ListedKey, { credits, ...edits }: KeyEdits, nowMs: number) {
  return { ...edits, credits: credits && creditTerms(key.credits, credits, nowMs) }
}
