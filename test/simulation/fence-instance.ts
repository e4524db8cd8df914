// One instance of a fence's Durable Object: the real Fence behind an output gate.
import { Fence, type FenceBase, type FenceStorage, type Floor } from '../../src/coherence/fence.ts'
import type { D1 } from './d1.ts'
import type { Network } from './network.ts'
import { OutputGate } from './output-gate.ts'
import { type Actor, noLag, type Scheduler } from './scheduler.ts'

/** What survives an eviction: the object's storage and its alarm. */
export type StoredFence = {
  name: string
  region: string
  base: FenceBase | null
  floors: Map<string, Floor>
  alarmAt: number | null
  instance: FenceInstance | null
}

type Registry = ReturnType<D1['registry']>

type InstanceContext = {
  scheduler: Scheduler
  network: Network
  registry: Registry
  skew: number
  setAlarm(time: number): void
  onPruned(count: number): void
}

export class FenceInstance {
  readonly fence: Fence
  readonly actor: Actor
  readonly gate: OutputGate
  isAlarmRunning = false

  constructor(stored: StoredFence, { scheduler, network, skew, ...context }: InstanceContext) {
    const life = { crashProbability: 0, isAlive: true, clockMs: 0, calls: 0 }
    this.actor = { name: stored.name, skew, lag: noLag, ...life }
    this.gate = new OutputGate(scheduler, network, this.actor)
    const registry = this.gated(context.registry)
    this.fence = new Fence(this.storageOf(stored, context), registry, scheduler.clock)
  }

  evict(): void {
    this.actor.isAlive = false
    this.gate.dropAll()
  }

  /** Calls to D1 pass the output gate as well. */
  private gated({ register, retire, ping }: Registry): Registry {
    const { gate } = this
    const open = () =>
      gate.isDurable
        ? Promise.resolve()
        : new Promise<void>((release) => gate.hold({ release, drop() {} }))
    return {
      register: (nowMs) => open().then(() => register(nowMs)),
      retire: (seq) => open().then(() => retire(seq)),
      ping: () => open().then(ping),
    }
  }

  private storageOf(
    stored: StoredFence,
    { setAlarm, onPruned }: Pick<InstanceContext, 'setAlarm' | 'onPruned'>,
  ): FenceStorage {
    const { gate } = this
    const none = { minSeq: null, registeredSeq: null, lastUsedAt: 0 }
    return {
      load: () => ({ ...(stored.base ?? none), floors: new Map(stored.floors) }),
      saveBase: (base) =>
        gate.write(() => {
          stored.base = base
        }),
      saveFloor: (digest, floor) => gate.write(() => void stored.floors.set(digest, floor)),
      removeFloors: (digests) => {
        if (this.fence.isRegistered) onPruned(digests.length)
        const removed = [...digests]
        gate.write(() => {
          for (const digest of removed) stored.floors.delete(digest)
        })
      },
      // As in fence-object.ts: an alarm that is already set is kept.
      wakeAt: (time) =>
        gate.write(() => {
          if (stored.alarmAt === null) setAlarm(time - this.actor.skew)
        }),
    }
  }
}
