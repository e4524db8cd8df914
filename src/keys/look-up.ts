// Looks up the record of a digest, never older than the last change that was answered with 200: from memory
// within its lease, from KV if the fence accepts it, else from D1.
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

/** The store that answered, for logs and metrics. */
export type Tier = 'memory' | 'fence' | 'cache' | 'database'

export type LookUpResult = { record: KeyRecord | null; tier: Tier }

/** The record in memory, without I/O; null when there is none or its lease has run out. */
export function recall(
  { memory }: Pick<LookUpStores, 'memory'>,
  { leaseMs, now }: Pick<LookUpSettings, 'leaseMs' | 'now'>,
  digest: string,
): KeyRecord | null {
  const held = memory.get(digest)
  if (held === null) return null
  const time = now()
  // A clock that was set back must not extend a lease.
  return held.from <= time && time < held.from + leaseMs ? held.record : null
}

/**
 * The record, at least as fresh as the nearest fence requires; `record: null` when no key has the digest.
 * @throws StoreUnavailable when D1 does not answer, and neither memory nor KV has a record that the fence
 * accepts.
 */
export async function lookUp(
  stores: LookUpStores,
  settings: LookUpSettings,
  digest: string,
): Promise<LookUpResult> {
  const { memory, fence, cache } = stores
  const held = memory.get(digest)
  // A lease starts at the request, not at the answer: the record may have changed in between.
  const requestedAt = settings.now()
  const [requiredSeq, candidate] = await Promise.all([
    fence.requiredSeq(digest),
    held === null ? cache.get(digest) : { record: held.record, cachedAt: requestedAt },
  ])
  if (isFresh(candidate, requiredSeq)) {
    memory.keep(digest, { record: candidate.record, from: requestedAt })
    if (requestedAt - candidate.cachedAt > refreshAfterMs) {
      settings.waitUntil(refresh(stores, settings, digest))
    }
    return { record: candidate.record, tier: held === null ? 'cache' : 'fence' }
  }
  try {
    return await readDatabase(stores, settings, digest)
  } catch (unavailable) {
    // KV was not read when memory had a record, which was too old.
    const other = held === null ? null : await cache.get(digest)
    if (!isFresh(other, requiredSeq)) throw unavailable
    memory.keep(digest, { record: other.record, from: requestedAt })
    return { record: other.record, tier: 'cache' }
  }
}

type Candidate = { record: KeyRecord; cachedAt: number }

function isFresh(candidate: Candidate | null, requiredSeq: number | null): candidate is Candidate {
  return requiredSeq !== null && candidate !== null && candidate.record.asOf >= requiredSeq
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
    memory.keep(digest, { record, from: readAt })
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
