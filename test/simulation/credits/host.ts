// A meter's Durable Object: the real Meter behind an output gate, with an alarm, evicted between any two steps.
import type { MeterTerms } from '../../../src/core/limits.ts'
import type { MeterState } from '../../../src/limits/decision.ts'
import {
  type MergedStorage,
  type MeterStore,
  mergeWrites,
} from '../../../src/limits/merged-writes.ts'
import {
  type ConsumeRequest,
  type CountAnswer,
  type CountRequest,
  Meter,
  type TopUpRequest,
  type Use,
} from '../../../src/limits/meter.ts'
import { isInjected } from '../mistake.ts'
import type { Act, Link, Network } from '../network.ts'
import { type Output, OutputGate } from '../output-gate.ts'
import { type Actor, noLag, type Scheduler } from '../scheduler.ts'
import type { Operation } from './ledger.ts'

export type HostContext = {
  scheduler: Scheduler
  network: Network
  link: Link
  newSkew(): number
  /** Called in the order in which operations became durable. */
  onDurable(operation: Operation | Counted): void
  /** Called when an answer reaches its client. */
  onReceived(operation: Operation | Counted): void
}

/** What isolates that decide by fast limits reported or asked. */
export type Counted = {
  kind: 'count'
  request: CountRequest
  answer: CountAnswer
  atMs: number
  isDurable: boolean
}

export class MeterHost {
  evictions = 0
  alarms = 0
  writes = 0
  /** The storage, which survives evictions. */
  private state = '{"buckets":[],"balance":null}'
  private readonly uses = new Map<string, Use>()
  private alarmAt: number | null = null
  private instance: MeterInstance | null = null
  private readonly context: HostContext

  constructor(context: HostContext) {
    this.context = context
  }

  /** The stub, as meters.ts uses it. */
  readonly stub = {
    take: (request: ConsumeRequest) =>
      this.call('take', request, (meter, atMs): Operation => {
        return { kind: 'take', request, answer: meter.take(request), atMs, isDurable: false }
      }),
    count: (request: CountRequest) =>
      this.call('count', request, (meter, atMs): Counted => {
        return { kind: 'count', request, answer: meter.count(request), atMs, isDurable: false }
      }),
    topUp: (request: TopUpRequest) =>
      this.call('topUp', request, (meter, atMs): Operation => {
        return { kind: 'topUp', request, answer: meter.topUp(request), atMs, isDurable: false }
      }),
  }

  /** A read without a network. */
  read(terms: MeterTerms) {
    return this.wake().meter.read(terms)
  }

  evict(): void {
    if (this.instance === null) return
    this.evictions++
    this.instance.evict()
    this.instance = null
  }

  private call<Each extends Operation | Counted>(
    name: string,
    request: ConsumeRequest | TopUpRequest | CountRequest,
    work: (meter: Meter, atMs: number) => Each,
  ): Promise<Each['answer']> {
    const { network, link, scheduler, onReceived } = this.context
    const act: Act<Each> = (answer, fail) => {
      const instance = this.wake()
      scheduler.switchTo(instance.actor)
      const operation = work(instance.meter, scheduler.clock())
      const release = () => {
        this.context.onDurable(operation)
        if (!isInjected('answer-before-durable')) answer(operation)
      }
      instance.answer({ release, drop: () => fail(new Error('the object was evicted')) })
      if (isInjected('answer-before-durable')) answer(operation)
    }
    return network.call<Each>(link, name, request, act).then((operation) => {
      onReceived(operation)
      return operation.answer
    })
  }

  private wake(): MeterInstance {
    this.instance ??= new MeterInstance(this.context, (instance) => this.storeOf(instance))
    return this.instance
  }

  private storeOf({ actor, gate, used }: MeterInstance): MeterStore {
    return {
      load: (): MeterState => {
        const { buckets, balance } = JSON.parse(this.state)
        return { buckets: new Map(buckets), balance }
      },
      save: ({ buckets, balance }, uses) => {
        this.writes++
        const state = JSON.stringify({ buckets: [...buckets], balance })
        gate.write(() => {
          this.state = state
          for (const [name, use] of uses) this.uses.set(name, use)
        })
        for (const [name, use] of uses) used.set(name, use)
      },
      synced: () => gate.synced(),
      abort: (cause) => {
        throw cause
      },
      findUse: (name) => used.get(name) ?? this.uses.get(name) ?? null,
      forgetUses: (untilMs) => {
        for (const uses of [this.uses, used]) {
          for (const [name, { atMs }] of uses) if (atMs <= untilMs) uses.delete(name)
        }
        return this.uses.size + used.size > 0
      },
      wakeAt: (timeMs) => gate.write(() => this.setAlarm(timeMs - actor.skew)),
      clear: async () => {
        gate.write(() => {
          this.state = '{"buckets":[],"balance":null}'
          this.uses.clear()
        })
      },
    }
  }

  /** As in open-meter.ts: an alarm that is already set is kept. */
  private setAlarm(trueTime: number): void {
    if (this.alarmAt !== null) return
    this.alarmAt = trueTime
    const { scheduler } = this.context
    scheduler.after(trueTime - scheduler.now, null, () => {
      this.alarmAt = null
      this.alarms++
      const instance = this.wake()
      scheduler.switchTo(instance.actor)
      void instance.meter.maintain()
    })
  }
}

/** The life of the object between two evictions. */
class MeterInstance {
  readonly meter: Meter
  readonly actor: Actor
  readonly gate: OutputGate
  /** Uses that are not durable yet, which this instance already sees. */
  readonly used = new Map<string, Use>()
  private readonly storage: MergedStorage
  /** Answers that wait until what they follow from is written. */
  private readonly unwritten = new Set<Output>()

  constructor(
    { scheduler, network, newSkew }: HostContext,
    storeOf: (instance: MeterInstance) => MeterStore,
  ) {
    const life = { crashProbability: 0, isAlive: true, clockMs: 0, calls: 0 }
    this.actor = { name: 'meter', skew: newSkew(), lag: noLag, ...life }
    this.gate = new OutputGate(scheduler, network, this.actor)
    this.storage = mergeWrites(storeOf(this))
    this.meter = new Meter(this.storage, scheduler.clock)
  }

  /** As meter-object.ts: an answer leaves once all that it follows from is written, through the gate. */
  answer(output: Output): void {
    this.unwritten.add(output)
    void Promise.resolve(this.storage.written()).then(() => {
      if (this.unwritten.delete(output)) this.gate.hold(output)
    })
  }

  evict(): void {
    this.actor.isAlive = false
    this.gate.dropAll()
    for (const { drop } of this.unwritten) drop()
    this.unwritten.clear()
  }
}
