// Rate limits by the generic cell rate algorithm (ITU-T I.371, in its form as a leaky bucket). Limit n
// in w seconds means: n at once, then one each w/n seconds, so that no span of t seconds ever lets more
// than n + t·n/w pass. All numbers are whole, so it is exact. No I/O, no clock.

import type { Window, WindowStatus } from '../core/limits.ts'

/**
 * How full a window was at a time. One request fills `windowMs` units, a millisecond drains `limit` of
 * them, `limit * windowMs` is full: with the bounds above always below 2^53.
 */
export type Bucket = { level: number; limit: number; atMs: number }

/** Windows of one name but another length count apart: a change of length begins at nothing used. */
export function bucketName({ name, windowSeconds }: Window): string {
  return `${windowSeconds}/${name}`
}

/** How full a window is at a time, from how full it was. */
export function bucketAt(held: Bucket | undefined, { limit }: Window, nowMs: number): Bucket {
  if (held === undefined) return { level: 0, limit, atMs: nowMs }
  // A clock that was set back drains nothing.
  const elapsedMs = Math.max(0, nowMs - held.atMs)
  const drained = Math.max(0, held.level - elapsedMs * held.limit)
  // Another limit than before: the time until it is empty stays, rounded against the client.
  const level = limit === held.limit ? drained : Math.ceil((drained / held.limit) * limit)
  return { level, limit, atMs: Math.max(held.atMs, nowMs) }
}

/** Whether nothing of what filled it is left. */
export function isDrained({ level, limit, atMs }: Bucket, nowMs: number): boolean {
  return level <= (nowMs - atMs) * limit
}

/** Whether the window has no room for one more request. */
export function isFull(window: Window, { level }: Bucket): boolean {
  return level + millisecondsOf(window) > capacityOf(window)
}

/** The filling after one more request. */
export function withRequest(window: Window, filling: Bucket): Bucket {
  return { ...filling, level: filling.level + millisecondsOf(window) }
}

/** What is left. In a full window `resetSeconds` is when the next request passes, to the second above. */
export function reportOf(window: Window, { level }: Bucket): WindowStatus {
  const each = millisecondsOf(window)
  const remaining = Math.max(0, Math.floor((capacityOf(window) - level) / each))
  const levelOfOneMore = capacityOf(window) - (remaining + 1) * each
  const untilMs = Math.ceil(Math.max(0, level - levelOfOneMore) / window.limit)
  const { name, limit, windowSeconds } = window
  const resetSeconds = level === 0 ? 0 : Math.ceil(untilMs / 1000)
  return { name, limit, windowSeconds, remaining, resetSeconds }
}

function millisecondsOf({ windowSeconds }: Window): number {
  return windowSeconds * 1000
}

function capacityOf(window: Window): number {
  return window.limit * millisecondsOf(window)
}
