// An account's way out. Asked for, every key of it stops, in force everywhere before that is answered; for
// 14 days it can be taken back, and the keys go again as they were. Then the drainer deletes it.

import type { SettleSettings } from '../coherence/settle.ts'
import { type AuditEntry, auditEntry, type Caller } from '../core/audit.ts'
import {
  accountsToPurge,
  deleteAccount,
  dueAccounts,
  endWebhooks,
  purgeAccount,
  setClosing,
} from '../storage/account-store.ts'
import {
  type ChangeSettings,
  type ChangeStores,
  changeMany,
  type Progress,
  propagate,
} from './change.ts'

export const graceMs = 14 * 24 * 60 * 60 * 1000

export type ClosingStores = ChangeStores & { db: D1Database }

/**
 * Stops all keys of an account and sets when it is deleted. A trigger marks the keys as changed in the same
 * transaction; asked again, it only makes sure that this is in force.
 */
export async function closeAccount(
  stores: ClosingStores,
  settings: ChangeSettings,
  caller: Caller,
): Promise<Progress> {
  const now = settings.clock.now()
  const closesAt = now + graceMs
  const detail = { deleted_at: new Date(closesAt).toISOString() }
  const { accountId } = caller.actor
  const audit = auditEntry(caller, 'account.deletion_requested', detail)
  await setClosing(stores.db, accountId, closesAt, audit, now)
  return propagate(stores, settings, { accountId })
}

/** Takes it back: the keys go again as they were. */
export async function reopenAccount(
  stores: ClosingStores,
  settings: ChangeSettings,
  caller: Caller,
): Promise<Progress> {
  const { accountId } = caller.actor
  const audit = auditEntry(caller, 'account.deletion_cancelled', {})
  await setClosing(stores.db, accountId, null, audit, settings.clock.now())
  return propagate(stores, settings, { accountId })
}

/** Accounts that one run of the drainer deletes, and purges. */
const maxConcurrency = 5

/**
 * Deletes the accounts that are due, and some of what earlier ones left. A crash at any place is made good
 * by the next run: keys are revoked before their account goes, since nothing else would stop them then.
 */
export async function finishClosings(
  stores: ClosingStores,
  settings: SettleSettings,
): Promise<void> {
  const now = settings.clock.now()
  const patient = { ...settings, respondAsync: false, waitUntil: () => {} }
  for (const accountId of await dueAccounts(stores.db, now, maxConcurrency)) {
    await endWebhooks(stores.db, accountId)
    const revoked = await changeMany(stores, patient, accountId, { by: 'account' }, revocation(now))
    // A region that does not answer may hold a key's last good record: the next run asks again.
    if (revoked.progress.kind !== 'in_force') continue
    await deleteAccount(stores.db, accountId, bySystem('account.deleted'), now)
  }
  for (const accountId of await accountsToPurge(stores.db, maxConcurrency)) {
    await purgeAccount(stores.db, accountId, now)
  }
}

/** What names somebody goes in the same change, so that no reader caches it anew. */
function revocation(now: number) {
  const nameless = { name: '', keyPrefix: '', externalId: null, metadata: null, allowedIps: null }
  const patch = { ...nameless, createdBy: null, revokedAt: now, revokedBy: null }
  return { patch, audit: bySystem('key.revoked') }
}

function bySystem(action: string): AuditEntry {
  const detail = { reason: 'account_deleted' }
  return { action, actorKind: 'system', actorId: null, requestId: null, detail }
}
