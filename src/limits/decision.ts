// Rate limits and credits decided together: either everything that a request takes is taken, or
// nothing is. No I/O, no clock.
import type { LimitsRemaining, MeterTerms, Window } from '../core/limits.ts'
import { type Balance, balanceAt, secondsUntilCovered } from './credits.ts'
import { type Bucket, bucketAt, bucketName, isFull, reportOf, withRequest } from './gcra.ts'

export type MeterState = {
  /** By `bucketName`. */
  fillings: ReadonlyMap<string, Bucket>
  balance: Balance | null
}

export type ConsumeResult = LimitsRemaining &
  (
    | { outcome: 'passed'; isRepeated: boolean }
    | { outcome: 'rate_limited'; retryAfterSeconds: number }
    /** `retryAfterSeconds` is null when no refill will ever cover the cost. */
    | { outcome: 'credits_exhausted'; retryAfterSeconds: number | null }
    /** The idempotency key was spent on another cost. */
    | { outcome: 'conflict' }
  )

export type ConsumptionDecision = {
  answer: ConsumeResult
  /** What to keep; null: nothing was taken. */
  next: MeterState | null
  /** Credits taken by this very request. */
  spent: number
}

/**
 * Decides about one request, which takes one from each window and `cost` from the credits.
 * @param spentBefore what the request's idempotency key was spent on, or null. A repeated request takes
 * no credits, but it is a request: without that, one idempotency key would open every rate limit.
 */
export function decideConsumption(
  state: MeterState,
  terms: MeterTerms,
  { cost, spentBefore }: { cost: number; spentBefore: number | null },
  nowMs: number,
): ConsumptionDecision {
  const now = stateAt(state, terms, nowMs)
  const left = remainingIn(now, terms)
  const isRepeated = spentBefore !== null
  if (isRepeated && spentBefore !== cost) return refused({ outcome: 'conflict', ...left })
  const price = isRepeated || terms.credits === null ? 0 : cost
  const waitSeconds = secondsUntilRoom(now, terms)
  // Out of credits weighs more: waiting for the rate alone would not help.
  if (terms.credits !== null && creditsOf(now) < price) {
    const seconds = secondsUntilCovered(terms.credits, price, nowMs)
    const retryAfterSeconds = seconds === null ? null : Math.max(seconds, waitSeconds)
    return refused({ outcome: 'credits_exhausted', retryAfterSeconds, ...left })
  }
  if (waitSeconds > 0) {
    return refused({ outcome: 'rate_limited', retryAfterSeconds: waitSeconds, ...left })
  }
  const next = taken(now, terms, price)
  return {
    answer: { outcome: 'passed', isRepeated, ...remainingIn(next, terms) },
    next,
    spent: price,
  }
}

/** The state brought to a time: windows drained, the balance set anew or refilled where due. */
export function stateAt(state: MeterState, terms: MeterTerms, nowMs: number): MeterState {
  const fillings = new Map(state.fillings)
  for (const window of terms.windows) {
    const name = bucketName(window)
    fillings.set(name, bucketAt(state.fillings.get(name), window, nowMs))
  }
  const { credits } = terms
  // For terms without credits the balance stays: an older record that still has them must not find
  // it gone and begin anew.
  return {
    fillings,
    balance: credits === null ? state.balance : balanceAt(state.balance, credits, nowMs),
  }
}

/** What a state that was brought to a time has left. */
export function remainingIn(state: MeterState, terms: MeterTerms): LimitsRemaining {
  return {
    windows: terms.windows.map((window) => reportOf(window, bucketOf(state, window))),
    credits: terms.credits === null ? null : creditsOf(state),
  }
}

function refused(answer: ConsumeResult): ConsumptionDecision {
  return { answer, next: null, spent: 0 }
}

/** 0 when no window is full; else when the last of them has room again. */
function secondsUntilRoom(state: MeterState, { windows }: MeterTerms): number {
  const full = windows.filter((window) => isFull(window, bucketOf(state, window)))
  return Math.max(
    0,
    ...full.map((window) => reportOf(window, bucketOf(state, window)).resetSeconds),
  )
}

function taken(state: MeterState, { windows }: MeterTerms, price: number): MeterState {
  const fillings = new Map(state.fillings)
  for (const window of windows) {
    fillings.set(bucketName(window), withRequest(window, bucketOf(state, window)))
  }
  const { balance } = state
  return { fillings, balance: balance && { ...balance, credits: balance.credits - price } }
}

function creditsOf({ balance }: MeterState): number {
  return balance?.credits ?? 0
}

function bucketOf({ fillings }: MeterState, window: Window): Bucket {
  const filling = fillings.get(bucketName(window))
  if (filling === undefined) throw new Error(`The window ${window.name} was not brought to now.`)
  return filling
}
