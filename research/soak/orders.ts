// What the soak tells its Workers, and what they tell it. Types alone: both sides import them.

export const stores = ['DB', 'KEY_CACHE', 'FENCE', 'USAGE'] as const
export type StoreName = (typeof stores)[number]

/**
 * What becomes of a call: it fails; it never ends; it comes late; it acts and then fails to say so; a read
 * of KV gives a value of before, and a delete does nothing.
 */
export type Way = 'throws' | 'hangs' | 'slow' | 'lost' | 'stale'
export const ways: readonly Way[] = ['throws', 'hangs', 'slow', 'lost', 'stale']

/** `share`: of the calls, those that are struck. */
export type Fault = { way: Way; share: number }
export type Faults = Partial<Record<StoreName, Fault>>

export type Order =
  | { order: 'faults'; faults: Faults; seed: number }
  /** The isolate forgets all that it remembers. */
  | { order: 'recycle' }
  /** The instance of a fence is thrown away in the midst of its work. */
  | { order: 'evict'; fence: string }
  /** What cron does each minute. */
  | { order: 'drain' }
  | { order: 'count' }

/** How often each store was struck in each way: `{ 'DB hangs': 12 }`. */
export type Strikes = Record<string, number>

export const orderPath = '/__soak'
