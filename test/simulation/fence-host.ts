// The Durable Object namespace of the fences. It mirrors open-fence.ts, which needs workerd. An instance
// may be evicted at any point; its successor loads only what was durable.
import { acknowledged } from '../../src/coherence/acknowledged.ts'
import type { Fence, FenceAnswer, Floor, Since } from '../../src/coherence/fence.ts'
import type { FenceObject } from '../../src/coherence/fence-object.ts'
import { regionOfFence } from '../../src/coherence/regions.ts'
import type { D1 } from './d1.ts'
import { FenceInstance, type StoredFence } from './fence-instance.ts'
import { isInjected } from './mistake.ts'
import type { Act, Link, Network } from './network.ts'
import type { Scheduler } from './scheduler.ts'

export type FenceHostOptions = {
  newSkew(): number
  /** Reads and raises use separate links: a fence may be fast for one and slow for the other. */
  linkOf(region: string, kind: 'ask' | 'raise'): Link
  /** How many digests a full answer names. */
  maxTold: number
  /** Probability that a fence runs an older version that does not know a method. */
  oldVersion: number
  isRandom(probability: number): boolean
}

export class FenceHost {
  readonly fences = new Map<string, StoredFence>()
  readonly counts = { registered: 0, retired: 0, pruned: 0, reset: 0 }
  private epochs = 0
  private readonly scheduler: Scheduler
  private readonly network: Network
  private readonly d1: D1
  readonly options: FenceHostOptions

  constructor(scheduler: Scheduler, network: Network, d1: D1, options: FenceHostOptions) {
    this.scheduler = scheduler
    this.network = network
    this.d1 = d1
    this.options = options
  }

  /** The binding, as fences.ts uses it. */
  readonly namespace = {
    getByName: (name: string) => {
      const region = regionOfFence(name)
      const call = <T>(operation: string, detail: unknown, run: (fence: Fence) => T) =>
        this.network.call<T>(
          this.options.linkOf(region, operation === 'ask' ? 'ask' : 'raise'),
          `${operation} ${name}`,
          detail,
          (...reply) => this.serve(this.storedFence(name), run, reply),
        )
      return {
        ask: (since: Since | null, digest: string | null) => {
          const answer = call('ask', { since, digest }, (fence) => this.ask(fence, since, digest))
          // A renewal is behind the answer: it is not a call of the verification.
          const { current } = this.scheduler
          if (digest === null && current !== null) current.calls--
          return answer
        },
        hold: (raises: Floor[]) =>
          call('hold', raises, (fence) => {
            if (this.isOldVersion()) return 'unknown'
            fence.hold(raises)
            return acknowledged
          }),
        reset: () =>
          call('reset', '', (fence) => {
            if (this.isOldVersion()) return 'unknown'
            this.counts.reset++
            fence.reset()
            return acknowledged
          }),
      }
    },
  } as unknown as DurableObjectNamespace<FenceObject>

  /** open-fence.ts `ask`. */
  private ask(fence: Fence, since: Since | null, digest: string | null): FenceAnswer | null {
    const answer = fence.ask(since, digest)
    if (answer === null) void fence.register().catch(() => {})
    // As it is sent: later raises do not change it.
    return answer && { ...answer, floors: [...answer.floors] }
  }

  /** Writes that were not durable are lost, and held answers are never sent. */
  evict(name: string): void {
    const stored = this.fences.get(name)
    const instance = stored?.instance
    if (stored === undefined || instance == null) return
    stored.instance = null
    instance.evict()
    // The platform runs an interrupted alarm again.
    if (instance.isAlarmRunning) this.setAlarm(stored, this.scheduler.now + 2_000)
  }

  loseStorage(name: string): void {
    this.evict(name)
    const stored = this.fences.get(name)
    if (stored === undefined) return
    stored.base = null
    stored.floors.clear()
    stored.alarmAt = null
  }

  nextAlarm(): number | null {
    const times = [...this.fences.values()].flatMap(({ alarmAt }) => alarmAt ?? [])
    return times.length === 0 ? null : Math.min(...times)
  }

  isRegistered(name: string): boolean {
    const stored = this.fences.get(name)
    return stored !== undefined && this.instanceOf(stored).fence.isRegistered
  }

  private isOldVersion(): boolean {
    const is = this.options.oldVersion > 0 && this.options.isRandom(this.options.oldVersion)
    if (is) this.network.count('fence old version')
    return is
  }

  private storedFence(name: string): StoredFence {
    const present = this.fences.get(name)
    if (present !== undefined) return present
    const region = regionOfFence(name)
    const stored = { name, region, base: null, floors: new Map(), alarmAt: null, instance: null }
    this.fences.set(name, stored)
    return stored
  }

  private serve<T>(
    stored: StoredFence,
    run: (fence: Fence) => T,
    [answer, fail]: Parameters<Act<T>>,
  ): void {
    const { actor, fence, gate } = this.instanceOf(stored)
    this.scheduler.switchTo(actor)
    const value = run(fence)
    if (gate.isDurable || isInjected('answer-before-durable')) answer(value)
    else gate.hold({ release: () => answer(value), drop: () => fail(evicted) })
  }

  private instanceOf(stored: StoredFence): FenceInstance {
    const { counts } = this
    stored.instance ??= new FenceInstance(stored, {
      scheduler: this.scheduler,
      network: this.network,
      registry: this.countedRegistry(stored),
      skew: this.options.newSkew(),
      maxTold: this.options.maxTold,
      newEpoch: () => `epoch-${++this.epochs}`,
      setAlarm: (time) => this.setAlarm(stored, time),
      onPruned: (count) => {
        counts.pruned += count
      },
    })
    return stored.instance
  }

  private countedRegistry({ name, region }: StoredFence): ReturnType<D1['registry']> {
    const { counts } = this
    const { register, retire, ping } = this.d1.registry(name, region)
    return {
      ping,
      register: (nowMs) => {
        counts.registered++
        return register(nowMs)
      },
      retire: (seq) => {
        counts.retired++
        return retire(seq)
      },
    }
  }

  private setAlarm(stored: StoredFence, time: number): void {
    stored.alarmAt = time
    this.scheduler.after(time - this.scheduler.now, null, () => {
      if (stored.alarmAt !== time) return
      stored.alarmAt = null
      this.maintain(stored)
    })
  }

  private maintain(stored: StoredFence): void {
    const instance = this.instanceOf(stored)
    instance.isAlarmRunning = true
    this.scheduler.switchTo(instance.actor)
    void instance.fence.maintain().then(() => {
      // The alarm ends once its writes are durable.
      instance.gate.hold({
        release: () => {
          instance.isAlarmRunning = false
        },
        drop() {},
      })
    })
  }
}

const evicted = new Error('the object was evicted')
