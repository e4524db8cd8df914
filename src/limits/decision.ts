// Rate limits and credits decided together: either everything that a request takes is taken, or
// nothing is. No I/O, no clock.
import type { Left, MeterTerms, Window } from '../core/limits.ts'
import { type Balance, balanceAt, secondsUntilCovered } from './credits.ts'
import { type Filling, fillingAt, fillingName, isFull, reportOf, withRequest } from './gcra.ts'

export type MeterState = {
  /** By `fillingName`. */
  fillings: ReadonlyMap<string, Filling>
  balance: Balance | null
}

export type TakeAnswer = Left &
  (
    | { outcome: 'passed'; isRepeated: boolean }
    | { outcome: 'rate_limited'; retryAfterSeconds: number }
    /** `retryAfterSeconds` is null when no refill will ever cover the cost. */
    | { outcome: 'credits_exhausted'; retryAfterSeconds: number | null }
    /** The idempotency key was spent on another cost. */
    | { outcome: 'conflict' }
  )

export type TakeDecision = {
  answer: TakeAnswer
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
export function decideTake(
  state: MeterState,
  terms: MeterTerms,
  { cost, spentBefore }: { cost: number; spentBefore: number | null },
  nowMs: number,
): TakeDecision {
  const now = stateAt(state, terms, nowMs)
  const left = leftIn(now, terms)
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
  return { answer: { outcome: 'passed', isRepeated, ...leftIn(next, terms) }, next, spent: price }
}

/** The state brought to a time: windows drained, the balance set anew or refilled where due. */
export function stateAt(state: MeterState, terms: MeterTerms, nowMs: number): MeterState {
  const fillings = new Map(state.fillings)
  for (const window of terms.windows) {
    const name = fillingName(window)
    fillings.set(name, fillingAt(state.fillings.get(name), window, nowMs))
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
export function leftIn(state: MeterState, terms: MeterTerms): Left {
  return {
    windows: terms.windows.map((window) => reportOf(window, fillingOf(state, window))),
    credits: terms.credits === null ? null : creditsOf(state),
  }
}

function refused(answer: TakeAnswer): TakeDecision {
  return { answer, next: null, spent: 0 }
}

/** 0 when no window is full; else when the last of them has room again. */
function secondsUntilRoom(state: MeterState, { windows }: MeterTerms): number {
  const full = windows.filter((window) => isFull(window, fillingOf(state, window)))
  return Math.max(
    0,
    ...full.map((window) => reportOf(window, fillingOf(state, window)).resetSeconds),
  )
}

function taken(state: MeterState, { windows }: MeterTerms, price: number): MeterState {
  const fillings = new Map(state.fillings)
  for (const window of windows) {
    fillings.set(fillingName(window), withRequest(window, fillingOf(state, window)))
  }
  const { balance } = state
  return { fillings, balance: balance && { ...balance, credits: balance.credits - price } }
}

function creditsOf({ balance }: MeterState): number {
  return balance?.credits ?? 0
}

function fillingOf({ fillings }: MeterState, window: Window): Filling {
  const filling = fillings.get(fillingName(window))
  if (filling === undefined) throw new Error(`The window ${window.name} was not brought to now.`)
  return filling
}
