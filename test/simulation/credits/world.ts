// One seed: a meter, its callers (each with the terms that it happens to know), and an operator.
import { type CreditTerms, creditTerms, type MeterTerms } from '../../../src/core/limits.ts'
import type { KeyRecord } from '../../../src/core/record.ts'
import { consumeLimits, type LimitServices } from '../../../src/keys/consume-limits.ts'
import type { Verification } from '../../../src/keys/verify.ts'
import { callMeter } from '../../../src/limits/call-meter.ts'
import type { MeterObject } from '../../../src/limits/meter-object.ts'
import { createMeters, type Meters } from '../../../src/limits/meters.ts'
import { BaseWorld } from '../base-world.ts'
import type { Result } from '../histories.ts'
import { createRandom } from '../random.ts'
import { type Actor, noLag } from '../scheduler.ts'
import { MeterHost } from './host.ts'
import { Ledger, type Operation } from './ledger.ts'
import { drawSwarm, type Swarm } from './swarm.ts'

const maxWaitMs = 20_000

export class CreditWorld extends BaseWorld {
  readonly swarm: Swarm
  readonly host: MeterHost
  readonly meters: Meters
  private readonly namespace: DurableObjectNamespace<MeterObject>
  readonly ledger: Ledger
  /** The credit terms in D1, shared by all keys of the meter, and those before the last set. */
  private credits: CreditTerms | null
  private previous: CreditTerms | null = null
  /** Credits taken according to the answers that clients received. */
  private confirmedSpent = 0
  private readonly paid = new Map<string, number>()
  /** The last operation whose answer each caller received. */
  private readonly received = new WeakMap<Actor, Operation>()
  private keyCount = 0
  private readonly limitServices: LimitServices = {
    takeLimits: (meter, request) =>
      callMeter(this.namespace, meter, async (stub) => await stub.take(request)),
    takeFast: () => Promise.reject(new Error('No window of this world is fast.')),
  }

  constructor(seed: number, lines: string[] | null) {
    const random = createRandom(seed)
    const swarm = drawSwarm(random)
    super(random, swarm.startTime, swarm.usualDelayMs, lines)
    this.swarm = swarm
    const { startTime, faultRates, skewMs, remaining, refill } = swarm
    this.ledger = new Ledger(startTime)
    this.host = new MeterHost({
      scheduler: this.scheduler,
      network: this.network,
      link: this.network.link('meter', 3_000, faultRates),
      newSkew: () => (skewMs === 0 ? 0 : random.int(skewMs)),
      onDurable: (operation) => operation.kind !== 'count' && this.commit(operation),
      onReceived: (operation) => operation.kind !== 'count' && this.receive(operation),
    })
    const namespace = { getByName: () => this.host.stub }
    this.namespace = namespace as unknown as DurableObjectNamespace<MeterObject>
    this.meters = createMeters(this.namespace)
    this.credits = remaining === null ? null : creditTerms(null, { remaining, refill }, startTime)
  }

  run(): void {
    for (let number = 0; number < this.swarm.callers; number++) {
      this.start(`caller${number}`, (actor) => this.runCaller(actor))
    }
    if (this.credits !== null) this.start('payer', (actor) => this.runPayer(actor))
    this.start('operator', (actor) => this.runOperator(actor))
    this.runScripts()
    if (this.violation === null) this.checkBalance()
  }

  private start(name: string, script: (actor: Actor) => Promise<void>): void {
    const life = { crashProbability: 0, isAlive: true, clockMs: 0, calls: 0 }
    const actor: Actor = { name, skew: 0, lag: noLag, ...life }
    this.startScript(actor, () => script(actor))
  }

  private async runCaller(actor: Actor): Promise<void> {
    for (let turn = 0; turn < this.swarm.turns; turn++) {
      await this.pause(this.random.int(this.swarm.pauseMs))
      const cost = this.random.int(this.swarm.maxCost + 1)
      const key = this.random.is(this.swarm.idempotentShare) ? `k${++this.keyCount}` : null
      const terms = this.termsKnown()
      // A client that sends the same request twice at once.
      if (key !== null && this.random.is(0.1)) {
        this.start(`${actor.name} again`, (again) => this.consume(again, terms, cost, key))
      }
      await this.consume(actor, terms, cost, key)
      // Repeated although it was answered, soon or much later, sometimes with another cost.
      if (key === null || !this.random.is(0.3)) continue
      await this.pause(this.random.int(this.random.is(0.2) ? this.swarm.pauseMs * 20 : 2_000))
      await this.consume(actor, this.termsKnown(), this.random.is(0.1) ? cost + 1 : cost, key)
    }
  }

