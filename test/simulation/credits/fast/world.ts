// One seed of fast limits: a meter, the isolates that decide from what they know of it, and what can happen to both.
import type { MeterTerms, Window } from '../../../../src/core/limits.ts'
import { callMeter } from '../../../../src/limits/call-meter.ts'
import { FastMeters } from '../../../../src/limits/fast-meters.ts'
import type { CountRequest } from '../../../../src/limits/meter.ts'
import type { MeterObject } from '../../../../src/limits/meter-object.ts'
import { BaseWorld } from '../../base-world.ts'
import type { Result } from '../../histories.ts'
import { createRandom, type Random } from '../../random.ts'
import { noLag } from '../../scheduler.ts'
import { type Counted, MeterHost } from '../host.ts'
import { type Pass, PassLog } from './pass-log.ts'

type Swarm = ReturnType<typeof drawSwarm>

function drawSwarm(random: Random) {
  const isFaulty = random.is(0.7)
  const rate = (probability: number) => (isFaulty && random.is(0.4) ? probability : 0)
  const mode = 'fast' as const
  const windows: Window[] = [
    { name: 'default', limit: 1 + random.int(30), windowSeconds: 1 + random.int(60), mode },
    { name: 'hour', limit: 1 + random.int(60), windowSeconds: 3_600, mode },
  ]
  return {
    windows: random.is(0.7) ? windows.slice(0, 1) : windows,
    isolates: 1 + random.int(4),
    callersEach: 1 + random.int(3),
    turns: 5 + random.int(30),
    pauseMs: random.one([3, 30, 300, 1_500, 8_000]),
    evictsMeter: random.is(0.5),
    evictsIsolates: random.is(0.4),
    usualDelayMs: random.one([2, 30, 400]),
    faultRates: {
      slow: rate(0.2),
      refused: rate(0.1),
      replyLost: rate(0.2),
      dropped: rate(0.1),
      unanswered: rate(0.1),
      late: rate(0.1),
    },
  }
}

/** The life of an isolate between two evictions. */
type Isolate = {
  meters: FastMeters
  isAlive: boolean
  /** Passed, and in no report. */
  passes: Pass[]
  /** A pass that was reported in the turn that decided it, before its client has the answer. */
  early: Pass | null
}

/** A call of the meter: whose it is until it is given up, what it reports, and the pass that it asks for. */
type Report = { isolate: Isolate | null; sentAt: number; passes: Pass[]; asked: Pass | null }

class FastWorld extends BaseWorld {
  private readonly swarm: Swarm
  private readonly host: MeterHost
  private readonly namespace: DurableObjectNamespace<MeterObject>
  private readonly terms: MeterTerms
  private readonly log: PassLog
  private readonly isolates: Isolate[]
  private readonly reports = new WeakMap<CountRequest, Report>()

  constructor(seed: number, lines: string[] | null) {
    const random = createRandom(seed)
    const swarm = drawSwarm(random)
    super(random, Date.UTC(2028, 1, 28), swarm.usualDelayMs, lines)
    this.swarm = swarm
    this.terms = { windows: swarm.windows, credits: null }
    this.log = new PassLog(swarm.windows)
    this.host = new MeterHost({
      scheduler: this.scheduler,
      network: this.network,
      link: this.network.link('meter', 3_000, swarm.faultRates),
      newSkew: () => 0,
      onDurable: (operation) => operation.kind === 'count' && this.commit(operation),
      onReceived() {},
    })
    const namespace = { getByName: () => this.host.stub }
    this.namespace = namespace as unknown as DurableObjectNamespace<MeterObject>
    this.isolates = Array.from({ length: swarm.isolates }, () => this.openIsolate())
  }

  run(): void {
    for (const [at] of this.isolates.entries()) {
      for (let caller = 0; caller < this.swarm.callersEach; caller++) {
        this.start(`isolate${at}`, () => this.runCaller(at))
      }
    }
    this.start('operator', () => this.runOperator())
    this.runScripts()
    if (this.violation === null) this.checkNothingLost()
    this.counts.events = this.scheduler.events
    this.counts['fault: evictions of the meter'] = this.host.evictions
    for (const [fault, count] of Object.entries(this.network.faults)) {
      this.counts[`fault: ${fault}`] = count
    }
  }

  /** Its clock differs from the meter's by up to ten minutes. */
  private openIsolate(): Isolate {
    const skewMs = this.random.int(1_200_000) - 600_000
    const meters = new FastMeters(() => this.scheduler.now + skewMs)
    return { meters, isAlive: true, passes: [], early: null }
  }

  private start(name: string, script: () => Promise<void>): void {
    const life = { crashProbability: 0, isAlive: true, clockMs: 0, calls: 0 }
    this.startScript({ name, skew: 0, lag: noLag, ...life }, script)
  }

