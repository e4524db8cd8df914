// The output gate of a Durable Object: writes become durable together after a short delay, and nothing
// leaves the object before every earlier write is durable. Writes lost with an instance never happened.
import type { Network } from './network.ts'
import type { Actor, Scheduler } from './scheduler.ts'

/** An outgoing message; `drop` runs instead of `release` when the instance disappears first. */
export type Output = { release(): void; drop(): void }

const noOutput: Output = { release() {}, drop() {} }

export class OutputGate {
  private writes: (() => void)[] = []
  private outputs: Output[] = []
  private readonly scheduler: Scheduler
  private readonly network: Network
  private readonly actor: Actor

  constructor(scheduler: Scheduler, network: Network, actor: Actor) {
    this.scheduler = scheduler
    this.network = network
    this.actor = actor
  }

  get isDurable(): boolean {
    return this.writes.length === 0
  }

  hold(output: Output): void {
    this.outputs.push(output)
    if (this.outputs.length > 1) return
    this.scheduler.after(this.network.delay(), this.actor, () => this.flush())
  }

  /** A write becomes durable even if no output waits for it. */
  write(save: () => void): void {
    this.writes.push(save)
    if (this.outputs.length === 0) this.hold(noOutput)
  }

  /** Ends when every write up to now is durable. */
  synced(): Promise<void> {
    if (this.isDurable) return Promise.resolve()
    return new Promise((release) => this.hold({ release, drop() {} }))
  }

  dropAll(): void {
    for (const { drop } of this.outputs) drop()
  }

  private flush(): void {
    const { writes, outputs } = this
    this.writes = []
    this.outputs = []
    for (const save of writes) save()
    for (const { release } of outputs) release()
  }
}
