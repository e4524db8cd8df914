// The retry schedule that Standard Webhooks recommends.

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** Waits between ten attempts, the first at once: 75 hours 35 minutes in all. */
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

/** The wait after a failed attempt (counted from 1); null after the last. */
export function waitAfter(attempt: number, type: string): number | null {
  // A `ping` is not retried: the person who sent it waits for the outcome.
  return type === 'ping' ? null : (waitsMs[attempt - 1] ?? null)
}
