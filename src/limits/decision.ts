// One decision about rate limits and credits: a request consumes from all of them, or from none.
import type { LimitsRemaining, MeterTerms, Window } from '../core/limits.ts'
import { type Balance, balanceAt, secondsUntilCovered } from './credits.ts'
import {
  type Bucket,
  bucketAt,
  bucketName,
  isFull,
  statusOf,
  withRequest,
  withRequests,
} from './gcra.ts'

export type MeterState = {
  /** By `bucketName`. */
  buckets: ReadonlyMap<string, Bucket>
  balance: Balance | null
}

/** The outcome of one request, with the limits as they are after it. */
export type ConsumeResult = LimitsRemaining &
  (
    | { outcome: 'passed'; isRepeated: boolean }
    | { outcome: 'rate_limited'; retryAfterSeconds: number }
    /** `retryAfterSeconds` is null when no refill will ever cover the cost. */
    | { outcome: 'credits_exhausted'; retryAfterSeconds: number | null }
    /** The idempotency key was used for another cost. */
    | { outcome: 'conflict' }
  )

export type ConsumptionDecision = {
  result: ConsumeResult
  /** The state to store; null: nothing was consumed. */
  next: MeterState | null
  /** Credits that this request consumed: 0 for a repeated one. */
  spent: number
}

/**
 * Decides about one request, which consumes one of each window and `cost` credits.
 * @param spentBefore the credits for which the request's idempotency key was used, or null. A repeated
 * request consumes no credits but counts in every window: otherwise one idempotency key would bypass
 * the rate limits.
 */
export function decideConsumption(
  state: MeterState,
  terms: MeterTerms,
  { cost, spentBefore }: { cost: number; spentBefore: number | null },
  nowMs: number,
): ConsumptionDecision {
  const now = stateAt(state, terms, nowMs)
  const remaining = remainingIn(now, terms)
  const isRepeated = spentBefore !== null
  if (isRepeated && spentBefore !== cost) return refused({ outcome: 'conflict', ...remaining })
  const price = isRepeated || terms.credits === null ? 0 : cost
  const waitSeconds = secondsUntilAdmitted(now, terms)
  // Before the rate limit: with too few credits, waiting for the window alone would not help.
  if (terms.credits !== null && creditsOf(now) < price) {
    const seconds = secondsUntilCovered(terms.credits, price, nowMs)
    const retryAfterSeconds = seconds === null ? null : Math.max(seconds, waitSeconds)
    return refused({ outcome: 'credits_exhausted', retryAfterSeconds, ...remaining })
  }
  if (waitSeconds > 0) {
    return refused({ outcome: 'rate_limited', retryAfterSeconds: waitSeconds, ...remaining })
  }
  const next = consumed(now, terms, price)
  const result: ConsumeResult = { outcome: 'passed', isRepeated, ...remainingIn(next, terms) }
  return { result, next, spent: price }
}

/** The state at a time: buckets drained, the balance set or refilled where due. */
export function stateAt(state: MeterState, terms: MeterTerms, nowMs: number): MeterState {
  const buckets = new Map(state.buckets)
  for (const window of terms.windows) {
    const name = bucketName(window)
    buckets.set(name, bucketAt(state.buckets.get(name), window, nowMs))
  }
  const { credits } = terms
  // Terms without credits keep the balance: a request with an older record that still has credits must
  // not find the balance missing and start from the initial one.
  return {
    buckets,
    balance: credits === null ? state.balance : balanceAt(state.balance, credits, nowMs),
  }
}

/** @param state as `stateAt` returns it. */
export function remainingIn(state: MeterState, terms: MeterTerms): LimitsRemaining {
  return {
    windows: terms.windows.map((window) => statusOf(window, bucketOf(state, window))),
    credits: terms.credits === null ? null : creditsOf(state),
  }
}

/** The state after requests that were admitted elsewhere. @param state as `stateAt` returns it. */
export function withAdmitted(
  state: MeterState,
  { windows }: Pick<MeterTerms, 'windows'>,
  count: number,
): MeterState {
  const buckets = new Map(state.buckets)
  for (const window of windows) {
    buckets.set(bucketName(window), withRequests(window, bucketOf(state, window), count))
  }
  return { ...state, buckets }
}

function refused(result: ConsumeResult): ConsumptionDecision {
  return { result, next: null, spent: 0 }
}

/** Seconds until no window is full; 0 when none is. */
function secondsUntilAdmitted(state: MeterState, { windows }: MeterTerms): number {
  const full = windows.filter((window) => isFull(window, bucketOf(state, window)))
  return Math.max(
    0,
    ...full.map((window) => statusOf(window, bucketOf(state, window)).resetSeconds),
  )
}

function consumed(state: MeterState, { windows }: MeterTerms, price: number): MeterState {
  const buckets = new Map(state.buckets)
  for (const window of windows) {
    buckets.set(bucketName(window), withRequest(window, bucketOf(state, window)))
  }
  const { balance } = state
  return { buckets, balance: balance && { ...balance, credits: balance.credits - price } }
}

function creditsOf({ balance }: MeterState): number {
  return balance?.credits ?? 0
}

/** @param state as `stateAt` returns it. */
export function bucketOf({ buckets }: MeterState, window: Window): Bucket {
  const bucket = buckets.get(bucketName(window))
  if (bucket === undefined) throw new Error(`The window ${window.name} has no bucket: use stateAt.`)
  return bucket
}
