// Rate limits by the generic cell rate algorithm, in its form as a continuous-state leaky bucket (ITU-T
// I.371). A limit of n in w seconds admits n at once and then one every w/n seconds: in any t seconds at
// most n + t·n/w requests. Integer arithmetic only, so it is exact.

import type { Window, WindowStatus } from '../core/limits.ts'

/**
 * The bucket of a window at `atMs`. A request adds the window's length in ms to `level`, each ms drains
 * `limit`, and the capacity is their product: below 2^53 for every window that a key may have.
 */
export type Bucket = { level: number; limit: number; atMs: number }

/** The length is part of the name: a window whose length changes starts with an empty bucket. */
export function bucketName({ name, windowSeconds }: Window): string {
  return `${windowSeconds}/${name}`
}

/** The bucket at a later time; empty when there was none. */
export function bucketAt(held: Bucket | undefined, { limit }: Window, nowMs: number): Bucket {
  if (held === undefined) return { level: 0, limit, atMs: nowMs }
  // A clock that was set back drains nothing.
  const elapsedMs = Math.max(0, nowMs - held.atMs)
  const drained = Math.max(0, held.level - elapsedMs * held.limit)
  // A changed limit keeps the time until the bucket is empty; rounding up never admits more.
  const level = limit === held.limit ? drained : Math.ceil((drained / held.limit) * limit)
  return { level, limit, atMs: Math.max(held.atMs, nowMs) }
}

export function isEmpty({ level, limit, atMs }: Bucket, nowMs: number): boolean {
  return level <= (nowMs - atMs) * limit
}

/** Whether one more request would exceed the capacity. */
export function isFull(window: Window, { level }: Bucket): boolean {
  return level + millisecondsOf(window) > capacityOf(window)
}

export function withRequest(window: Window, bucket: Bucket): Bucket {
  return { ...bucket, level: bucket.level + millisecondsOf(window) }
}

/** The bucket after requests that were admitted elsewhere: it may exceed its capacity, and then admits none until it has drained. */
export function withRequests(window: Window, bucket: Bucket, count: number): Bucket {
  const level = bucket.level + count * millisecondsOf(window)
  return { ...bucket, level: Math.min(level, Number.MAX_SAFE_INTEGER) }
}

/** In a full window, `resetSeconds` is the time until the next request is admitted, rounded up. */
export function statusOf(window: Window, { level }: Bucket): WindowStatus {
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
