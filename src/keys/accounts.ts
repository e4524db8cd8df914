// Suspends, resumes and deletes accounts for the platform. Each is in force everywhere before it is answered: a trigger
// raises the group of the account.
import { type AuditEntry, auditEntry, type Caller } from '../core/audit.ts'
import { writeTime } from '../core/time.ts'
import { resume, suspend } from '../storage/platform-accounts.ts'
import { type ChangeSettings, type Progress, propagate } from './change.ts'
import { type ClosingStores, gracePeriodMs } from './closing.ts'

/** An entry of another account's trail, to which the platform does something. */
export function platformEntry(
  caller: Caller,
  action: string,
  detail: Record<string, unknown>,
): AuditEntry {
  return { ...auditEntry(caller, action, detail), actorKind: 'platform' }
}

/** Every key of the account fails on its next request. Repeated, it only waits until that is in force. */
export async function suspendAccount(
  stores: ClosingStores,
  settings: ChangeSettings,
  caller: Caller,
  accountId: string,
): Promise<Progress> {
  const audit = platformEntry(caller, 'account.suspended', {})
  await suspend(stores.db, accountId, null, audit, settings.clock.now())
  return propagate(stores, settings, { accountId })
}

/** The keys work again as before. */
export async function resumeAccount(
  stores: ClosingStores,
  settings: ChangeSettings,
  caller: Caller,
  accountId: string,
): Promise<Progress> {
  const audit = platformEntry(caller, 'account.resumed', {})
  await resume(stores.db, accountId, audit, settings.clock.now())
  return propagate(stores, settings, { accountId })
}

/** Suspends the account now and deletes it in 14 days; `resumeAccount` takes both back. */
export async function deleteAccountLater(
  stores: ClosingStores,
  settings: ChangeSettings,
  caller: Caller,
  accountId: string,
): Promise<Progress> {
  const now = settings.clock.now()
  const closesAt = now + gracePeriodMs
  const detail = { deleted_at: writeTime(closesAt) }
  const audit = platformEntry(caller, 'account.deletion_requested', detail)
  await suspend(stores.db, accountId, closesAt, audit, now)
  return propagate(stores, settings, { accountId })
}
