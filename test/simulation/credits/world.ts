// One seed: a meter, those who ask it (each with the terms that it happens to know), and what goes wrong.

import { type CreditTerms, creditTerms, type MeterTerms } from '../../../src/core/limits.ts'
import type { KeyRecord } from '../../../src/core/record.ts'
import { consumeLimits } from '../../../src/keys/consume-limits.ts'
import type { Verification } from '../../../src/keys/verify.ts'
import type { MeterObject } from '../../../src/limits/meter-object.ts'
import { createMeters, type Meters } from '../../../src/limits/meters.ts'
import { Network, type Trace } from '../network.ts'
import { drain, enter } from '../platform.ts'
import { createRandom, type Random } from '../random.ts'
import { type Actor, noLag, Scheduler } from '../scheduler.ts'
import { MeterHost } from './host.ts'
import { Ledger, type Op } from './ledger.ts'
import { drawSwarm, type Swarm } from './swarm.ts'

export type Result = { seed: number; violation: string | null; counts: Record<string, number> }

const maxEvents = 60_000
const maxWaitMs = 20_000

export class CreditWorld {
  readonly random: Random
  readonly swarm: Swarm
  readonly scheduler: Scheduler
  readonly network: Network
  readonly host: MeterHost
  readonly meters: Meters
  readonly ledger: Ledger
  readonly counts: Record<string, number> = {}
  violation: string | null = null
  private readonly trace: Trace | null
  /** What all keys of the meter are limited by, as D1 has it now. */
  private credits: CreditTerms | null
  /** Credits that clients know to have been taken: by answers that they heard. */
  private heardSpent = 0
  private readonly paid = new Map<string, number>()
  /** The last answer of the meter that each of those who ask has heard. */
  private readonly heard = new WeakMap<Actor, Op>()
  private running = 0
  private asked = 0

  constructor(seed: number, lines: string[] | null) {
    this.random = createRandom(seed)
    this.swarm = drawSwarm(this.random)
    const { beginning, usualDelayMs, weather, skewMs } = this.swarm
    this.scheduler = new Scheduler(this.random, drain, beginning)
    enter(this.scheduler)
    this.trace = lines && ((...told) => lines.push(lineOf(this.scheduler.now - beginning, told)))
    this.network = new Network(this.scheduler, this.random, usualDelayMs, this.trace)
    this.ledger = new Ledger(beginning)
    this.host = new MeterHost({
      scheduler: this.scheduler,
      network: this.network,
      link: this.network.link('meter', 3_000, weather),
      newSkew: () => (skewMs === 0 ? 0 : this.random.int(skewMs)),
      onDurable: (op) => this.commit(op),
      onHeard: (op) => this.hear(op),
    })
    const namespace = { getByName: () => this.host.stub }
    this.meters = createMeters(namespace as unknown as DurableObjectNamespace<MeterObject>)
    const { remaining, refill } = this.swarm
    this.credits = remaining === null ? null : creditTerms(null, { remaining, refill }, beginning)
  }

  /** Lets everything happen. */
  run(): void {
    for (let number = 0; number < this.swarm.callers; number++) {
      this.start(`caller${number}`, (actor) => this.callAgainAndAgain(actor))
    }
    if (this.credits !== null) this.start('payer', (actor) => this.payAgainAndAgain(actor))
    this.start('operator', (actor) => this.disturb(actor))
    while (this.running > 0 && this.violation === null) {
      if (!this.scheduler.step()) this.fail('everything ends', 'somebody waits for ever')
      if (this.scheduler.events > maxEvents) this.fail('everything ends', 'it goes on and on')
    }
    if (this.violation === null) this.conclude()
  }

  private start(name: string, script: (actor: Actor) => Promise<void>): void {
    const life = { mortality: 0, isAlive: true, shown: 0, calls: 0 }
    const actor: Actor = { name, skew: 0, lag: noLag, ...life }
    this.running++
    this.scheduler.after(0, actor, () => {
      script(actor).then(
        () => void this.running--,
        (error) => this.fail('the script goes on', String(error)),
      )
    })
  }

  private async callAgainAndAgain(actor: Actor): Promise<void> {
    for (let turn = 0; turn < this.swarm.turns; turn++) {
      await this.pause(this.random.int(this.swarm.pauseMs))
      const cost = this.random.int(this.swarm.maxCost + 1)
      const key = this.random.is(this.swarm.withKey) ? `k${++this.asked}` : null
      const terms = this.termsKnown()
      await this.ask(actor, terms, cost, key)
      // Asked again though it was answered, now or much later, and now and then with another cost.
      if (key === null || !this.random.is(0.3)) continue
      await this.pause(this.random.int(this.random.is(0.2) ? this.swarm.pauseMs * 20 : 2_000))
      await this.ask(actor, this.termsKnown(), this.random.is(0.1) ? cost + 1 : cost, key)
    }
  }

  /** As a door does: with an idempotency key until an answer is heard, without one once. */
  private async ask(actor: Actor, terms: MeterTerms, cost: number, key: string | null) {
    for (let attempt = 0; attempt < 20; attempt++) {
      this.heard.delete(actor)
      const verification = { tier: 'memory', verdict: validBy(terms) } as Verification
      const charge = { cost, idempotencyKey: key }
      const { verdict } = await consumeLimits(() => this.meters, verification, charge)
      this.count(verdict.code)
      this.trace?.(actor.name, 'is told', verdict.code)
      const op = this.heard.get(actor)
      const hasPassed = op?.answer.outcome === 'passed'
      if (verdict.code === 'valid' && !hasPassed) {
        this.fail('nothing passes unasked', `${actor.name} was told valid`)
      }
      if (verdict.code !== 'meter_unavailable' || key === null) return
      await this.pause(this.random.int(maxWaitMs))
    }
  }

