// What a request of one credit would get, from what a meter has left: it consumes nothing. `decideConsumption` decides
// the same (test/worker/foresee.test.ts).
import type { LimitsRemaining, MeterTerms } from '../core/limits.ts'
import { secondsUntilCovered } from './credits.ts'

export type Foreseen =
  | { code: 'valid' }
  | { code: 'rate_limited'; retryAfterSeconds: number }
  /** `retryAfterSeconds` is null when no refill will ever cover the credit. */
  | { code: 'credits_exhausted'; retryAfterSeconds: number | null }

export function foresee(left: LimitsRemaining, terms: MeterTerms, nowMs: number): Foreseen {
  const full = left.windows.filter(({ remaining }) => remaining === 0)
  const waitSeconds = Math.max(0, ...full.map(({ resetSeconds }) => resetSeconds))
  if (terms.credits !== null && (left.credits ?? 0) < 1) {
    const seconds = secondsUntilCovered(terms.credits, 1, nowMs)
    const retryAfterSeconds = seconds === null ? null : Math.max(seconds, waitSeconds)
    return { code: 'credits_exhausted', retryAfterSeconds }
  }
  if (full.length === 0) return { code: 'valid' }
  return { code: 'rate_limited', retryAfterSeconds: waitSeconds }
}
