// A meter: the rate windows and the credits of one key, or of all keys that share them. Independent of
// the platform: storage and clock are passed in, by open-meter.ts and by the simulation.
import type { LimitsRemaining, MeterTerms } from '../core/limits.ts'
import {
  bucketOf,
  type ConsumeResult,
  decideConsumption,
  type MeterState,
  remainingIn,
  stateAt,
  withAdmitted,
} from './decision.ts'
import { type Bucket, isEmpty } from './gcra.ts'

export type ConsumeRequest = {
  terms: MeterTerms
  /** Credits, an integer from 0. Every request consumes one of each window besides. */
  cost: number
  /** Consumes `cost` once in 24 h; null: every request does. */
  idempotencyKey: string | null
}

export type TopUpRequest = {
  terms: MeterTerms
  /** Credits to add, an integer from 1. */
  amount: number
  idempotencyKey: string | null
}

export type TopUpResult =
  /** `atMs`: when the credits were added, by this call or by the one that it repeats. */
  | { outcome: 'topped_up'; isRepeated: boolean; credits: number; atMs: number }
  /** The idempotency key was used for another amount. */
  | { outcome: 'conflict' }

/** What an isolate that decides by fast limits reports, and asks. */
export type CountRequest = {
  terms: MeterTerms
  /** Requests that it let pass and has not reported. */
  passed: number
  /** Requests in its other reports, which may not have arrived: decided as if they had, and not counted. */
  pending: number
  /** Whether the meter decides one more request, and counts it if it passes. */
  asks: boolean
}

/** The buckets afterwards, in the order of the windows; `result`: of the request that was asked for. */
export type CountAnswer = { buckets: Bucket[]; result: ConsumeResult | null }

/** One use of an idempotency key: the credits consumed, or added by a top-up. */
export type Use = { credits: number; atMs: number }

/** What is saved is durable before the object's next answer is sent: see merged-writes.ts. */
export type MeterStorage = {
  load(): MeterState
  /** Stores both in one transaction. */
  save(state: MeterState, use?: { name: string } & Use): void
  findUse(name: string): Use | null
  /** Deletes uses up to a time. Returns whether any remain. */
  forgetUses(untilMs: number): boolean
  wakeAt(timeMs: number): void
  /** Deletes everything. */
  clear(): Promise<void>
}

const dayMs = 24 * 60 * 60 * 1000
/** How long an idempotency key is stored. */
export const useLifetimeMs = dayMs

export class Meter {
  private state: MeterState
  private isWakeSet = false
  private readonly storage: MeterStorage
  private readonly now: () => number

  constructor(storage: MeterStorage, now: () => number) {
    this.storage = storage
    this.now = now
    this.state = storage.load()
  }

  /**
   * Consumes all that the request needs, or nothing.
   * @throws RangeError for a cost that is no integer from 0.
   */
  take({ terms, cost, idempotencyKey }: ConsumeRequest): ConsumeResult {
    requireWhole(cost, 0)
    const nowMs = this.now()
    const name = idempotencyKey === null || terms.credits === null ? null : `take/${idempotencyKey}`
    const spentBefore = this.used(name, nowMs)?.credits ?? null
    const { result, next, spent } = decideConsumption(
      this.state,
      terms,
      { cost, spentBefore },
      nowMs,
    )
    if (next !== null) this.keep(next, nowMs, spent > 0 ? name : null, spent)
    else if (terms.credits !== null) this.keepBalance(stateAt(this.state, terms, nowMs), nowMs)
    return result
  }

