// How much a usage object holds, and for how long.
import { dayMs, hourMs } from './counts.ts'

export const minuteMs = 60 * 1000
export const bucketMs = 10 * 1000
const timeDigits = 12

export const foldAfterMs = 6 * hourMs
/** The queue redelivers a message for at most 4 days. */
export const idLifetimeMs = 5 * dayMs
/** Ids are known for longer than they are accepted: the next instance's clock may be behind. */
export const forgetIdsAfterMs = idLifetimeMs + hourMs
export const tierLifetimeMs = 30 * dayMs
export const usageLifetimeMs = 400 * dayMs

export type UsageBounds = {
  /** Key days that are folded at once, without waiting for six hours. */
  keyDays: number
  /** With more that cannot be folded, parts are refused: the queue keeps them, and memory does not overflow. */
  keyDaysHeld: number
  /** Key days of one turn of the fold: what else the object is asked waits for one. */
  keyDaysOfTurn: number
  /** Characters of the journal above which it is rewritten, merged. */
  journalSize: number
  /** Rows that one call of `forget` deletes. */
  forgotten: number
}

export const usageBounds: UsageBounds = {
  keyDays: 50_000,
  keyDaysHeld: 100_000,
  keyDaysOfTurn: 5_000,
  journalSize: 16_000_000,
  forgotten: 5_000,
}

/** Ids are kept by the time in them, 10 s a row. */
export function bucketOf(timeMs: number): number {
  return Math.floor(timeMs / bucketMs)
}

/** NaN for an id without a time: it cannot be known for as long as it may be delivered. */
export function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, timeDigits), 16)
}
