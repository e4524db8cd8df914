// The queue between isolates and objects: it delivers at least once, in any order, and for at most four days.
import { within } from '../../../src/storage/unavailable.ts'
import { stored } from '../../../src/usage/usage-calls.ts'
import type { Random } from '../random.ts'
import type { Scheduler } from '../scheduler.ts'
import type { UsageHost } from './host.ts'
import type { Sent } from './oracle.ts'
import type { Swarm } from './swarm.ts'

type Message = { sent: Sent; dueAt: number; isRepeat: boolean }

export type QueueContext = {
  random: Random
  scheduler: Scheduler
  swarm: Swarm
  hostOf(name: string): UsageHost
  /** The queue gives a message up. */
  drop(sent: Sent): void
}

const lifetimeMs = 4 * 24 * 60 * 60 * 1000

export class Queue {
  private messages: Message[] = []
  private inFlight = 0
  private readonly world: QueueContext

  constructor(world: QueueContext) {
    this.world = world
  }

  get isEmpty(): boolean {
    return this.messages.length + this.inFlight === 0
  }

  /** Until the next message is due (ms). */
  get idleMs(): number {
    const next = Math.min(...this.messages.map(({ dueAt }) => dueAt))
    return Math.max(0, next - this.world.scheduler.now)
  }

  send(sent: Sent): void {
    this.messages.push({ sent, dueAt: this.world.scheduler.now, isRepeat: false })
  }

  /** Delivers a batch of what is due. */
  async deliver(): Promise<void> {
    const { world } = this
    const { now } = world.scheduler
    const isOver = ({ sent, isRepeat }: Message) => !isRepeat && now > sent.sentAt + lifetimeMs
    for (const message of this.messages.filter(isOver)) world.drop(message.sent)
    this.messages = this.messages.filter((message) => !isOver(message))
    const due = this.messages.filter(({ dueAt }) => dueAt <= now)
    const batch: Message[] = []
    while (due.length > 0 && batch.length < world.swarm.batchSize) {
      batch.push(...due.splice(world.random.int(due.length), 1))
    }
    if (batch.length === 0) return
    this.messages = this.messages.filter((message) => !batch.includes(message))
    this.inFlight += batch.length
    // The same message twice in a batch.
    const all = world.random.is(0.1) ? [...batch, ...batch.slice(0, 1)] : batch
    const isStored = await this.store(all.map(({ sent }) => sent))
    this.inFlight -= batch.length
    for (const message of batch) this.settle(message, isStored)
  }

  /** One call an object: its parts of all messages. */
  private async store(batch: Sent[]): Promise<(host: UsageHost) => boolean> {
    const hosts = new Set(batch.flatMap(({ parts }) => [...parts.keys()]))
    const calls = [...hosts].map(async (name) => {
      const host = this.world.hostOf(name)
      const parts = batch.flatMap((sent) => sent.parts.get(name) ?? [])
      const answer = await within('usage', 10_000, host.add(parts)).catch(() => null)
      return [host, answer === stored] as const
    })
    const answers = new Map(await Promise.all(calls))
    return (host) => answers.get(host) ?? false
  }

  private settle({ sent, isRepeat }: Message, isStored: (host: UsageHost) => boolean): void {
    const { random, swarm, scheduler } = this.world
    const isAcknowledged = [...sent.parts.keys()].every((name) => isStored(this.world.hostOf(name)))
    const { now } = scheduler
    if (!isAcknowledged) {
      if (!isRepeat) this.messages.push({ sent, dueAt: now + random.int(swarm.retryMs), isRepeat })
      return
    }
    if (isRepeat || !random.is(swarm.redeliveredShare)) return
    const dueAt = Math.max(now, sent.sentAt + random.int(swarm.redeliveredWithinMs))
    this.messages.push({ sent, dueAt, isRepeat: true })
  }
}
