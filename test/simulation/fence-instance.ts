// One life of a Durable Object: the real Fence, and the output gate. Nothing leaves the object before all
// that was written until then is durable; what is not durable when it vanishes never was.
import { Fence, type FenceBase, type FenceStorage, type Floor } from '../../src/coherence/fence.ts'
import type { D1 } from './d1.ts'
import type { Network } from './network.ts'
import { type Actor, noLag, type Scheduler } from './scheduler.ts'

/** What survives: the object's storage and its alarm. */
export type Host = {
  name: string
  region: string
  base: FenceBase | null
  floors: Map<string, Floor>
  alarmAt: number | null
  instance: Instance | null
}

/** What waits until the writes before it are durable; `drop` when they never will be. */
type Held = { release(): void; drop(): void }

type CallContext = {
  scheduler: Scheduler
  network: Network
  registry: ReturnType<D1['registry']>
  skew: number
  setAlarm(time: number): void
  onPruned(count: number): void
}

export class Instance {
  readonly fence: Fence
  readonly actor: Actor
  isTending = false
  private unsaved: (() => void)[] = []
  private held: Held[] = []
  private readonly scheduler: Scheduler
  private readonly network: Network

  constructor(host: Host, { registry, skew, ...around }: CallContext) {
    const { name } = host
    const life = { mortality: 0, isAlive: true, shown: 0, calls: 0 }
    this.actor = { name, skew, lag: noLag, ...life }
    this.scheduler = around.scheduler
    this.network = around.network
    this.fence = new Fence(this.storageOf(host, around), this.gated(registry), this.scheduler.clock)
  }

  get isDurable(): boolean {
    return this.unsaved.length === 0
  }

  hold(held: Held): void {
    this.held.push(held)
    if (this.held.length > 1) return
    this.scheduler.after(this.network.delay(), this.actor, () => this.flush())
  }

  vanish(): void {
    this.actor.isAlive = false
    for (const { drop } of this.held) drop()
  }

  private flush(): void {
    const { unsaved, held } = this
    this.unsaved = []
    this.held = []
    for (const save of unsaved) save()
    for (const { release } of held) release()
  }

  /** D1, too, hears of nothing that the object could still lose. */
  private gated({
    register,
    retire,
    ping,
  }: ReturnType<D1['registry']>): ReturnType<D1['registry']> {
    const gate = () =>
      this.isDurable
        ? Promise.resolve()
        : new Promise<void>((release) => this.hold({ release, drop() {} }))
    return {
      register: (nowMs) => gate().then(() => register(nowMs)),
      retire: (seq) => gate().then(() => retire(seq)),
      ping: () => gate().then(ping),
    }
  }

  private save(write: () => void): void {
    this.unsaved.push(write)
    // Also what nobody waits for becomes durable in a moment.
    if (this.held.length === 0) this.hold({ release() {}, drop() {} })
  }

  private storageOf(
    host: Host,
    { setAlarm, onPruned }: Pick<CallContext, 'setAlarm' | 'onPruned'>,
  ) {
    const none = { minSeq: null, registeredSeq: null, askedAt: 0 }
    const storage: FenceStorage = {
      load: () => ({ ...(host.base ?? none), floors: new Map(host.floors) }),
      saveBase: (base) =>
        this.save(() => {
          host.base = base
        }),
      saveFloor: (digest, floor) => this.save(() => void host.floors.set(digest, floor)),
      removeFloors: (digests) => {
        if (this.fence.isRegistered) onPruned(digests.length)
        const gone = [...digests]
        this.save(() => {
          for (const digest of gone) host.floors.delete(digest)
        })
      },
      // fence-object.ts: an alarm that is already set comes soon enough.
      wakeAt: (time) =>
        this.save(() => {
          if (host.alarmAt === null) setAlarm(time - this.actor.skew)
        }),
    }
    return storage
  }
}
