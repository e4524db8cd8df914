// How much a usage object holds, and for how long.
import { dayMs, hourMs } from './counts.ts'

export const minuteMs = 60 * 1000
export const bucketMs = 10 * 1000
const timeDigits = 12

/** The queue redelivers a message for at most 4 days. */
export const idLifetimeMs = 5 * dayMs
/** Ids are known for longer than they are accepted: the next instance's clock may be behind. */
export const forgetIdsAfterMs = idLifetimeMs + hourMs
export const tierLifetimeMs = 30 * dayMs
export const usageLifetimeMs = 400 * dayMs

export type UsageBounds = {
  /** How long counts wait for their fold (ms). */
  foldAfterMs: number
  /** Key days that are folded at once, without that wait. */
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
  foldAfterMs: 6 * hourMs,
  keyDays: 50_000,
  keyDaysHeld: 100_000,
  keyDaysOfTurn: 5_000,
  journalSize: 16_000_000,
  forgotten: 5_000,
}

/**
 * The bounds of one of several shards. Their first counts come at one moment: each folds at a time of its own in the last
 * hour of the wait, since D1 has one writer, which changes of keys wait for too.
 */
export function boundsOf({ index, shards }: { index: number; shards: number }): UsageBounds {
  return { ...usageBounds, foldAfterMs: usageBounds.foldAfterMs - (index / shards) * hourMs }
}

/** Ids are kept by the time in them, 10 s a row. */
export function bucketOf(timeMs: number): number {
  return Math.floor(timeMs / bucketMs)
}

/** NaN for an id without a time: it cannot be known for as long as it may be delivered. */
export function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, timeDigits), 16)
}
