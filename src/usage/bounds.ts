// How much a usage object holds, and for how long.
import { dayMs, hourMs } from './counts.ts'

export const minuteMs = 60 * 1000
export const bucketMs = 10 * 1000
const timeDigits = 12

export const foldAfterMs = 6 * hourMs
/** Folded at once when there are more. */
export const maxKeyDays = 50_000
/** With more that cannot be folded, parts are refused, so that the queue keeps them. */
export const maxKeyDaysHeld = 2 * maxKeyDays
/** Characters of the journal above which it is rewritten, merged. */
export const maxJournalSize = 16_000_000
/** The queue redelivers a message for at most 4 days. */
export const idLifetimeMs = 5 * dayMs
/** Ids are known for longer than they are accepted: the next instance's clock may be behind. */
export const forgetIdsAfterMs = idLifetimeMs + hourMs
export const tierLifetimeMs = 30 * dayMs
export const usageLifetimeMs = 400 * dayMs
export const maxForgotten = 5_000

/** Ids are kept by the time in them, 10 s a row. */
export function bucketOf(timeMs: number): number {
  return Math.floor(timeMs / bucketMs)
}

/** @throws RangeError for an id without a time: it cannot be known for as long as it may be delivered. */
export function timeOf(id: string): number {
  const timeMs = Number.parseInt(id.slice(0, timeDigits), 16)
  if (Number.isSafeInteger(timeMs)) return timeMs
  throw new RangeError(`"${id}" does not begin with a time.`)
}
