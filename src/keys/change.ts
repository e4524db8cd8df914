// The only way that a key changes: one batch in D1, the purge, and the wait until the change is in
// force everywhere.

import { type SettleSettings, type SettleStores, settle } from '../coherence/settle.ts'
import type { AuditEntry } from '../core/audit.ts'
import type { KeyCache } from '../storage/key-cache.ts'
import type { Change, KeyChanges, KeyPatch, NewKey, Selection } from '../storage/key-changes.ts'
import type { ListedKey } from '../storage/key-store.ts'
import type { Memory } from '../storage/memory.ts'

export type ChangeStores = SettleStores & {
  changes: KeyChanges
  cache: Pick<KeyCache, 'purge'>
  memory: Pick<Memory, 'forget'>
  find(accountId: string, id: string): Promise<ListedKey | null>
}

export type ChangeSettings = SettleSettings & {
  /** The client asked not to wait (`Prefer: respond-async`). */
  respondAsync: boolean
  waitUntil(work: Promise<unknown>): void
}

/** How far a committed change has come. */
export type Progress =
  | { kind: 'in_force' }
  /** Committed and on its way: in force everywhere at this time (ms) unless a region does not answer. */
  | { kind: 'accepted'; effectiveAt: number }
  /** In force but for these regions; the drainer brings them home. */
  | { kind: 'pending'; regions: string[] }

/** What is to be done to a key, seen as it is now. */
export type Plan = {
  patch: KeyPatch
  successor?: NewKey
  audit: AuditEntry
}

/** `plan` answers with a refusal of its own type, with null when nothing is left to do, or a plan. */
export type Planner<Refusal> = (key: ListedKey) => Plan | null | { refused: Refusal }

export type ChangeResult<Refusal> =
  | { kind: 'not_found' }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'contended' }
  | { kind: 'done'; progress: Progress }

const maxAttempts = 5

/** Changes one key, read as it is and written only if it still is so. */
export async function changeOne<Refusal>(
  stores: ChangeStores,
  settings: ChangeSettings,
  target: { accountId: string; id: string },
  planner: Planner<Refusal>,
): Promise<ChangeResult<Refusal>> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const key = await stores.find(target.accountId, target.id)
    if (key === null) return { kind: 'not_found' }
    const plan = planner(key)
    if (plan !== null && 'refused' in plan) return { kind: 'refused', refusal: plan.refused }
    // Asked again: an earlier answer may have been lost before the change was in force.
    if (plan === null)
      return { kind: 'done', progress: await propagate(stores, settings, [key.digest]) }
    const selection = { by: 'version', id: key.id, seq: key.seq } as const
    const changed = await commit(stores, settings, { ...plan, ...target, selection })
    if (changed.length > 0) {
      return { kind: 'done', progress: await propagate(stores, settings, changed) }
    }
  }
  return { kind: 'contended' }
}

/** Changes all keys that a selection meets, in one batch, and waits once for all of them. */
export async function changeMany(
  stores: ChangeStores,
  settings: ChangeSettings,
  accountId: string,
  selection: Exclude<Selection, { by: 'version' }>,
  plan: Omit<Plan, 'successor'>,
): Promise<{ count: number; progress: Progress }> {
  const changed = await commit(stores, settings, { ...plan, accountId, selection })
  // All of the account: what an earlier, lost answer did to some of them may not be in force yet.
  return { count: changed.length, progress: await propagate(stores, settings, { accountId }) }
}

async function commit(
  { changes, cache, memory }: ChangeStores,
  { clock }: ChangeSettings,
  change: Omit<Change, 'nowMs'>,
): Promise<string[]> {
  const digests = await changes.commit({ ...change, nowMs: clock.now() })
  // The purge saves the next reader a comparison and a miss. Nothing rests on it.
  for (const digest of digests) memory.forget(digest)
  await Promise.all(digests.slice(0, maxPurges).map((digest) => cache.purge(digest)))
  return digests
}

// A request of a Worker may make 1,000 calls to KV; what is left over is refused by the fences.
const maxPurges = 500

/** Settles now, or in the background for a client that does not wait. */
export async function propagate(
  stores: SettleStores,
  settings: ChangeSettings,
  of: Parameters<typeof settle>[2],
): Promise<Progress> {
  const { respondAsync, waitUntil, leaseMs, marginMs, clock } = settings
  if (respondAsync) {
    waitUntil(settle(stores, settings, of))
    return { kind: 'accepted', effectiveAt: clock.now() + leaseMs + marginMs + usualRaiseMs }
  }
  const regions = await settle(stores, settings, of)
  return regions.length === 0 ? { kind: 'in_force' } : { kind: 'pending', regions }
}

// Time for the raises to travel around the world, beside the wait.
const usualRaiseMs = 2_000
