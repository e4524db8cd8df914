// One instance of a fence's Durable Object: the real Fence behind an output gate.
import { Fence } from '../../src/coherence/fence.ts'
import type { D1 } from './d1.ts'
import { createFenceStorage, type FenceContent } from './fence-storage.ts'
import type { Network } from './network.ts'
import { OutputGate } from './output-gate.ts'
import { type Actor, noLag, type Scheduler } from './scheduler.ts'

/** What survives an eviction: the object's storage and its alarm. */
export type StoredFence = FenceContent & {
  name: string
  region: string
  alarmAt: number | null
  instance: FenceInstance | null
}

type Registry = ReturnType<D1['registry']>

type InstanceContext = {
  scheduler: Scheduler
  network: Network
  registry: Registry
  skew: number
  maxTold: number
  newEpoch(): string
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
    const { maxTold, newEpoch } = context
    const write = (save: () => void) => this.gate.write(save)
    const wakeAt = (time: number) => context.setAlarm(time - this.actor.skew)
    const options = { now: scheduler.clock, newEpoch, maxTold }
    this.fence = new Fence(
      createFenceStorage(stored, { write, wakeAt, onPruned: context.onPruned }),
      registry,
      options,
    )
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
}
