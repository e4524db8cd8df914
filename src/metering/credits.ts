// Credits of a key: a balance that a verification costs, that is refilled by the calendar and never
// falls below zero. No I/O, no clock.
import { lastRefill, nextRefill, type Schedule } from './calendar.ts'

/** Lifts the balance to `amount` at each refill; a higher balance (topped up) stays as it is. */
export type Refill = Schedule & { amount: number }

/**
 * What the key's record says of its credits. It travels with each call, so that a set is one change of
 * the key and needs no second store: whichever `since` is later counts, and begins with `remaining`.
 */
export type CreditTerms = {
  /** The balance that was set at `since`. */
  remaining: number
  /** When it was set (ms): of two sets the later one must have the greater. */
  since: number
  refill: Refill | null
}

/** The balance as it is held. `settledAt`: all refills up to then are in it. */
export type Balance = { credits: number; since: number; settledAt: number }

/** The balance at a time, from the one that was held. */
export function balanceAt(held: Balance | null, terms: CreditTerms, nowMs: number): Balance {
  const { credits, since, settledAt } = isSetAnew(held, terms) ? begin(terms) : held
  const { refill } = terms
  const isDue = refill !== null && lastRefill(refill, nowMs) > settledAt
  return {
    credits: isDue ? Math.max(credits, refill.amount) : credits,
    since,
    settledAt: Math.max(settledAt, nowMs),
  }
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
