// Credits of a key: a balance that a verification costs, that is refilled by the calendar and never
// falls below zero. No I/O, no clock.
import type { CreditTerms } from '../core/limits.ts'
import { lastRefill, nextRefill } from './calendar.ts'

/** The balance as it is held. `settledAt`: when it was set or last refilled. */
export type Balance = { credits: number; since: number; settledAt: number }

/** The balance at a time, from the one that was held. */
export function balanceAt(held: Balance | null, terms: CreditTerms, nowMs: number): Balance {
  const { credits, since, settledAt } = isSetAnew(held, terms) ? begin(terms) : held
  const { refill } = terms
  // Keys that share a balance may differ: one without a refill must not use up the others'.
  if (refill === null) return { credits, since, settledAt }
  const isDue = lastRefill(refill, nowMs) > Math.max(settledAt, refill.since)
  if (!isDue) return { credits, since, settledAt }
  return { credits: Math.max(credits, refill.amount), since, settledAt: nowMs }
}

/** Seconds until a refill makes the balance cover the cost; null when none ever does. */
export function secondsUntilCovered(
  { refill }: CreditTerms,
  cost: number,
  nowMs: number,
): number | null {
  if (refill === null || refill.amount < cost) return null
  return Math.ceil((nextRefill(refill, nowMs) - nowMs) / 1000)
}

function isSetAnew(held: Balance | null, { since }: CreditTerms): held is null {
  return held === null || since > held.since
}

function begin({ remaining, since }: CreditTerms): Balance {
  return { credits: remaining, since, settledAt: since }
}
