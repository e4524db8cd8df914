// Changes, suspends, resumes and deletes accounts for the platform. Each is in force everywhere before it is answered: a trigger
// raises the group of the account.
import { type AuditEntry, auditEntry, type Caller } from '../core/audit.ts'
import { writeTime } from '../core/time.ts'
import {
  type AccountChanges,
  changeAccount,
  findPlatformAccount,
  resume,
  suspend,
} from '../storage/platform-accounts.ts'
import { type ChangeSettings, type Progress, propagate } from './change.ts'
import { type ClosingStores, gracePeriodMs } from './closing.ts'

/** An entry of the trail of an account, to which the platform does something. */
export function platformEntry(
  caller: Caller,
  accountId: string,
  action: string,
  detail: Record<string, unknown>,
): AuditEntry {
  const entry = auditEntry(caller, action, detail)
  return accountId === caller.actor.accountId ? entry : { ...entry, actorKind: 'platform' }
}

/** Renames the account, sets its quotas (`audit` says to what), or both. Records carry the name, and nothing of quotas. */
export async function reviseAccount(
  stores: ClosingStores,
  settings: ChangeSettings,
  audit: AuditEntry,
  accountId: string,
  changes: AccountChanges,
): Promise<Progress> {
  await changeAccount(stores.db, accountId, changes, audit, settings.clock.now())
  if (changes.name === undefined) return { kind: 'in_force' }
  return propagate(stores, settings, { accountId })
}

/** Every key of the account fails on its next request. Repeated, it only waits until that is in force. */
export async function suspendAccount(
  stores: ClosingStores,
  settings: ChangeSettings,
  caller: Caller,
  accountId: string,
): Promise<Progress> {
  const audit = platformEntry(caller, accountId, 'account.suspended', {})
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
  const audit = platformEntry(caller, accountId, 'account.resumed', {})
  await resume(stores.db, accountId, audit, settings.clock.now())
  return propagate(stores, settings, { accountId })
}

/** Suspends the account now and deletes it in 14 days; `resumeAccount` takes back what the platform scheduled. */
export async function deleteAccountLater(
  stores: ClosingStores,
  settings: ChangeSettings,
  caller: Caller,
  accountId: string,
): Promise<Progress> {
  const now = settings.clock.now()
  const before = await findPlatformAccount(stores.db, accountId)
  // One that its own owner scheduled earlier stays as it is.
  const closesAt = before?.closesAt ?? now + gracePeriodMs
  const detail = { deleted_at: writeTime(closesAt) }
  const audit = platformEntry(caller, accountId, 'account.deletion_requested', detail)
  await suspend(stores.db, accountId, closesAt, audit, now)
  return propagate(stores, settings, { accountId })
}
