// Durable Objects: the real Fence over storage that is durable before an answer leaves. Mirrors
// fence-object.ts, which needs workerd. An instance may vanish at any point, and the next one knows only
// what was durable.
import {
  acknowledged,
  Fence,
  type FenceBase,
  type FenceStorage,
  type Floor,
  type Raise,
} from '../../src/coherence/fence.ts'
import type { FenceObject } from '../../src/coherence/fence-object.ts'
import { regionOfFence } from '../../src/coherence/regions.ts'
import type { D1 } from './d1.ts'
import { isMade } from './mistake.ts'
import type { Act, Link, Network } from './network.ts'
import { type Actor, noLag, type Scheduler } from './scheduler.ts'

/** What waits until the writes before it are durable; `drop` when they never will be. */
type Held = { release(): void; drop(): void }

type Instance = {
  fence: Fence
  actor: Actor
  unsaved: (() => void)[]
  held: Held[]
  isTending: boolean
}

type Host = {
  name: string
  region: string
  base: FenceBase | null
  floors: Map<string, Floor>
  alarmAt: number | null
  instance: Instance | null
}

export type HouseOptions = {
  newSkew(): number
  /** Questions and raises travel apart: a fence may be quick for one and slow for the other. */
  linkOf(region: string, kind: 'bar' | 'raise'): Link
  /** How likely a fence is an older deployment that does not know a call. */
  foreign: number
  isChance(probability: number): boolean
}

export class FenceHouse {
  readonly hosts = new Map<string, Host>()
  readonly counts = { registered: 0, retired: 0, pruned: 0, reset: 0 }
  private readonly scheduler: Scheduler
  private readonly network: Network
  private readonly d1: D1
  readonly options: HouseOptions

  constructor(scheduler: Scheduler, network: Network, d1: D1, options: HouseOptions) {
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
          this.options.linkOf(regionOfFence(name), operation === 'bar' ? 'bar' : 'raise'),
          `${operation} ${name}`,
          detail,
          (...reply) => this.serve(this.hostOf(name), run, reply),
        )
      return {
        bar: (digest: string) => ask('bar', digest, (fence) => this.bar(fence, digest)),
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

  /** fence-object.ts `bar`. */
  private bar(fence: Fence, digest: string): number | null {
    const bar = fence.bar(digest)
    if (bar === null) void fence.register().catch(() => {})
    return bar
  }

  /** The instance vanishes: what it had not made durable never was, and nobody hears from it. */
  evict(name: string): void {
    const host = this.hosts.get(name)
    const instance = host?.instance
    if (host === undefined || instance == null) return
    instance.actor.isAlive = false
    host.instance = null
    for (const { drop } of instance.held) drop()
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
    const is = this.options.foreign > 0 && this.options.isChance(this.options.foreign)
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
    if (instance.unsaved.length === 0 || isMade('answer-before-durable')) answer(value)
    else this.hold(host, instance, { release: () => answer(value), drop: () => fail(lost) })
  }

  /** The output gate: nothing leaves the object before all that was written is durable. */
  private hold(host: Host, instance: Instance, held: Held): void {
    instance.held.push(held)
    if (instance.held.length > 1) return
    this.scheduler.after(this.network.delay(), instance.actor, () => this.flush(host, instance))
  }

  private flush(_host: Host, instance: Instance): void {
    const { unsaved, held } = instance
    instance.unsaved = []
    instance.held = []
    for (const save of unsaved) save()
    for (const { release } of held) release()
  }

  private awake(host: Host): Instance {
    if (host.instance !== null) return host.instance
    const actor: Actor = {
      name: host.name,
      skew: this.options.newSkew(),
      lag: noLag,
      mortality: 0,
      isAlive: true,
      shown: 0,
      calls: 0,
    }
    const instance = { actor, unsaved: [], held: [], isTending: false } as unknown as Instance
    const registry = this.watched(
      this.d1.registry(host.name, host.region, () => this.gate(host, instance)),
    )
    instance.fence = new Fence(this.storageOf(host, instance), registry, this.scheduler.clock)
    host.instance = instance
    return instance
  }

  private gate(host: Host, instance: Instance): Promise<void> {
    if (instance.unsaved.length === 0) return Promise.resolve()
    return new Promise((release) => this.hold(host, instance, { release, drop() {} }))
  }

  private watched(registry: ReturnType<D1['registry']>): ReturnType<D1['registry']> {
    const { register, retire, ping } = registry
    return {
      ping,
      register: (nowMs) => {
        this.counts.registered++
        return register(nowMs)
      },
      retire: (seq) => {
        this.counts.retired++
        return retire(seq)
      },
    }
  }

  private storageOf(host: Host, instance: Instance): FenceStorage {
    const save = (write: () => void) => {
      instance.unsaved.push(write)
      // Also what nobody waits for becomes durable in a moment.
      if (instance.held.length === 0) this.hold(host, instance, { release() {}, drop() {} })
    }
    const none = { minSeq: null, registeredSeq: null, askedAt: 0 }
    return {
      load: () => ({ ...(host.base ?? none), floors: new Map(host.floors) }),
      saveBase: (base) =>
        save(() => {
          host.base = base
        }),
      saveFloor: (digest, floor) => save(() => void host.floors.set(digest, floor)),
      removeFloors: (digests) => {
        if (instance.fence.isRegistered) this.counts.pruned += digests.length
        const gone = [...digests]
        save(() => {
          for (const digest of gone) host.floors.delete(digest)
        })
      },
      wakeAt: (time) =>
        save(() => {
          if (host.alarmAt === null) this.setAlarm(host, time - instance.actor.skew)
        }),
    }
  }

  private setAlarm(host: Host, time: number): void {
    host.alarmAt = time
    this.scheduler.after(time - this.scheduler.now, null, () => {
      if (host.alarmAt !== time) return
      host.alarmAt = null
      this.tend(host)
    })
  }

  private tend(host: Host): void {
    const instance = this.awake(host)
    instance.isTending = true
    this.scheduler.become(instance.actor)
    void instance.fence.tend().then(() => {
      instance.isTending = false
    })
  }
}

const lost = new Error('the object was evicted')
