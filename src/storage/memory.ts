// Key records in the memory of an isolate. The least recently used leaves first.
import type { KeyRecord } from '../core/record.ts'

/** `readAt`: when the record was asked of D1 (ms), whose answer stands by itself for a lease; else null. */
export type Held = { record: KeyRecord; readAt: number | null }

export type Memory = {
  get(digest: string): Held | null
  /** Keeps a record, unless a newer one is held. */
  keep(digest: string, held: Held): void
  forget(digest: string): void
}

/** Of the 128 MB of an isolate. Bounded by size, since an account decides how large its records are. */
const defaultMaxBytes = 32 * 1024 * 1024

export function createMemory(maxBytes = defaultMaxBytes): Memory {
  // A Map iterates in insertion order, and get() inserts again: the first entry is the least recently used.
  const entries = new Map<string, Held>()
  let bytes = 0
  const drop = (digest: string) => {
    const held = entries.get(digest)
    if (held !== undefined && entries.delete(digest)) bytes -= sizeOf(held.record)
  }
  return {
    get(digest) {
      const held = entries.get(digest)
      if (held === undefined) return null
      entries.delete(digest)
      entries.set(digest, held)
      return held
    },
    keep(digest, held) {
      const present = entries.get(digest)
      if (present !== undefined && isNewer(present, held)) return
      drop(digest)
      entries.set(digest, held)
      bytes += sizeOf(held.record)
      for (const oldest of entries.keys()) {
        if (bytes <= maxBytes) return
        drop(oldest)
      }
    },
    forget: drop,
  }
}

/** Of equal records, one that D1 answered later stands longer. */
function isNewer(present: Held, other: Held): boolean {
  if (present.record.asOf !== other.record.asOf) return present.record.asOf > other.record.asOf
  return (present.readAt ?? 0) > (other.readAt ?? 0)
}

/** Objects, numbers, the digest and the entry of the Map: about half of what an ordinary record takes. */
const fixedBytes = 300
const headerBytes = 16

/** About what a record takes: text has up to two bytes a code unit. The same whenever it is computed. */
function sizeOf({ id, name, accountId, accountName, createdBy, ...record }: KeyRecord): number {
  const { externalId, metadata, scopes, allowedIps, limits } = record
  let bytes = fixedBytes
  const texts = [id, name, accountId, accountName, createdBy ?? '', externalId ?? '']
  for (const text of texts) bytes += sizeOfText(text)
  for (const text of scopes ?? []) bytes += sizeOfText(text)
  for (const text of allowedIps ?? []) bytes += sizeOfText(text)
  // Parsed, empty arrays take 7 bytes for each character of their text: more than anything else of JSON.
  if (metadata !== null) bytes += fixedBytes + 4 * sizeOfText(JSON.stringify(metadata))
  if (limits === null) return bytes
  bytes += fixedBytes + sizeOfText(limits.meter)
  for (const { name } of limits.terms.windows) bytes += fixedBytes / 2 + sizeOfText(name)
  return bytes
}

function sizeOfText(text: string): number {
  return headerBytes + 2 * text.length
}
