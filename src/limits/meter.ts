// A meter: the rate windows and the credits of one key, or of all keys that share them. What it takes
// is durable before it answers. Pure of the platform: storage and clock are handed in
// (meter-object.ts, and the simulation).
import type { LimitsRemaining, MeterTerms } from '../core/limits.ts'
import {
  type ConsumeResult,
  decideConsumption,
  type MeterState,
  remainingIn,
  stateAt,
} from './decision.ts'
import { isDrained } from './gcra.ts'

export type ConsumeRequest = {
  terms: MeterTerms
  /** Credits, a whole number from 0. Of each window a request takes one, whatever it costs. */
  cost: number
  /** Spends `cost` once in 24 h; null: each request spends. */
  idempotencyKey: string | null
}

export type TopUpRequest = {
  terms: MeterTerms
  /** Credits to add: a whole number from 1. */
  amount: number
  idempotencyKey: string | null
}

export type TopUpResult =
  /** `atMs`: when they were added. */
  | { outcome: 'topped_up'; isRepeated: boolean; credits: number; atMs: number }
  | { outcome: 'conflict' }

/** What an idempotency key was used for: credits taken (or, for a top-up, added) at a time. */
export type Use = { credits: number; atMs: number }

/** Storage that is durable before the object's next answer leaves it (a Durable Object's SQLite). */
export type MeterStorage = {
  load(): MeterState
  /** Both or neither. */
  save(state: MeterState, use?: { name: string } & Use): void
  findUse(name: string): Use | null
  /** Forgets uses up to a time; whether any are left. */
  forgetUses(untilMs: number): boolean
  wakeAt(timeMs: number): void
  /** Forgets everything. */
  clear(): Promise<void>
}

const dayMs = 24 * 60 * 60 * 1000
/** For how long an idempotency key is remembered. */
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

  /** Takes everything that the request takes, or nothing. */
  take({ terms, cost, idempotencyKey }: ConsumeRequest): ConsumeResult {
    requireWhole(cost, 0)
    const nowMs = this.now()
    const name = idempotencyKey === null || terms.credits === null ? null : `take/${idempotencyKey}`
    const spentBefore = this.used(name, nowMs)?.credits ?? null
    const { answer, next, spent } = decideConsumption(
      this.state,
      terms,
      { cost, spentBefore },
      nowMs,
    )
    if (next !== null) this.keep(next, nowMs, spent > 0 ? name : null, spent)
    else this.keepBalance(stateAt(this.state, terms, nowMs), nowMs)
    return answer
  }

  topUp({ terms, amount, idempotencyKey }: TopUpRequest): TopUpResult {
    requireWhole(amount, 1)
    const nowMs = this.now()
    const name = idempotencyKey === null ? null : `top-up/${idempotencyKey}`
    const { balance, ...rest } = stateAt(this.state, terms, nowMs)
    if (terms.credits === null || balance === null)
      throw new Error('There are no credits to add to.')
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

  read(terms: MeterTerms): LimitsRemaining {
    const nowMs = this.now()
    const state = stateAt(this.state, terms, nowMs)
    this.keepBalance(state, nowMs)
    return remainingIn(state, terms)
  }

  /**
   * A set or a refill that was found is kept, also by who takes nothing: it outlasts a change of the terms,
   * and an older record that comes late does not undo it.
   */
  private keepBalance(state: MeterState, nowMs: number): void {
    const [held, found] = [this.state.balance, state.balance]
    const isNew = found?.since !== held?.since || found?.settledAt !== held?.settledAt
    if (isNew) this.keep(state, nowMs)
  }

  /** Daily while there is anything to forget. A balance is never forgotten. */
  async maintain(): Promise<void> {
    const nowMs = this.now()
    this.isWakeSet = false
    const hasUses = this.storage.forgetUses(nowMs - useLifetimeMs)
    const filled = [...this.state.fillings].filter(([, filling]) => !isDrained(filling, nowMs))
    if (filled.length > 0 || hasUses) {
      this.keep({ ...this.state, fillings: new Map(filled) }, nowMs)
    } else if (this.state.balance === null) {
      this.state = { fillings: new Map(), balance: null }
      await this.storage.clear()
    }
  }

  private used(name: string | null, nowMs: number): Use | null {
    const use = name === null ? null : this.storage.findUse(name)
    return use !== null && nowMs - use.atMs < useLifetimeMs ? use : null
  }

  /** Storage first: what could not be written has not happened. */
  private keep(state: MeterState, nowMs: number, used: string | null = null, credits = 0): void {
    if (used === null) this.storage.save(state)
    else this.storage.save(state, { name: used, credits, atMs: nowMs })
    this.state = state
    if (this.isWakeSet) return
    this.isWakeSet = true
    this.storage.wakeAt(nowMs + dayMs)
  }
}

function requireWhole(credits: number, least: number): void {
  if (Number.isSafeInteger(credits) && credits >= least) return
  throw new RangeError(`${credits} is no whole number of credits from ${least}.`)
}
