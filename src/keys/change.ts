// The only way to change a key: one batch in D1 (of many keys: batch after batch), the purge of caches, and the wait
// until the change is in force everywhere.

import {
  type SettleSettings,
  type SettleStores,
  settle,
  settleRaises,
} from '../coherence/settle.ts'
import type { PortalCustomer } from '../core/actor.ts'
import type { AuditEntry } from '../core/audit.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import type { KeyCache } from '../storage/key-cache.ts'
import type { Change, Committed, KeyChanges, KeyPatch, NewKey } from '../storage/key-changes.ts'
import type { LimitedMaker, Selection } from '../storage/key-selection.ts'
import type { ListedKey } from '../storage/key-store.ts'
import type { Memory } from '../storage/memory.ts'
import type { Concerned } from '../storage/pending-raises.ts'

export type ChangeStores = SettleStores & {
  changes: KeyChanges
  cache: Pick<KeyCache, 'purge'>
  memory: Pick<Memory, 'forget'>
  find(accountId: string, id: string): Promise<ListedKey | null>
}

export type ChangeSettings = SettleSettings & {
  /** The client does not wait (`Prefer: respond-async`). */
  respondAsync: boolean
}

/** Where a committed change is in force. */
export type Progress =
  | { kind: 'in_force' }
  /** Committed, settling in the background: in force at this time (ms) unless a region does not answer. */
  | { kind: 'accepted'; effectiveAt: number }
  /** In force except in these regions, which the reconciler settles. */
  | { kind: 'pending'; regions: string[] }

/** What to write for a key. */
export type Plan = {
  patch: KeyPatch
  successor?: NewKey
  maker?: LimitedMaker
  /** Of a customer: changes nothing once their session has ended. */
  portal?: PortalCustomer
  /** null: of the canary, whose changes are no business of an account. */
  audit: AuditEntry | null
  /** Of a change with a successor, which is executed once. */
  request?: IdempotentRequest | null
}

/** Decides from the current key: a plan, null when the key is already as requested, or a refusal. */
export type Planner<Refusal> = (key: ListedKey) => Plan | null | { refused: Refusal }

export type ChangeResult<Refusal> = { kind: 'done'; progress: Progress } | NotDone<Refusal>

/** Why a change was not made. */
export type NotDone<Refusal> =
  | { kind: 'not_found' }
  | { kind: 'refused'; refusal: Refusal }
  /** Other changes of the key came first in every attempt. */
  | { kind: 'contended' }

const maxAttempts = 5

/**
 * Changes one key: reads it, plans, and writes only if it is unchanged since.
 * @throws StoreUnavailable when D1 does not answer; the change may then be committed.
 */
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
    // A repeated request settles too: the first one may have failed before the change was in force.
    if (plan === null) {
      const of = { accountId: target.accountId, digests: [key.digest] }
      return { kind: 'done', progress: await propagate(stores, settings, of) }
    }
    const selection = { by: 'version', id: key.id, seq: key.seq } as const
    const nowMs = settings.clock.now()
    const committed = await stores.changes.commit({ ...plan, ...target, selection, nowMs })
    if (committed.digests.length > 0) {
      return { kind: 'done', progress: await follow(stores, settings, committed) }
    }
  }
  return { kind: 'contended' }
}

/**
 * Changes all keys that the selection matches, batch after batch, and waits once for all of them. Each batch takes its
 * keys out of the selection, so that a repeated call goes on where a failed one ended; of an actor with bounds, it looks
 * through those beyond them again.
 * @returns `count`: the number of changed keys.
 * @throws StoreUnavailable when D1 does not answer; the change may then be committed, or a part of it.
 */
export async function changeMany(
  stores: ChangeStores,
  settings: ChangeSettings,
  accountId: string,
  selection: Exclude<Selection, { by: 'version' }>,
  plan: Omit<Plan, 'successor' | 'request'> & Pick<Change, 'reach' | 'mailsLeak'>,
): Promise<{ count: number; progress: Progress }> {
  const nowMs = settings.clock.now()
  const change = { ...plan, accountId, selection, nowMs }
  const purged: string[] = []
  let count = 0
  let committed: Committed
  let after: Committed['lookedTo'] = null
  do {
    committed = await stores.changes.commit({ ...change, after })
    after = committed.lookedTo ?? null
    count += committed.digests.length
    for (const digest of committed.digests) stores.memory.forget(digest)
    purged.push(...committed.digests.slice(0, maxPurges - purged.length))
  } while (committed.hasMore)
  // What is pending by the last answer is that of the whole account, and of every batch.
  const { pending } = committed
  return { count, progress: await follow(stores, settings, { digests: purged, pending }) }
}

/** Removes what was changed from the caches while it settles: that saves readers a miss and decides nothing. */
function follow(
  stores: ChangeStores,
  settings: ChangeSettings,
  { digests, pending }: Pick<Committed, 'digests' | 'pending'>,
): Promise<Progress> {
  for (const digest of digests) stores.memory.forget(digest)
  const purges = digests.map((digest) => stores.cache.purge(digest))
  const settling = settleRaises(stores, settings, pending)
  return progressOf(
    settings,
    Promise.all([settling, ...purges]).then(([regions]) => regions),
  )
}

// One invocation may make 1,000 calls to KV; entries that are not purged are stale by the fences' floors.
const maxPurges = 500

/** Settles before returning, or in the background when the client does not wait. */
export function propagate(
  stores: SettleStores,
  settings: ChangeSettings,
  of: Concerned,
): Promise<Progress> {
  return progressOf(settings, settle(stores, settings, of))
}

async function progressOf(
  { respondAsync, waitUntil, leaseMs, marginMs, clock }: ChangeSettings,
  settling: Promise<string[]>,
): Promise<Progress> {
  if (respondAsync) {
    waitUntil(settling)
    return { kind: 'accepted', effectiveAt: clock.now() + leaseMs + marginMs + usualRaiseMs }
  }
  const regions = await settling
  return regions.length === 0 ? { kind: 'in_force' } : { kind: 'pending', regions }
}

// Typical time for the raises to reach all regions, in addition to the wait.
const usualRaiseMs = 2_000
