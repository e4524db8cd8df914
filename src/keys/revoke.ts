// Revokes keys, permanently.
import { auditEntry, type Caller } from '../core/audit.ts'
import type { Selection } from '../storage/key-changes.ts'
import {
  type ChangeResult,
  type ChangeSettings,
  type ChangeStores,
  changeMany,
  changeOne,
  type Progress,
} from './change.ts'

/**
 * Revokes one key. Repeated, it only waits until the revocation is in force.
 * @throws StoreUnavailable when D1 does not answer; the key may then be revoked.
 */
export function revokeKey(
  stores: ChangeStores,
  settings: ChangeSettings,
  caller: Caller,
  id: string,
): Promise<ChangeResult<never>> {
  const target = { accountId: caller.actor.accountId, id }
  return changeOne(stores, settings, target, (key) =>
    key.revokedAt === null ? revocation(caller, settings, {}) : null,
  )
}

/** Revokes every key of the caller's account that the selection matches. */
export function revokeKeys(
  stores: ChangeStores,
  settings: ChangeSettings,
  caller: Caller,
  selection: Exclude<Selection, { by: 'version' }>,
): Promise<{ count: number; progress: Progress }> {
  const plan = revocation(caller, settings, { selection: selection.by })
  return changeMany(stores, settings, caller.actor.accountId, selection, plan)
}

function revocation(
  caller: Caller,
  { clock }: Pick<ChangeSettings, 'clock'>,
  detail: Record<string, unknown>,
) {
  const patch = { revokedAt: clock.now(), revokedBy: caller.actor.id }
  return { patch, audit: auditEntry(caller, 'key.revoked', detail) }
}
