// Key records in the memory of an isolate, each with the start of its lease. The least recently used leaves first.
import type { KeyRecord } from '../core/record.ts'

/** `from`: when the lookup that returned this record began (ms): its lease runs from there. */
export type Held = { record: KeyRecord; from: number }

export type Memory = {
  get(digest: string): Held | null
  /** Keeps a record with its lease, unless a newer record is held. */
  keep(digest: string, held: Held): void
  forget(digest: string): void
}

export function createMemory(capacity = 10_000): Memory {
  // A Map iterates in insertion order, and get() inserts again: the first entry is the least recently used.
  const entries = new Map<string, Held>()
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
      entries.delete(digest)
      entries.set(digest, held)
      if (entries.size <= capacity) return
      const [oldest] = entries.keys()
      if (oldest !== undefined) entries.delete(oldest)
    },
    forget(digest) {
      entries.delete(digest)
    },
  }
}

/** With equal `asOf`, the record of the later lookup has the longer lease. */
function isNewer(present: Held, other: Held): boolean {
  if (present.record.asOf !== other.record.asOf) return present.record.asOf > other.record.asOf
  return present.from > other.from
}
