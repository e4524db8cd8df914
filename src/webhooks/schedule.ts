// When an attempt that failed is made again: the schedule that Standard Webhooks recommends.

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** After the first attempt, made at once: ten in all, over 75 hours and some. */
const waitsMs = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
]

/** How long to wait after an attempt (from 1) that failed; null: that was the last. */
export function waitAfter(attempt: number, type: string): number | null {
  // A person who sends a test watches for its outcome.
  return type === 'ping' ? null : (waitsMs[attempt - 1] ?? null)
}
