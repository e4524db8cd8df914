// The credits of a key: a balance that verifications consume and refills lift; it never falls below zero.
import type { CreditTerms } from '../core/limits.ts'
import { lastRefill, nextRefill } from './calendar.ts'

/**
 * The stored balance. `since`: of the terms that set it (ms). `settledAt`: when it was set or last
 * refilled (ms).
 */
export type Balance = { credits: number; since: number; settledAt: number }

/** The balance at a time: set where the terms are newer than the stored one, refilled where due. */
export function balanceAt(held: Balance | null, terms: CreditTerms, nowMs: number): Balance {
  const { credits, since, settledAt } = isReset(held, terms) ? initial(terms) : held
  const { refill } = terms
  // Keys that share a balance may differ in their terms: one without a refill must not mark the refill
  // of another as done.
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

function isReset(held: Balance | null, { since }: CreditTerms): held is null {
  return held === null || since > held.since
}

function initial({ remaining, since }: CreditTerms): Balance {
  return { credits: remaining, since, settledAt: since }
}
