// Closes accounts. Every key of a closing account stops, in force everywhere before the request is answered.
// Within 14 days the account can be reopened, and its keys work again; then the reconciler deletes it.

import type { SettleSettings } from '../coherence/settle.ts'
import { type AuditEntry, auditEntry, type Caller } from '../core/audit.ts'
import { writeTime } from '../core/time.ts'
import { tryEach } from '../log.ts'
import {
  accountsToPurge,
  deleteAccount,
  dueAccounts,
  endWebhooks,
  purgeAccount,
  setClosing,
} from '../storage/account-store.ts'
import type { UsageReader } from '../usage/reader.ts'
import {
  type ChangeSettings,
  type ChangeStores,
  changeMany,
  type Progress,
  propagate,
} from './change.ts'

/** From the request until the account is deleted. */
export const gracePeriodMs = 14 * 24 * 60 * 60 * 1000

export type ClosingStores = ChangeStores & { db: D1Database }

/**
 * Stops all keys of the caller's account and schedules its deletion. A trigger marks the keys as changed in
 * the same transaction. Repeated, it only waits until that is in force.
 */
export async function closeAccount(
  stores: ClosingStores,
  settings: ChangeSettings,
  caller: Caller,
): Promise<Progress> {
  const now = settings.clock.now()
  const closesAt = now + gracePeriodMs
  const detail = { deleted_at: writeTime(closesAt) }
  const { accountId } = caller.actor
  const audit = auditEntry(caller, 'account.deletion_requested', detail)
  await setClosing(stores.db, accountId, closesAt, audit, now)
  return propagate(stores, settings, { accountId })
}

/** Cancels the deletion: the keys work again. */
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

/** Accounts that one run deletes, and as many that it purges. */
const maxAccounts = 5

/**
 * Deletes the accounts that are due, and purges remaining rows of deleted ones. The next run completes a run
 * that crashed. Keys are revoked before their account is deleted: nothing else would stop them afterwards.
 */
export async function finishClosings(
  stores: ClosingStores & { usage: Pick<UsageReader, 'forget'> },
  settings: SettleSettings,
): Promise<void> {
  const now = settings.clock.now()
  const waiting = { ...settings, respondAsync: false }
  const finish = async (accountId: string) => {
    await endWebhooks(stores.db, accountId)
    const revoked = await changeMany(stores, waiting, accountId, { by: 'account' }, revocation(now))
    // A region that has not acknowledged may still accept the keys: the next run tries again.
    if (revoked.progress.kind !== 'in_force') return
    await deleteAccount(stores.db, accountId, bySystem('account.deleted'), now)
  }
  const due = await dueAccounts(stores.db, now, maxAccounts)
  try {
    const tasks = due.map((id) => [id, () => finish(id)] as const)
    await tryEach('closing_failed', 'account', tasks)
  } finally {
    const left = await accountsToPurge(stores.db, maxAccounts)
    const tasks = left.map((id) => [id, () => purge(stores, id, now)] as const)
    await tryEach('purge_failed', 'account', tasks)
  }
}

/** Rows of D1 go even while a usage object does not answer; the account is purged when both are gone. */
async function purge(
  { db, usage }: { db: D1Database; usage: Pick<UsageReader, 'forget'> },
  accountId: string,
  nowMs: number,
): Promise<void> {
  const [forgotten] = await Promise.allSettled([usage.forget(accountId, nowMs)])
  const isUsageForgotten = forgotten.status === 'fulfilled' && forgotten.value
  await purgeAccount(db, accountId, nowMs, { isUsageForgotten })
  if (forgotten.status === 'rejected') throw forgotten.reason
}

/** Removes personal data in the same change, so that no reader caches it again. */
function revocation(nowMs: number) {
  const erased = { name: '', keyPrefix: '', externalId: null, metadata: null, allowedIps: null }
  const grants = { mayGrant: null, madeBy: null, grantedBy: null, needsReview: false }
  const patch = { ...erased, ...grants, createdBy: null, revokedAt: nowMs, revokedBy: null }
  return { patch, audit: bySystem('key.revoked') }
}

function bySystem(action: string): AuditEntry {
  const detail = { reason: 'account_deleted' }
  return { action, actorKind: 'system', actorId: null, requestId: null, detail }
}
