// The commands that the soak sends to its Workers. Both sides import this file.

export const objects = ['FENCE', 'METER', 'USAGE_COUNTS', 'REQUEST_LOG'] as const
export type ObjectName = (typeof objects)[number]
export const stores = ['DB', 'KEY_CACHE', 'USAGE', ...objects] as const
export type StoreName = (typeof stores)[number]

/**
 * A call throws, hangs, is slow, or is executed although the caller gets an error (`lost`). `stale`: a read of
 * KV returns an old value, and a delete does nothing.
 */
export type FaultKind = 'throws' | 'hangs' | 'slow' | 'lost' | 'stale'

/** `share`: the share of calls that fail. */
export type Fault = { kind: FaultKind; share: number }
export type Faults = Partial<Record<StoreName, Fault>>

export type Command =
  | { command: 'faults'; faults: Faults; seed: number }
  /** The isolate loses its memory. */
  | { command: 'recycle' }
  /** The instance of an object is aborted while it serves calls. */
  | { command: 'evict'; object: ObjectName; name: string }
  /** Runs the reconciler, as cron does each minute. */
  | { command: 'reconcile' }
  | { command: 'count' }

/** Injected faults by store and kind: `{ 'DB hangs': 12 }`. */
export type FaultCounts = Record<string, number>

export function addCounts(total: FaultCounts, counts: FaultCounts): void {
  for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count
}

export const commandPath = '/__soak'