  /** As an endpoint does: repeated until it is answered if it has an idempotency key. */
  private async consume(actor: Actor, terms: MeterTerms, cost: number, key: string | null) {
    for (let attempt = 0; attempt < 20; attempt++) {
      this.received.delete(actor)
      const verification = { tier: 'memory', verdict: validBy(terms) } as Verification
      const charge = { cost, idempotencyKey: key }
      const { verdict } = await consumeLimits(this.limitServices, verification, charge)
      this.count(verdict.code)
      this.trace?.(actor.name, 'receives', verdict.code)
      const operation = this.received.get(actor)
      const hasPassed = operation?.answer.outcome === 'passed'
      if (verdict.code === 'valid' && !hasPassed) {
        this.fail('nothing passes unmetered', `${actor.name} received valid`)
      }
      if (verdict.code !== 'meter_unavailable' || key === null) return
      await this.pause(this.random.int(maxWaitMs))
    }
  }

  private async runPayer(actor: Actor): Promise<void> {
    for (let turn = 0; turn < this.swarm.topUps; turn++) {
      await this.pause(this.random.int(this.swarm.pauseMs * 3))
      const amount = 1 + this.random.int(20)
      const idempotencyKey = this.random.is(0.8) ? `t${++this.keyCount}` : null
      for (let attempt = 0; attempt < 20; attempt++) {
        const terms = this.termsKnown()
        if (terms.credits === null) break
        const sent = this.random.is(0.05) ? amount + 1 : amount
        const topUp = { terms, amount: sent, idempotencyKey }
        const { outcome } = await this.meters.topUp('meter', topUp)
        this.count(outcome)
        this.trace?.(actor.name, 'receives', outcome)
        const isDone = outcome !== 'unavailable' && !this.random.is(0.3)
        if (isDone || idempotencyKey === null) break
        await this.pause(this.random.int(maxWaitMs))
      }
    }
  }

  /** Evicts the meter and sets the balance. */
  private async runOperator(actor: Actor): Promise<void> {
    for (let turn = 0; turn < this.swarm.operatorTurns; turn++) {
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

  /** The terms of the record that this isolate holds, which may be older than the last set. */
  private termsKnown(): MeterTerms {
    const { random, swarm } = this
    const known = this.previous !== null && random.is(0.2) ? this.previous : this.credits
    // Another key of the same external id may have no refill, or no credits.
    const shared = swarm.isShared && random.is(0.3)
    const credits = shared && known !== null ? { ...known, refill: null } : known
    return { windows: swarm.windows, credits: swarm.isShared && random.is(0.1) ? null : credits }
  }

  private commit(operation: Operation): void {
    operation.isDurable = true
    const wrong = this.ledger.check(operation)
    const { outcome } = operation.answer
    this.trace?.('ledger', operation.kind, `${outcome}, balance ${this.ledger.balance}`)
    if (wrong !== null) this.fail('answers match the ledger', wrong)
    if ((this.ledger.balance ?? 0) < 0) this.fail('never below zero', `${this.ledger.balance}`)
  }

  private receive(operation: Operation): void {
    const { current } = this.scheduler
    if (current !== null) this.received.set(current, operation)
    if (!operation.isDurable)
      this.fail('durable before it is answered', `${operation.kind} ${operation.answer.outcome}`)
    if (operation.kind !== 'take' || operation.answer.outcome !== 'passed') return
    this.confirmedSpent += this.spentOn(operation)
    if (this.confirmedSpent > this.ledger.granted) {
      const detail = `${this.confirmedSpent} spent of ${this.ledger.granted}`
      this.fail('never overspent', detail)
    }
  }

  /** What a client was charged, from its own view: once in 24 h for an idempotency key. */
  private spentOn({
    request: { cost, idempotencyKey, terms },
    atMs,
  }: Extract<Operation, { kind: 'take' }>) {
    if (terms.credits === null) return 0
    if (idempotencyKey === null) return cost
    const before = this.paid.get(idempotencyKey)
    if (before !== undefined && atMs - before < 23 * 60 * 60 * 1000) return 0
    if (before === undefined) this.paid.set(idempotencyKey, atMs)
    return before === undefined ? cost : 0
  }

  private checkBalance(): void {
    const terms = { windows: [], credits: this.credits }
    this.host.evict()
    const { now } = this.scheduler
    const { credits } = this.host.read(terms)
    const expected = this.ledger.balanceAt(terms, now)
    // Neither the meter nor the ledger has operations that did not become durable.
    if (this.swarm.skewMs === 0 && credits !== expected) {
      this.fail('nothing is lost', `${credits} credits instead of ${expected}`)
    }
    this.counts['fault: evictions'] = this.host.evictions
    this.counts.alarms = this.host.alarms
    this.counts.writes = this.host.writes
    this.counts.events = this.scheduler.events
    for (const [fault, count] of Object.entries(this.network.faults)) {
      this.counts[`fault: ${fault}`] = count
    }
  }
}

function validBy(terms: MeterTerms): Verification['verdict'] {
  const record = { limits: { meter: 'meter', terms } } as KeyRecord
  return { code: 'valid', record, powers: { scopes: [], resources: [], fullAccess: false } }
}

/** @param lines receives the trace; null: no trace is kept. */
export function runSeed(seed: number, lines: string[] | null = null): Result {
  const world = new CreditWorld(seed, lines)
  world.run()
  return { seed, violation: world.violation, counts: world.counts }
}
