// A meter as the platform runs it: the real Meter, an output gate, evictions between any two steps, an
// alarm. What is not durable when an instance vanishes never was, and nobody hears of it.
import type { MeterTerms } from '../../../src/core/limits.ts'
import type { MeterState } from '../../../src/limits/decision.ts'
import {
  type ConsumeRequest,
  Meter,
  type MeterStorage,
  type TopUpRequest,
  type Use,
} from '../../../src/limits/meter.ts'
import { isMade } from '../mistake.ts'
import type { Link, Network } from '../network.ts'
import { type Actor, noLag, type Scheduler } from '../scheduler.ts'
import type { Op } from './ledger.ts'

type Held = { release(): void; drop(): void }

export type Around = {
  scheduler: Scheduler
  network: Network
  link: Link
  newSkew(): number
  /** What became durable, in its order. */
  onDurable(op: Op): void
  /** What an answer that reaches a client was about. */
  onHeard(op: Op): void
}

export class MeterHost {
  evictions = 0
  alarms = 0
  /** What survives: SQLite. */
  private state = '{"fillings":[],"balance":null}'
  private readonly uses = new Map<string, Use>()
  private alarmAt: number | null = null
  private life: Life | null = null
  private readonly around: Around

  constructor(around: Around) {
    this.around = around
  }

  /** As a binding of this object is called. */
  readonly stub = {
    take: (asked: ConsumeRequest) =>
      this.call('take', asked, (meter, atMs): Op => {
        return { kind: 'take', asked, answer: meter.take(asked), atMs, isDurable: false }
      }),
    topUp: (asked: TopUpRequest) =>
      this.call('topUp', asked, (meter, atMs): Op => {
        return { kind: 'topUp', asked, answer: meter.topUp(asked), atMs, isDurable: false }
      }),
  }

  /** What is left, asked by nobody who could fail. */
  read(terms: MeterTerms) {
    return this.wake().meter.read(terms)
  }

  evict(): void {
    if (this.life === null) return
    this.evictions++
    this.life.vanish()
    this.life = null
  }

  private call(
    name: string,
    asked: ConsumeRequest | TopUpRequest,
    work: (meter: Meter, atMs: number) => Op,
  ) {
    const { network, link, scheduler, onHeard } = this.around
    const act = (answer: (op: Op) => void, fail: (error: Error) => void) => {
      const life = this.wake()
      scheduler.become(life.actor)
      const op = work(life.meter, scheduler.clock())
      const release = () => {
        this.around.onDurable(op)
        if (!isMade('answer-before-durable')) answer(op)
      }
      life.hold({ release, drop: () => fail(new Error('the object was reset')) })
      if (isMade('answer-before-durable')) answer(op)
    }
    return network.call<Op>(link, name, asked, act).then((op) => {
      onHeard(op)
      return op.answer
    })
  }

  private wake(): Life {
    this.life ??= new Life(this.around, (life) => this.storageOf(life))
    return this.life
  }

  private storageOf(life: Life): MeterStorage {
    return {
      load: (): MeterState => {
        const { fillings, balance } = JSON.parse(this.state)
        return { fillings: new Map(fillings), balance }
      },
      save: ({ fillings, balance }, use) => {
        const state = JSON.stringify({ fillings: [...fillings], balance })
        life.write(() => {
          this.state = state
          if (use) this.uses.set(use.name, { credits: use.credits, atMs: use.atMs })
        })
        if (use) life.used.set(use.name, { credits: use.credits, atMs: use.atMs })
      },
      findUse: (name) => life.used.get(name) ?? this.uses.get(name) ?? null,
      forgetUses: (untilMs) => {
        const [held, own] = [this.uses, life.used]
        for (const uses of [held, own]) {
          for (const [name, { atMs }] of uses) if (atMs <= untilMs) uses.delete(name)
        }
        return held.size + own.size > 0
      },
      wakeAt: (timeMs) => life.write(() => this.setAlarm(timeMs - life.actor.skew)),
      clear: async () => {
        life.write(() => {
          this.state = '{"fillings":[],"balance":null}'
          this.uses.clear()
        })
      },
    }
  }

  /** meter-object.ts: an alarm that is already set comes soon enough. */
  private setAlarm(trueTime: number): void {
    if (this.alarmAt !== null) return
    this.alarmAt = trueTime
    const { scheduler } = this.around
    scheduler.after(trueTime - scheduler.now, null, () => {
      this.alarmAt = null
      this.alarms++
      const life = this.wake()
      scheduler.become(life.actor)
      void life.meter.maintain()
    })
  }
}

/** From one eviction to the next. */
class Life {
  readonly meter: Meter
  readonly actor: Actor
  /** Uses that are not durable yet, which the object sees all the same. */
  readonly used = new Map<string, Use>()
  private unsaved: (() => void)[] = []
  private held: Held[] = []
  private readonly around: Around

  constructor(around: Around, storageOf: (life: Life) => MeterStorage) {
    this.around = around
    const skew = around.newSkew()
    const life = { mortality: 0, isAlive: true, shown: 0, calls: 0 }
    this.actor = { name: 'meter', skew, lag: noLag, ...life }
    this.meter = new Meter(storageOf(this), around.scheduler.clock)
  }

  write(save: () => void): void {
    this.unsaved.push(save)
    if (this.held.length === 0) this.hold({ release() {}, drop() {} })
  }

  /** Leaves the object once all that was written until now is durable. */
  hold(held: Held): void {
    this.held.push(held)
    if (this.held.length > 1) return
    const { scheduler, network } = this.around
    scheduler.after(network.delay(), this.actor, () => {
      const { unsaved, held } = this
      this.unsaved = []
      this.held = []
      for (const save of unsaved) save()
      for (const { release } of held) release()
    })
  }

  vanish(): void {
    this.actor.isAlive = false
    for (const { drop } of this.held) drop()
  }
}
