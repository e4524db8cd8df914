// An isolate of the model: its view (src/coherence/view.ts itself), which the requests of all keys keep running, and
// the record of the measured key in its memory.
import { FenceView, type Question } from '../../src/coherence/view.ts'
import type { Random } from '../../test/simulation/random.ts'
import { exponential } from './distributions.ts'
import type { Inputs } from './inputs.ts'
import type { Read } from './stores.ts'

export const digest = 'digest'
/** `asOf` of a record from before the revocation and of one from after it. */
export const [oldSeq, newSeq] = [1, 2]

/** `readAt`: when D1 was asked; null: the record came from KV, or the fence has judged it since. */
export type Held = { asOf: number; readAt: number | null }

export type Surroundings = {
  random: Random
  inputs: Inputs
  fence: { read(at: number): Read }
  /** Requests of other keys at one isolate. */
  othersPerMs: number
}

/**
 * What an isolate heard so many leases ago no longer matters: other keys' requests are not played before. A random
 * number, since renewals follow one another at nearly equal distances: a fixed one would show a fixed phase of them.
 */
const rememberedLeases = (random: Random) => 3 + 3 * random.next()

export class Isolate {
  readonly view = new FenceView()
  held: Held | null = null
  private lastAskedAt: number
  private playedUntil: number
  /** What is on its way to the isolate. */
  private arrivals: { at: number; arrive(): void }[] = []
  private readonly around: Surroundings

  constructor(around: Surroundings, bornAt: number) {
    this.around = around
    this.lastAskedAt = bornAt
    this.playedUntil = bornAt
  }

  /** The clock lags, but does not go back behind what was heard. */
  readClock(at: number): number {
    const { random, inputs } = this.around
    const heardAt = this.view.current?.from ?? Number.NEGATIVE_INFINITY
    return Math.max(heardAt, at - random.next() * inputs.clockLagMs)
  }

  /** Asks the fence: an answer that comes too late is not learned. */
  ask(at: number, now: number) {
    const { fence, inputs } = this.around
    const question = this.view.question(now)
    this.lastAskedAt = now
    const { tookMs, isOld } = fence.read(at)
    if (tookMs > inputs.fenceTimeoutMs) return { tookMs: inputs.fenceTimeoutMs, answer: null }
    const answer = answerTo(question, isOld)
    this.send(at + tookMs, () => this.view.learn(question, answer))
    return { tookMs, answer }
  }

  /** @returns how many questions were put. */
  renewInTime(at: number, now: number): number {
    if (!this.view.isDue(now, this.around.inputs.leaseMs)) return 0
    this.ask(at, now)
    return 1
  }

  /** Keeps a record when it arrives, unless a newer one is there. */
  keep(at: number, held: Held): void {
    this.send(at, () => {
      if (this.held === null || !isNewer(this.held, held)) this.held = held
    })
  }

  /** The requests of other keys until then, but for those that find a view that is not due. */
  playOthers(until: number): void {
    const { random, inputs, othersPerMs } = this.around
    let at = Math.max(this.playedUntil, until - rememberedLeases(random) * inputs.leaseMs)
    this.playedUntil = until
    while (othersPerMs > 0) {
      this.deliver(at)
      at = this.quietUntil(at) + exponential(random, 1 / othersPerMs)
      if (at >= until) break
      this.playOther(at)
    }
    this.deliver(until)
  }

  /** A request of another key, whose record is in memory. */
  playOther(at: number): void {
    this.deliver(at)
    const now = this.readClock(at)
    if (this.view.running(now, this.around.inputs.leaseMs) === null) this.ask(at, now)
    else this.renewInTime(at, now)
  }

  /** Until then a request finds a running view that is not due. */
  private quietUntil(at: number): number {
    const { leaseMs } = this.around.inputs
    const running = this.view.running(at, leaseMs)
    if (running === null) return at
    const dueAt = Math.max(running.from, this.lastAskedAt) + leaseMs / 2
    return Math.max(at, Math.min(dueAt, running.from + leaseMs))
  }

  private send(at: number, arrive: () => void): void {
    this.arrivals.push({ at, arrive })
  }

  private deliver(until: number): void {
    const arrived = this.arrivals.filter(({ at }) => at <= until)
    if (arrived.length === 0) return
    this.arrivals = this.arrivals.filter(({ at }) => at > until)
    for (const { arrive } of arrived.sort((one, other) => one.at - other.at)) arrive()
  }
}

/** What the fence tells of the only raise in this model, as news or in full. */
function answerTo({ since }: Question, isOld: boolean) {
  const floors: [string, number][] = isOld ? [] : [[digest, newSeq]]
  return {
    epoch: 'epoch',
    rev: floors.length,
    base: oldSeq,
    horizon: since === null ? 0 : null,
    floors,
    requiredSeq: isOld ? oldSeq : newSeq,
  }
}

function isNewer(present: Held, other: Held): boolean {
  if (present.asOf !== other.asOf) return present.asOf > other.asOf
  return (present.readAt ?? 0) > (other.readAt ?? 0)
}
