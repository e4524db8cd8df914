// The record of a digest, never older than the last change that was answered with 200: coherence as
// seen by a reader. Memory under a lease first, then KV measured against the fence, then D1.
import type { NearestFence } from '../coherence/fences.ts'
import type { KeyRecord } from '../core/record.ts'
import { type KeyCache, refreshAfterMs } from '../storage/key-cache.ts'
import type { KeyReader } from '../storage/key-store.ts'
import type { Memory } from '../storage/memory.ts'

export type LookUpStores = {
  memory: Memory
  fence: NearestFence
  cache: KeyCache
  keys: KeyReader
}

export type LookUpSettings = {
  leaseMs: number
  now(): number
  /** Work that the answer does not wait for (`ctx.afterwards`). */
  waitUntil(work: Promise<unknown>): void
}

/** Which tier answered: for the log and the tests that count. */
export type Tier = 'memory' | 'fence' | 'cache' | 'database'

export type LookUpResult = { record: KeyRecord | null; tier: Tier }

/** The record while its lease runs, without any I/O; null when somebody has to be asked. */
export function recall(
  { memory }: Pick<LookUpStores, 'memory'>,
  { leaseMs, now }: Pick<LookUpSettings, 'leaseMs' | 'now'>,
  digest: string,
): KeyRecord | null {
  const held = memory.get(digest)
  if (held === null) return null
  const time = now()
  // A clock that was set back must not make a lease longer.
  return held.from <= time && time < held.from + leaseMs ? held.record : null
}

/**
 * The record as good as the nearest fence asks for; `record: null` when no such key was ever stored.
 * @throws StoreUnavailable when neither fence and cache nor D1 can tell.
 */
export async function lookUp(
  stores: LookUpStores,
  settings: LookUpSettings,
  digest: string,
): Promise<LookUpResult> {
  const { memory, fence, cache } = stores
  const held = memory.get(digest)
  // A lease runs from the question: what was true then may have changed before the answer came.
  const askedAt = settings.now()
  const [requiredSeq, candidate] = await Promise.all([
    fence.requiredSeq(digest),
    held === null ? cache.get(digest) : { record: held.record, cachedAt: askedAt },
  ])
  if (isGoodEnough(candidate, requiredSeq)) {
    memory.keep(digest, { record: candidate.record, from: askedAt })
    if (askedAt - candidate.cachedAt > refreshAfterMs) {
      settings.waitUntil(refresh(stores, settings, digest))
    }
    return { record: candidate.record, tier: held === null ? 'cache' : 'fence' }
  }
  try {
    return await readDatabase(stores, settings, digest)
  } catch (unavailable) {
    // What memory held was too old, and so nobody has asked KV yet.
    const other = held === null ? null : await cache.get(digest)
    if (!isGoodEnough(other, requiredSeq)) throw unavailable
    memory.keep(digest, { record: other.record, from: askedAt })
    return { record: other.record, tier: 'cache' }
  }
}

type Candidate = { record: KeyRecord; cachedAt: number }

function isGoodEnough(
  candidate: Candidate | null,
  requiredSeq: number | null,
): candidate is Candidate {
  return requiredSeq !== null && candidate !== null && candidate.record.asOf >= requiredSeq
}

async function readDatabase(
  { memory, cache, keys }: LookUpStores,
  { now, waitUntil }: LookUpSettings,
  digest: string,
): Promise<LookUpResult> {
  const readAt = now()
  const record = await keys.read(digest)
  // Absence is not kept: a key made a moment later must work at once.
  if (record !== null) {
    memory.keep(digest, { record, from: readAt })
    waitUntil(cache.put(digest, record, readAt))
  }
  return { record, tier: 'database' }
}

/** Writes the cache entry anew before KV drops it, so that it is there when D1 is not. */
async function refresh(
  { cache, keys }: LookUpStores,
  { now }: LookUpSettings,
  digest: string,
): Promise<void> {
  const record = await keys.read(digest).catch(() => null)
  if (record !== null) await cache.put(digest, record, now())
}