  private async payAgainAndAgain(actor: Actor): Promise<void> {
    for (let turn = 0; turn < this.swarm.topUps; turn++) {
      await this.pause(this.random.int(this.swarm.pauseMs * 3))
      const amount = 1 + this.random.int(20)
      const idempotencyKey = this.random.is(0.8) ? `t${++this.asked}` : null
      for (let attempt = 0; attempt < 20; attempt++) {
        const terms = this.termsKnown()
        if (terms.credits === null) break
        const asked = this.random.is(0.05) ? amount + 1 : amount
        const topUp = { terms, amount: asked, idempotencyKey }
        const { outcome } = await this.meters.topUp('meter', topUp)
        this.count(outcome)
        this.trace?.(actor.name, 'is told', outcome)
        const isDone = outcome !== 'unavailable' && !this.random.is(0.3)
        if (isDone || idempotencyKey === null) break
        await this.pause(this.random.int(maxWaitMs))
      }
    }
  }

  /** Evictions, and sets of the balance: the operator's part. */
  private async disturb(actor: Actor): Promise<void> {
    for (let turn = 0; turn < this.swarm.disturbances; turn++) {
      await this.pause(this.random.int(this.swarm.pauseMs))
      if (this.random.is(0.85)) {
        this.host.evict()
        this.trace?.(actor.name, 'evicts the meter')
      } else if (this.credits !== null) {
        const remaining = this.random.int(60)
        this.previous = this.credits
        this.credits = creditTerms(this.credits, { remaining }, this.scheduler.clock())
        this.trace?.(actor.name, 'sets', remaining)
        this.count('set')
      }
    }
  }

  private previous: CreditTerms | null = null

  /** By the record that this isolate holds: of a set that is on its way, some do not know yet. */
  private termsKnown(): MeterTerms {
    const { random, swarm } = this
    const known = this.previous !== null && random.is(0.2) ? this.previous : this.credits
    // Another key of the same external id: without a refill, or without credits at all.
    const shared = swarm.isShared && random.is(0.3)
    const credits = shared && known !== null ? { ...known, refill: null } : known
    return { windows: swarm.windows, credits: swarm.isShared && random.is(0.1) ? null : credits }
  }

  private commit(op: Op): void {
    op.isDurable = true
    const wrong = this.ledger.judge(op)
    this.trace?.('ledger', op.kind, `${op.answer.outcome}, balance ${this.ledger.balance}`)
    if (wrong !== null) this.fail('answers as the ledger', wrong)
    if ((this.ledger.balance ?? 0) < 0) this.fail('never below zero', `${this.ledger.balance}`)
  }

  private hear(op: Op): void {
    const { current } = this.scheduler
    if (current !== null) this.heard.set(current, op)
    if (!op.isDurable) this.fail('durable before it is told', `${op.kind} ${op.answer.outcome}`)
    if (op.kind !== 'take' || op.answer.outcome !== 'passed') return
    this.heardSpent += this.spentOn(op)
    if (this.heardSpent > this.ledger.granted) {
      const detail = `${this.heardSpent} heard of ${this.ledger.granted}`
      this.fail('never overspent', detail)
    }
  }

  /** What a client was charged for, as the client sees it: once in 24 h for a key. */
  private spentOn({ asked: { cost, idempotencyKey, terms }, atMs }: Extract<Op, { kind: 'take' }>) {
    if (terms.credits === null) return 0
    if (idempotencyKey === null) return cost
    const before = this.paid.get(idempotencyKey)
    if (before !== undefined && atMs - before < 23 * 60 * 60 * 1000) return 0
    if (before === undefined) this.paid.set(idempotencyKey, atMs)
    return before === undefined ? cost : 0
  }

  private conclude(): void {
    const terms = { windows: [], credits: this.credits }
    this.host.evict()
    const { now } = this.scheduler
    const told = this.host.read(terms).credits
    const expected = this.ledger.balanceAt(terms, now)
    // What was never heard may not have become durable, but then the ledger has not heard of it either.
    if (this.swarm.skewMs === 0 && told !== expected) {
      this.fail('nothing is lost', `${told} credits, where the ledger has ${expected}`)
    }
    this.counts['fault: evictions'] = this.host.evictions
    this.counts.alarms = this.host.alarms
    this.counts.events = this.scheduler.events
    for (const [fault, count] of Object.entries(this.network.faults)) {
      this.counts[`fault: ${fault}`] = count
    }
  }

  private pause(ms: number): Promise<void> {
    const { current } = this.scheduler
    return new Promise((wake) => this.scheduler.after(ms, current, wake))
  }

  private count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1
  }

  private fail(rule: string, detail: string): void {
    this.violation ??= `${rule}: ${detail}`
    this.trace?.('JUDGE', 'VIOLATION', this.violation)
  }
}

function validBy(terms: MeterTerms): Verification['verdict'] {
  const record = { limits: { meter: 'meter', terms } } as KeyRecord
  return { code: 'valid', record, powers: { scopes: [], fullAccess: false } }
}

/** @param lines where the trace goes; null: it is not kept. */
export function runSeed(seed: number, lines: string[] | null = null): Result {
  const world = new CreditWorld(seed, lines)
  world.run()
  return { seed, violation: world.violation, counts: world.counts }
}

function lineOf(time: number, [actor, operation, ...values]: Parameters<Trace>): string {
  const shown = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  return `${time.toFixed(0).padStart(10)}  ${actor.padEnd(10)} ${operation} ${shown.join(' ')}`
}
