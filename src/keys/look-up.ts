// Looks up the record of a digest, never older than the last change that was answered with 200: from memory or KV
// where the isolate's view of its fence accepts it, else where the fence itself does, else from D1.
import type { FenceAnswer } from '../coherence/fence.ts'
import type { NearestFence } from '../coherence/fences.ts'
import {
  type FenceView,
  isExact,
  type Question,
  requiredByAnswer,
  requiredSeqOf,
} from '../coherence/view.ts'
import type { KeyRecord } from '../core/record.ts'
import { type KeyCache, refreshAfterMs } from '../storage/key-cache.ts'
import type { KeyReader } from '../storage/key-store.ts'
import type { Held, Memory } from '../storage/memory.ts'

export type LookUpStores = {
  memory: Memory
  view: FenceView
  fence: NearestFence
  cache: KeyCache
  keys: KeyReader
}

export type LookUpSettings = {
  leaseMs: number
  now(): number
  /** Work that the answer does not wait for (`ctx.waitUntil`). */
  waitUntil(work: Promise<unknown>): void
}

/** The store that answered, for logs and metrics. */
export type Tier = 'memory' | 'fence' | 'cache' | 'database'

export type LookUpResult = { record: KeyRecord | null; tier: Tier }

/** The record in memory, without I/O on the way to the answer; null when it may be out of date. */
export function recall(
  stores: Pick<LookUpStores, 'memory' | 'view' | 'fence'>,
  settings: LookUpSettings,
  digest: string,
): KeyRecord | null {
  const held = stores.memory.get(digest)
  if (held === null) return null
  const now = settings.now()
  const view = stores.view.running(now, settings.leaseMs)
  if (view !== null && held.record.asOf >= requiredSeqOf(view, digest, held.record)) {
    renewInTime(stores, settings, now)
    return held.record
  }
  return isWithinLease(held, now, settings.leaseMs) ? held.record : null
}

/** What D1 answered stands by itself for a lease. */
function isWithinLease(held: Held, now: number, leaseMs: number): boolean {
  // The clock was set back: the lease must not run again when that time comes.
  if (held.readAt !== null && held.readAt > now) held.readAt = null
  return held.readAt !== null && now < held.readAt + leaseMs
}

/** Renews a running view behind the answer. The fence is opened only then: most verifications need none. */
function renewInTime(
  stores: Pick<LookUpStores, 'view' | 'fence'>,
  { leaseMs, waitUntil }: LookUpSettings,
  now: number,
): void {
  if (!stores.view.isDue(now, leaseMs)) return
  waitUntil(ask(stores, stores.view.question(now), null))
}

async function ask(
  { view, fence }: Pick<LookUpStores, 'view' | 'fence'>,
  question: Question,
  digest: string | null,
): Promise<FenceAnswer | null> {
  const answer = await fence.ask(question.since, digest)
  if (answer !== null) view.learn(question, answer)
  return answer
}

/**
 * The record, at least as fresh as the nearest fence requires; `record: null` when no key has the digest.
 * @param fresh asks the fence even where the view is running.
 * @throws StoreUnavailable when D1 does not answer, and neither memory nor KV has a record that the fence accepts.
 */
export async function lookUp(
  stores: LookUpStores,
  settings: LookUpSettings,
  digest: string,
  { fresh = false }: { fresh?: boolean } = {},
): Promise<LookUpResult> {
  const now = settings.now()
  const held = stores.memory.get(digest)
  const view = held === null && !fresh ? stores.view.running(now, settings.leaseMs) : null
  if (view !== null && isExact(view, digest)) {
    renewInTime(stores, settings, now)
    const found = await stores.cache.get(digest)
    if (found !== null && found.record.asOf >= requiredSeqOf(view, digest, found.record)) {
      return accept(stores, settings, digest, found)
    }
    return readDatabase(stores, settings, digest)
  }
  return lookUpAsking(stores, settings, digest, held)
}

async function lookUpAsking(
  stores: LookUpStores,
  settings: LookUpSettings,
  digest: string,
  held: Held | null,
): Promise<LookUpResult> {
  const { memory, cache } = stores
  const question = stores.view.question(settings.now())
  const [answer, candidate] = await Promise.all([
    ask(stores, question, digest),
    held === null ? cache.get(digest) : null,
  ])
  const isFresh = ({ record }: { record: KeyRecord }) =>
    answer !== null && record.asOf >= requiredByAnswer(answer, question, record)
  if (held !== null && isFresh(held)) {
    memory.keep(digest, { record: held.record, readAt: null })
    return { record: held.record, tier: 'fence' }
  }
  if (candidate !== null && isFresh(candidate)) return accept(stores, settings, digest, candidate)
  try {
    return await readDatabase(stores, settings, digest)
  } catch (unavailable) {
    // KV was not read when memory had a record, which was too old.
    const other = held === null ? null : await cache.get(digest)
    if (other === null || !isFresh(other)) throw unavailable
    return accept(stores, settings, digest, other)
  }
}

/** Keeps a record of KV, and rewrites its entry there in good time. */
function accept(
  stores: LookUpStores,
  settings: LookUpSettings,
  digest: string,
  { record, cachedAt }: { record: KeyRecord; cachedAt: number },
): LookUpResult {
  stores.memory.keep(digest, { record, readAt: null })
  if (settings.now() - cachedAt > refreshAfterMs) {
    settings.waitUntil(refresh(stores, settings, digest))
  }
  return { record, tier: 'cache' }
}

async function readDatabase(
  { memory, cache, keys }: LookUpStores,
  { now, waitUntil }: LookUpSettings,
  digest: string,
): Promise<LookUpResult> {
  const readAt = now()
  const record = await keys.read(digest)
  // Absence is not cached: a key issued a moment later must work at once.
  if (record !== null) {
    memory.keep(digest, { record, readAt })
    waitUntil(cache.put(digest, record, readAt))
  }
  return { record, tier: 'database' }
}

/** Rewrites the cache entry before it expires, so that KV has it when D1 is down. */
async function refresh(
  { cache, keys }: LookUpStores,
  { now }: LookUpSettings,
  digest: string,
): Promise<void> {
  const record = await keys.read(digest).catch(() => null)
  if (record !== null) await cache.put(digest, record, now())
}
