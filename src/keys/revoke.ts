// Revokes keys, permanently.
import { auditEntry, type Caller } from '../core/audit.ts'
import type { Precondition } from '../core/etag.ts'
import type { VerdictConfig } from '../core/verdict.ts'
import { reachOf } from '../storage/key-reach.ts'
import type { Selection } from '../storage/key-selection.ts'
import {
  type ChangeResult,
  type ChangeSettings,
  type ChangeStores,
  changeMany,
  changeOne,
  type Progress,
} from './change.ts'
import { refuseVersion } from './if-match.ts'
import { refuseUntouchable } from './powers.ts'
import type { Refusal } from './refusal.ts'

/**
 * Revokes one key. Repeated, it only waits until the revocation is in force.
 * @param readIfMatch which version is meant; not asked of a revoked key.
 * @throws StoreUnavailable when D1 does not answer; the key may then be revoked.
 */
export function revokeKey(
  stores: ChangeStores,
  settings: ChangeSettings & { config: VerdictConfig },
  caller: Caller,
  id: string,
  readIfMatch: () => Precondition | null = () => null,
): Promise<ChangeResult<Refusal>> {
  const target = { accountId: caller.actor.accountId, id }
  return changeOne(stores, settings, target, (key) => {
    const refused = refuseUntouchable(caller, key, settings)
    if (refused !== null) return { refused }
    // Whatever version was meant: it is revoked.
    if (key.revokedAt !== null) return null
    const other = refuseVersion(readIfMatch(), key)
    return other === null ? revocation(caller, settings, {}) : { refused: other }
  })
}

/**
 * Revokes the key that is the caller, and the keys that it was rotated to with its own token. Repeated, it only waits.
 * @param ids of all of them.
 */
export async function revokeOwn(
  stores: ChangeStores,
  settings: ChangeSettings,
  caller: Caller,
  ids: readonly string[],
): Promise<Progress> {
  const { accountId } = caller.actor
  const plan = revocation(caller, settings, {})
  return (await changeMany(stores, settings, accountId, { by: 'ids', ids }, plan)).progress
}

/** Revokes every key of the caller's account that the selection matches and that the caller may change. */
export function revokeKeys(
  stores: ChangeStores,
  settings: ChangeSettings & { config: VerdictConfig },
  caller: Caller,
  selection: Exclude<Selection, { by: 'version' }>,
): Promise<{ count: number; progress: Progress }> {
  const { actor } = caller
  const reach = reachOf(actor, settings.config, settings.clock.now())
  const plan = { ...revocation(caller, settings, { selection: selection.by }), reach }
  return changeMany(stores, settings, actor.accountId, selection, plan)
}

function revocation(
  caller: Caller,
  { clock }: Pick<ChangeSettings, 'clock'>,
  detail: Record<string, unknown>,
) {
  const patch = { revokedAt: clock.now(), revokedBy: caller.actor.id }
  return { patch, audit: auditEntry(caller, 'key.revoked', detail) }
}
