// Durable Objects by name, as the binding gives them: mirrors fence-object.ts, which needs workerd. An
// instance may vanish at any point, and the next one knows only what was durable.
import { acknowledged, type Fence, type Raise } from '../../src/coherence/fence.ts'
import type { FenceObject } from '../../src/coherence/fence-object.ts'
import { regionOfFence } from '../../src/coherence/regions.ts'
import type { D1 } from './d1.ts'
import { type Host, Instance } from './fence-instance.ts'
import { isMade } from './mistake.ts'
import type { Act, Link, Network } from './network.ts'
import type { Scheduler } from './scheduler.ts'

export type TestAppOptions = {
  newSkew(): number
  /** Questions and raises travel apart: a fence may be quick for one and slow for the other. */
  linkOf(region: string, kind: 'requiredSeq' | 'raise'): Link
  /** How likely a fence is an older deployment that does not know a call. */
  foreign: number
  isRandom(probability: number): boolean
}

export class FenceHost {
  readonly hosts = new Map<string, Host>()
  readonly counts = { registered: 0, retired: 0, pruned: 0, reset: 0 }
  private readonly scheduler: Scheduler
  private readonly network: Network
  private readonly d1: D1
  readonly options: TestAppOptions

  constructor(scheduler: Scheduler, network: Network, d1: D1, options: TestAppOptions) {
    this.scheduler = scheduler
    this.network = network
    this.d1 = d1
    this.options = options
  }

  /** The binding, as fences.ts uses it. */
  readonly namespace = {
    getByName: (name: string) => {
      const ask = <T>(operation: string, detail: unknown, run: (fence: Fence) => T) =>
        this.network.call<T>(
          this.options.linkOf(
            regionOfFence(name),
            operation === 'requiredSeq' ? 'requiredSeq' : 'raise',
          ),
          `${operation} ${name}`,
          detail,
          (...reply) => this.serve(this.hostOf(name), run, reply),
        )
      return {
        requiredSeq: (digest: string) =>
          ask('requiredSeq', digest, (fence) => this.requiredSeq(fence, digest)),
        raise: (raises: Raise[]) =>
          ask('raise', raises, (fence) => {
            if (this.isForeign()) return 'unknown'
            fence.raise(raises)
            return acknowledged
          }),
        reset: () =>
          ask('reset', '', (fence) => {
            if (this.isForeign()) return 'unknown'
            this.counts.reset++
            fence.reset()
            return acknowledged
          }),
      }
    },
  } as unknown as DurableObjectNamespace<FenceObject>

  /** fence-object.ts `requiredSeq`. */
  private requiredSeq(fence: Fence, digest: string): number | null {
    const requiredSeq = fence.requiredSeq(digest)
    if (requiredSeq === null) void fence.register().catch(() => {})
    return requiredSeq
  }

  /** The instance vanishes: what it had not made durable never was, and nobody hears from it. */
  evict(name: string): void {
    const host = this.hosts.get(name)
    const instance = host?.instance
    if (host === undefined || instance == null) return
    host.instance = null
    instance.vanish()
    // An alarm that did not come to its end rings again.
    if (instance.isTending) this.setAlarm(host, this.scheduler.now + 2_000)
  }

  loseStorage(name: string): void {
    this.evict(name)
    const host = this.hosts.get(name)
    if (host === undefined) return
    host.base = null
    host.floors.clear()
    host.alarmAt = null
  }

  nextAlarm(): number | null {
    const times = [...this.hosts.values()].flatMap(({ alarmAt }) => alarmAt ?? [])
    return times.length === 0 ? null : Math.min(...times)
  }

  isRegistered(name: string): boolean {
    const host = this.hosts.get(name)
    return host !== undefined && this.awake(host).fence.isRegistered
  }

  private isForeign(): boolean {
    const is = this.options.foreign > 0 && this.options.isRandom(this.options.foreign)
    if (is) this.network.count('fence foreign')
    return is
  }

  private hostOf(name: string): Host {
    const present = this.hosts.get(name)
    if (present !== undefined) return present
    const region = regionOfFence(name)
    const host = { name, region, base: null, floors: new Map(), alarmAt: null, instance: null }
    this.hosts.set(name, host)
    return host
  }

  private serve<T>(host: Host, run: (fence: Fence) => T, [answer, fail]: Parameters<Act<T>>): void {
    const instance = this.awake(host)
    this.scheduler.become(instance.actor)
    const value = run(instance.fence)
    if (instance.isDurable || isMade('answer-before-durable')) answer(value)
    else instance.hold({ release: () => answer(value), drop: () => fail(lost) })
  }

  private awake(host: Host): Instance {
    const { counts } = this
    host.instance ??= new Instance(host, {
      scheduler: this.scheduler,
      network: this.network,
      registry: this.counted(this.d1.registry(host.name, host.region)),
      skew: this.options.newSkew(),
      setAlarm: (time) => this.setAlarm(host, time),
      onPruned: (count) => {
        counts.pruned += count
      },
    })
    return host.instance
  }

  private counted({
    register,
    retire,
    ping,
  }: ReturnType<D1['registry']>): ReturnType<D1['registry']> {
    const { counts } = this
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

  private setAlarm(host: Host, time: number): void {
    host.alarmAt = time
    this.scheduler.after(time - this.scheduler.now, null, () => {
      if (host.alarmAt !== time) return
      host.alarmAt = null
      this.maintain(host)
    })
  }

  private maintain(host: Host): void {
    const instance = this.awake(host)
    instance.isTending = true
    this.scheduler.become(instance.actor)
    void instance.fence.maintain().then(() => {
      // The alarm is over when what it wrote is durable.
      instance.hold({
        release: () => {
          instance.isTending = false
        },
        drop() {},
      })
    })
  }
}

const lost = new Error('the object was evicted')
