// Records in this isolate's memory, each with the moment from which its lease runs. Least recently
// used out first.
import type { KeyRecord } from '../core/record.ts'

/** `from`: when the question was asked to which this record was the answer (ms). */
export type Held = { record: KeyRecord; from: number }

export type Memory = {
  get(digest: string): Held | null
  /** Keeps a record unless a newer one is held. A lease belongs to the record it came with. */
  keep(digest: string, held: Held): void
  forget(digest: string): void
}

export function createMemory(capacity = 10_000): Memory {
  // A Map remembers the order of insertion: the first key is the one longest unused.
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

/** Of two answers with the same `asOf`, the later question has the longer lease. */
function isNewer(present: Held, other: Held): boolean {
  if (present.record.asOf !== other.record.asOf) return present.record.asOf > other.record.asOf
  return present.from > other.from
}
