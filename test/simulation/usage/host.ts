// A usage object: the real ledger and reads behind an output gate, with an alarm, evicted between any two steps.
import { within } from '../../../src/storage/unavailable.ts'
import type { UsageBounds } from '../../../src/usage/bounds.ts'
import { UsageLedger } from '../../../src/usage/ledger.ts'
import type { Change } from '../../../src/usage/ledger-storage.ts'
import { endOfMonth, parseName } from '../../../src/usage/shards.ts'
import type { stored, UsagePart } from '../../../src/usage/usage-calls.ts'
import { createReads } from '../../../src/usage/usage-reads.ts'
import type { Link, Network } from '../network.ts'
import { OutputGate } from '../output-gate.ts'
import { type Actor, noLag, type Scheduler } from '../scheduler.ts'
import { Content, StorageDouble } from './storage.ts'

/** Of a page of totals: more than a value has days in a history, and few enough for several pages. */
const rowsInPage = 8

export type HostContext = {
  scheduler: Scheduler
  network: Network
  link: Link
  d1: Link
  bounds: UsageBounds
  newSkew(): number
  transactionFails(): boolean
  /** An alarm whose handler was evicted runs again, or is lost. */
  alarmIsLost(): boolean
  /** What D1 does with the uses. */
  raise(uses: [string, number][]): void
  onFolded(change: Change): void
  count(what: string): void
  fail(rule: string, detail: string): void
}

export class UsageHost {
  readonly durable = new Content()
  /** Ids whose parts are stored, by what the object answered. */
  readonly durableIds = new Set<string>()
  /** By account: ids that were stored when it said that nothing is left. */
  readonly forgotten = new Map<string, Set<string>>()
  alarmAt: number | null = null
  private alarmVersion = 0
  private instance: UsageInstance | null = null
  readonly name: string
  private readonly context: HostContext

  constructor(name: string, context: HostContext) {
    this.name = name
    this.context = context
  }

  /** A call over the network. */
  add(parts: UsagePart[]): Promise<typeof stored> {
    return this.call(
      'add',
      parts.map(({ id }) => id),
      (instance) => {
        const before = instance.ledger.keyDays
        const answer = instance.ledger.add(structuredClone(parts))
        const isOver = before >= this.context.bounds.keyDaysHeld
        if (isOver && instance.ledger.keyDays > before) {
          this.context.fail('memory is bounded', this.name)
        }
        for (const { id } of parts) instance.ids.add(id)
        return { answer, onDurable: () => parts.forEach(({ id }) => void this.durableIds.add(id)) }
      },
    )
  }

  forget(accountId: string): Promise<boolean> {
    return this.call('forget', accountId, (instance) => {
      const answer = instance.ledger.forget(accountId)
      const ids = new Set(instance.ids)
      if (answer && instance.holds(accountId)) {
        this.context.fail('nothing is left once it is said so', `${this.name} ${accountId}`)
      }
      const onDurable = () => void (answer && this.forgotten.set(accountId, ids))
      return { answer, onDurable }
    })
  }

  /** Reads what the instance sees, without a network. */
  read() {
    return this.wake().reads
  }

  evict(): void {
    const { instance } = this
    if (instance === null) return
    this.context.count('fault: evictions')
    instance.evict()
    this.instance = null
    if (!instance.isAlarmRunning || this.alarmAt !== null || this.context.alarmIsLost()) return
    this.setAlarm(this.context.scheduler.now + 2_000)
  }

  private call<Answer>(
    operation: string,
    detail: unknown,
    work: (instance: UsageInstance) => { answer: Answer; onDurable(): void },
  ): Promise<Answer> {
    const { network, link, scheduler } = this.context
    return network.call<Answer>(link, `${operation} ${this.name}`, detail, (answer, fail) => {
      const instance = this.wake()
      scheduler.switchTo(instance.actor)
      const drop = () => fail(new Error('the object was evicted'))
      try {
        const result = work(instance)
        const release = () => {
          result.onDurable()
          answer(result.answer)
        }
        instance.gate.hold({ release, drop })
      } catch (error) {
        this.context.count(`${operation} refused`)
        instance.gate.hold({ release: () => fail(error as Error), drop })
      }
    })
  }

  private wake(): UsageInstance {
    this.instance ??= new UsageInstance(this, this.context, (time) => this.setAlarm(time))
    return this.instance
  }

  /** An alarm that is set replaces the one before. */
  private setAlarm(trueTime: number): void {
    const { scheduler } = this.context
    const version = ++this.alarmVersion
    this.alarmAt = trueTime
    scheduler.after(trueTime - scheduler.now, null, () => {
      if (version !== this.alarmVersion) return
      this.alarmAt = null
      this.context.count('alarms')
      const instance = this.wake()
      scheduler.switchTo(instance.actor)
      instance.isAlarmRunning = true
      void instance.ledger.maintain().then(() => {
        instance.isAlarmRunning = false
      })
    })
  }
}

/** The life of the object between two evictions. */
class UsageInstance {
  readonly ledger: UsageLedger
  readonly reads: ReturnType<typeof createReads>
  readonly actor: Actor
  readonly gate: OutputGate
  readonly ids: Set<string>
  isAlarmRunning = false
  private readonly storage: StorageDouble
  private readonly context: HostContext

  constructor(host: UsageHost, context: HostContext, setAlarm: (trueTime: number) => void) {
    const { scheduler, network, transactionFails, onFolded, bounds } = context
    const life = { crashProbability: 0, isAlive: true, clockMs: scheduler.now, calls: 0 }
    this.context = context
    this.ids = new Set(host.durableIds)
    this.actor = { name: host.name, skew: context.newSkew(), lag: noLag, ...life }
    this.gate = new OutputGate(scheduler, network, this.actor)
    const { skew } = this.actor
    this.storage = new StorageDouble({
      durable: host.durable,
      write: (save) => this.gate.write(save),
      fails: transactionFails,
      alarmAt: host.alarmAt === null ? null : host.alarmAt + skew,
      wakeAt: (timeMs) => this.gate.write(() => setAlarm(timeMs - skew)),
      onDurable: (change) => onFolded(change),
    })
    this.ledger = new UsageLedger(this.storage, {
      endsAt: endOfMonth(parseName(host.name).month),
      // Its own clock, whoever reads it.
      now: () => scheduler.now + skew,
      raiseLastUsed: (uses) => this.raiseLastUsed(uses),
      report: () => context.count('folds failed'),
      bounds,
    })
    this.reads = createReads(this.storage, () => this.ledger.layers, rowsInPage)
  }

  holds(accountId: string): boolean {
    const isCounted = this.ledger.layers.some(({ accounts }) => accounts.has(accountId))
    return isCounted || this.storage.content.holds(accountId)
  }

  evict(): void {
    this.actor.isAlive = false
    this.gate.dropAll()
  }

  /** As last-uses.ts: some keys a statement, behind the output gate. */
  private async raiseLastUsed(uses: [string, number][]): Promise<void> {
    const { network, d1, raise } = this.context
    for (let at = 0; at < uses.length; at += 2) {
      const list = uses.slice(at, at + 2)
      await new Promise<void>((release) => this.gate.hold({ release, drop() {} }))
      const call = network.call<null>(d1, 'raise', list, (answer) => {
        raise(list)
        answer(null)
      })
      await within('D1', 20_000, call)
    }
  }
}