  /**
   * Counts requests that an isolate let pass by fast limits, also beyond the limit, and decides one more if asked.
   * @throws RangeError for a number of requests that is no integer from 0.
   */
  count({ terms, passed, pending, asks }: CountRequest): CountAnswer {
    requireWhole(passed, 0)
    requireWhole(pending, 0)
    const nowMs = this.now()
    const counted = withAdmitted(stateAt(this.state, terms, nowMs), terms, passed)
    const assumed = withAdmitted(counted, terms, pending)
    const one = { cost: 0, spentBefore: null }
    const result = asks ? decideConsumption(assumed, terms, one, nowMs).result : null
    const hasPassed = result?.outcome === 'passed'
    const next = hasPassed ? withAdmitted(counted, terms, 1) : counted
    if (hasPassed || passed > 0) this.keep(next, nowMs)
    return { buckets: terms.windows.map((window) => bucketOf(next, window)), result }
  }

  /** @throws RangeError for an amount that is no integer from 1, or a balance above 2^53. */
  topUp({ terms, amount, idempotencyKey }: TopUpRequest): TopUpResult {
    requireWhole(amount, 1)
    const nowMs = this.now()
    const name = idempotencyKey === null ? null : `top-up/${idempotencyKey}`
    const { balance, ...rest } = stateAt(this.state, terms, nowMs)
    if (terms.credits === null || balance === null)
      throw new Error('A key without credits cannot be topped up.')
    const before = this.used(name, nowMs)
    if (before !== null) this.keepBalance({ balance, ...rest }, nowMs)
    if (before !== null && before.credits !== amount) return { outcome: 'conflict' }
    if (before !== null) {
      const { atMs } = before
      return { outcome: 'topped_up', isRepeated: true, credits: balance.credits, atMs }
    }
    const credits = balance.credits + amount
    requireWhole(credits, 1)
    this.keep({ ...rest, balance: { ...balance, credits } }, nowMs, name, amount)
    return { outcome: 'topped_up', isRepeated: false, credits, atMs: nowMs }
  }

  /** The top-up of an idempotency key; null for one that added nothing within 24 hours. */
  findTopUp(idempotencyKey: string): Use | null {
    return this.used(`top-up/${idempotencyKey}`, this.now())
  }

  read(terms: MeterTerms): LimitsRemaining {
    const nowMs = this.now()
    const state = stateAt(this.state, terms, nowMs)
    this.keepBalance(state, nowMs)
    return remainingIn(state, terms)
  }

  /**
   * Stores a set or a refill even when the request consumed nothing: it outlives a change of the terms,
   * and a request with an older record does not undo it.
   */
  private keepBalance(state: MeterState, nowMs: number): void {
    const [held, found] = [this.state.balance, state.balance]
    const isNew = found?.since !== held?.since || found?.settledAt !== held?.settledAt
    if (isNew) this.keep(state, nowMs)
  }

  /** Runs daily while there are buckets or uses to delete. A balance is never deleted. */
  async maintain(): Promise<void> {
    const nowMs = this.now()
    this.isWakeSet = false
    const hasUses = this.storage.forgetUses(nowMs - useLifetimeMs)
    const buckets = [...this.state.buckets].filter(([, bucket]) => !isEmpty(bucket, nowMs))
    if (buckets.length > 0 || hasUses) {
      this.keep({ ...this.state, buckets: new Map(buckets) }, nowMs)
    } else if (this.state.balance === null) {
      this.state = { buckets: new Map(), balance: null }
      await this.storage.clear()
    }
  }

  private used(name: string | null, nowMs: number): Use | null {
    const use = name === null ? null : this.storage.findUse(name)
    return use !== null && nowMs - use.atMs < useLifetimeMs ? use : null
  }

  /** Storage before memory: a write that fails must leave the state unchanged. */
  private keep(state: MeterState, nowMs: number, used: string | null = null, credits = 0): void {
    if (used === null) this.storage.save(state)
    else this.storage.save(state, { name: used, credits, atMs: nowMs })
    this.state = state
    if (this.isWakeSet) return
    this.isWakeSet = true
    this.storage.wakeAt(nowMs + dayMs)
  }
}

function requireWhole(number: number, min: number): void {
  if (Number.isSafeInteger(number) && number >= min) return
  throw new RangeError(`${number} is not a whole number from ${min}.`)
}
