// KV as a cache of records. It may return any value that it ever held, so a record from here counts only as far as
// its `asOf`. A failure is a miss, never an error.

import { type KeyRecord, readRecord, writeRecord } from '../core/record.ts'
import type { ReportOutage } from '../log.ts'
import { within } from './unavailable.ts'

/** `cachedAt`: the time that `put` was given with the record (ms). */
export type CachedRecord = { record: KeyRecord; cachedAt: number }

export type KeyCache = {
  get(digest: string): Promise<CachedRecord | null>
  put(digest: string, record: KeyRecord, nowMs: number): Promise<void>
  purge(digest: string): Promise<void>
}

const lifetimeSeconds = 7 * 24 * 60 * 60
/** Older entries are refreshed from D1 after the answer, so that KV still has them during an outage of D1. */
export const refreshAfterMs = (lifetimeSeconds * 1000) / 2
const timeoutMs = 500
// It may be long: the fence decides which records are too old.
export const edgeCacheSeconds = 60 * 60

export function createKeyCache(kv: KVNamespace, reportOutage: ReportOutage = () => {}): KeyCache {
  return {
    async get(digest) {
      const options = { type: 'json', cacheTtl: edgeCacheSeconds } as const
      const reading = kv.get<{ at: number }>(name(digest), options)
      const value = await within('KV', timeoutMs, reading).catch((cause) => {
        reportOutage('KV', cause)
        return null
      })
      const record = readRecord(value)
      return value === null || record === null ? null : { record, cachedAt: value.at }
    },
    async put(digest, record, nowMs) {
      const text = writeRecord(record, nowMs)
      // KV takes one write per second and key, and throws beyond that: another reader has just written it.
      const put = kv.put(name(digest), text, { expirationTtl: lifetimeSeconds })
      await within('KV', timeoutMs, put).catch(() => {})
    },
    async purge(digest) {
      // A change awaits the purge, so it needs a timeout.
      await within('KV', timeoutMs, kv.delete(name(digest))).catch(() => {})
    },
  }
}

function name(digest: string): string {
  return `key/${digest}`
}
