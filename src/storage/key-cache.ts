// KV as a cache of records: any value it ever held may come back, so it decides nothing. A cache that
// fails is a miss, never an error.
import type { ReportOutage } from '../core/log.ts'
import { type KeyRecord, readRecord, writeRecord } from '../core/record.ts'
import { within } from './unavailable.ts'

/** What the cache remembers of a key, and when it was told (ms). */
export type CachedRecord = { record: KeyRecord; cachedAt: number }

export type KeyCache = {
  get(digest: string): Promise<CachedRecord | null>
  put(digest: string, record: KeyRecord, nowMs: number): Promise<void>
  purge(digest: string): Promise<void>
}

const lifetimeSeconds = 7 * 24 * 60 * 60
/** Older entries are read from D1 once more after the answer, so that they are there when D1 is not. */
export const refreshAfterMs = (lifetimeSeconds * 1000) / 2
const limitMs = 500
// Freshness does not rest on it: the fence says what is too old.
export const edgeCacheSeconds = 60 * 60

export function createKeyCache(kv: KVNamespace, reportOutage: ReportOutage = () => {}): KeyCache {
  return {
    async get(digest) {
      const options = { type: 'json', cacheTtl: edgeCacheSeconds } as const
      const asked = kv.get<{ at: number }>(name(digest), options)
      const value = await within('KV', limitMs, asked).catch((cause) => {
        reportOutage('KV', cause)
        return null
      })
      const record = readRecord(value)
      return value === null || record === null ? null : { record, cachedAt: value.at }
    },
    async put(digest, record, nowMs) {
      const text = writeRecord(record, nowMs)
      // KV takes one write a second for a key and throws beyond; another reader wrote it then.
      const put = kv.put(name(digest), text, { expirationTtl: lifetimeSeconds })
      await within('KV', limitMs, put).catch(() => {})
    },
    async purge(digest) {
      // A change waits for it, and must not wait for ever.
      await within('KV', limitMs, kv.delete(name(digest))).catch(() => {})
    },
  }
}

function name(digest: string): string {
  return `key/${digest}`
}
