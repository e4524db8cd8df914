// A second implementation of the meter: refills day by day, rates by virtual scheduling (the other form of the
// generic cell rate algorithm in ITU-T I.371). It is fed with the operations that became durable.
import type { CreditTerms, MeterTerms, Refill, Window } from '../../../src/core/limits.ts'
import type { ConsumeResult } from '../../../src/limits/decision.ts'
import type { ConsumeRequest, TopUpRequest, TopUpResult } from '../../../src/limits/meter.ts'

export type Operation = { atMs: number; isDurable: boolean } & (
  | { kind: 'take'; request: ConsumeRequest; answer: ConsumeResult }
  | { kind: 'topUp'; request: TopUpRequest; answer: TopUpResult }
)

const dayMs = 24 * 60 * 60 * 1000

type Used = { credits: number; atMs: number }

export class Ledger {
  balance: number | null = null
  /** All credits ever granted: clients cannot have spent more. */
  granted = 0
  private since = -1
  private refilledTo = 0
  private readonly used = new Map<string, Used>()
  /** By window: the theoretical arrival time, in milliseconds times the limit. */
  private readonly arrivals = new Map<string, number>()
  private readonly start: number

  constructor(start: number) {
    this.start = start
  }

  /** What is wrong with an answer, or null; applies the operation. */
  check(operation: Operation): string | null {
    this.settle(operation.request.terms.credits, operation.atMs)
    return operation.kind === 'take' ? this.checkTake(operation) : this.checkTopUp(operation)
  }

  /** The balance under these terms at a time. */
  balanceAt(terms: MeterTerms, atMs: number): number | null {
    this.settle(terms.credits, atMs)
    return terms.credits === null ? null : this.balance
  }

  private settle(credits: CreditTerms | null, atMs: number): void {
    if (credits === null) return
    if (this.balance === null || credits.since > this.since) {
      this.balance = credits.remaining
      this.granted += credits.remaining
      this.since = credits.since
      this.refilledTo = credits.since
    }
    if (credits.refill === null) return
    const { amount, since } = credits.refill
    const from = Math.max(this.refilledTo, since)
    for (
      let midnight = (Math.floor(from / dayMs) + 1) * dayMs;
      midnight <= atMs;
      midnight += dayMs
    ) {
      if (!isRefill(credits.refill, midnight) || this.balance >= amount) continue
      this.granted += amount - this.balance
      this.balance = amount
    }
    this.refilledTo = Math.max(this.refilledTo, atMs)
  }

  private checkTake({
    request,
    answer,
    atMs,
  }: Extract<Operation, { kind: 'take' }>): string | null {
    const { terms, cost, idempotencyKey } = request
    const hasCredits = terms.credits !== null
    const name = idempotencyKey === null || !hasCredits ? null : `take ${idempotencyKey}`
    const before = this.usedBefore(name, atMs)
    const isConflict = before !== null && before !== cost
    const price = before !== null || !hasCredits ? 0 : cost
    const isCovered = (this.balance ?? 0) >= price || !hasCredits
    const hasRoom = terms.windows.every((window) => this.hasRoom(window, atMs))
    const expected = isConflict
      ? 'conflict'
      : !isCovered
        ? 'credits_exhausted'
        : hasRoom
          ? 'passed'
          : 'rate_limited'
    if (answer.outcome !== expected) return `${answer.outcome} instead of ${expected}`
    if (expected === 'passed') {
      if (hasCredits) this.balance = (this.balance ?? 0) - price
      for (const window of terms.windows) this.arrive(window, atMs)
      if (name !== null && price > 0) this.used.set(name, { credits: price, atMs })
    }
    if (hasCredits && answer.credits !== this.balance) {
      return `${answer.credits} credits instead of ${this.balance}`
    }
    return null
  }

  private checkTopUp({
    request,
    answer,
    atMs,
  }: Extract<Operation, { kind: 'topUp' }>): string | null {
    const { amount, idempotencyKey } = request
    const name = idempotencyKey === null ? null : `top-up ${idempotencyKey}`
    const before = this.usedBefore(name, atMs)
    if (before !== null && before !== amount) {
      return answer.outcome === 'conflict' ? null : 'an idempotency key added two amounts'
    }
    if (before === null) {
      this.balance = (this.balance ?? 0) + amount
      this.granted += amount
      if (name !== null) this.used.set(name, { credits: amount, atMs })
    }
    const isRight = answer.outcome === 'topped_up' && answer.credits === this.balance
    return isRight ? null : `${JSON.stringify(answer)} instead of ${this.balance} credits`
  }

  private usedBefore(name: string | null, atMs: number): number | null {
    const used = name === null ? undefined : this.used.get(name)
    return used !== undefined && atMs - used.atMs < dayMs ? used.credits : null
  }

  private hasRoom(window: Window, atMs: number): boolean {
    const { limit, windowSeconds } = window
    const burst = (limit - 1) * windowSeconds * 1000
    return (atMs - this.start) * limit >= this.arrivalOf(window) - burst
  }

  private arrive(window: Window, atMs: number): void {
    const from = Math.max((atMs - this.start) * window.limit, this.arrivalOf(window))
    this.arrivals.set(nameOf(window), from + window.windowSeconds * 1000)
  }

  private arrivalOf(window: Window): number {
    return this.arrivals.get(nameOf(window)) ?? Number.NEGATIVE_INFINITY
  }
}

function nameOf({ name, windowSeconds }: Window): string {
  return `${name} ${windowSeconds}`
}

function isRefill(refill: Refill, midnight: number): boolean {
  if (refill.interval === 'daily') return true
  const date = new Date(midnight).getUTCDate()
  const isLast = new Date(midnight + dayMs).getUTCDate() === 1
  return date === refill.day || (isLast && date < refill.day)
}