  private async runCaller(at: number): Promise<void> {
    for (let turn = 0; turn < this.swarm.turns; turn++) {
      await this.pause(this.random.int(this.swarm.pauseMs))
      await this.request(this.isolates[at] as Isolate)
    }
  }

  private async request(isolate: Isolate): Promise<void> {
    let isAsked = false
    let hasPassed = false
    const answering = isolate.meters.take('meter', this.terms, {
      count: async (request) => {
        isAsked ||= request.asks
        const answer = await this.call(isolate, request)
        if (request.asks && 'result' in answer) hasPassed = answer.result?.outcome === 'passed'
        return answer
      },
      waitUntil() {},
      sleep: (ms) => this.pause(ms),
    })
    const { outcome } = await answering
    this.count(outcome)
    this.trace?.('client', 'receives', outcome)
    if (outcome === 'passed' && isAsked && !hasPassed) {
      this.fail('nothing passes for want of an answer', 'the meter did not let it pass')
    }
    if (outcome !== 'passed' || isAsked) return
    this.count('passed without a call before')
    const pass = isolate.early ?? this.log.add(isolate, this.scheduler.now)
    if (isolate.early === null) isolate.passes.push(pass)
    isolate.early = null
    const broken = this.log.checkLocal(pass)
    if (broken !== null) this.fail('the bound', broken)
  }

  /** As worker/fast-meters.ts; the calls of an isolate that was evicted do not leave it. */
  private async call(isolate: Isolate, request: CountRequest) {
    const missing = request.passed - isolate.passes.length
    if (missing > 1 || (missing === 1 && isolate.early !== null)) {
      this.fail('only what passed is reported', `${missing} more`)
    }
    if (missing === 1) {
      isolate.early = this.log.add(isolate, this.scheduler.now)
      isolate.passes.push(isolate.early)
    }
    const passes = isolate.passes.splice(0, request.passed)
    const sentAt = this.scheduler.now
    const report: Report = { isolate, sentAt, passes, asked: null }
    this.reports.set(request, report)
    const answer = await callMeter(this.namespace, 'meter', async (stub) =>
      isolate.isAlive ? await stub.count(request) : new Promise<never>(() => {}),
    )
    if ('outcome' in answer) {
      isolate.passes.unshift(...passes)
      // Its client received 503, whatever the meter decides.
      report.isolate = null
      if (report.asked !== null) report.asked.isolate = null
    }
    return answer
  }

  /** What a durable call of the meter counted, and the request that it let pass. */
  private commit({ request, answer, atMs }: Counted): void {
    const report = this.reports.get(request)
    if (report === undefined) return
    for (const pass of report.passes) pass.countedAt = Math.min(pass.countedAt, this.scheduler.now)
    if (answer.result?.outcome !== 'passed') return
    const pass = this.log.add(report.isolate, atMs)
    report.asked = pass
    pass.countedAt = this.scheduler.now
    const broken = this.log.checkAsked(pass, report.sentAt)
    if (broken !== null) this.fail('the meter is exact', broken)
  }

  private async runOperator(): Promise<void> {
    const { swarm, random } = this
    for (let turn = 0; turn < 20; turn++) {
      await this.pause(random.int(swarm.pauseMs * 2))
      if (swarm.evictsMeter && random.is(0.5)) this.host.evict()
      if (!swarm.evictsIsolates || !random.is(0.3)) continue
      const at = random.int(this.isolates.length)
      const isolate = this.isolates[at] as Isolate
      isolate.isAlive = false
      this.isolates[at] = this.openIsolate()
      this.count('fault: evictions of isolates')
    }
  }

  /** After the faults, one more request of each isolate reports all that it let pass. */
  private checkNothingLost(): void {
    this.network.stopFaults()
    this.start('at the end', async () => {
      await this.pause(20_000)
      for (const isolate of this.isolates) await this.request(isolate)
      await this.pause(20_000)
      const left = this.isolates.flatMap(({ passes }) => passes)
      const uncounted = left.filter(({ countedAt }) => countedAt === Number.POSITIVE_INFINITY)
      if (uncounted.length > 0) this.fail('nothing is lost', `${uncounted.length} never reported`)
    })
    this.runScripts()
  }
}

/** @param lines receives the trace; null: no trace is kept. */
export function runSeed(seed: number, lines: string[] | null = null): Result {
  const counts: Record<string, number> = {}
  // A history is short: six of them make one seed.
  for (let part = 0; part < 6; part++) {
    const world = new FastWorld(seed * 6 + part, lines)
    world.run()
    for (const [name, count] of Object.entries(world.counts)) {
      counts[name] = (counts[name] ?? 0) + count
    }
    if (world.violation !== null) return { seed, violation: world.violation, counts }
  }
  return { seed, violation: null, counts }
}
