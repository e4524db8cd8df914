// Virtual time. One event runs at a time; everything that follows from it without I/O runs before the next
// one. Each actor (a request, a fence, the operator) has a clock of its own.
import type { Random } from './random.ts'

export type Actor = {
  name: string
  /** Its machine's clock minus the true time. */
  skew: number
  lag: Lag
  /** Probability of a crash before each step. */
  crashProbability: number
  isAlive: boolean
  /** The time its clock shows now, without the skew. */
  clockMs: number
  /** Calls on any binding. */
  calls: number
}

/** How far a clock that stands still between I/O may lag (ms), and how often it does. */
export type Lag = { maxMs: number; probability: number }

export const noLag: Lag = { maxMs: 0, probability: 0 }

type Event = { time: number; order: number; actor: Actor | null; run: (() => void) | null }

export type Timer = { event: Event }

/** Runs every due microtask, and those they queue, before it returns. */
type DrainMicrotasks = () => void

export class Scheduler {
  /** True time (ms); no actor can read it. */
  now: number
  current: Actor | null = null
  crashes = 0
  events = 0
  private readonly heap: Event[] = []
  private readonly random: Random
  private readonly drainMicrotasks: DrainMicrotasks

  constructor(random: Random, drainMicrotasks: DrainMicrotasks, now: number) {
    this.random = random
    this.drainMicrotasks = drainMicrotasks
    this.now = now
  }

  /** Runs after a delay, as this actor; null: outside every actor. */
  after(delay: number, actor: Actor | null, run: () => void): Timer {
    // Events of the same time run in a random order.
    const order = this.random.next()
    const event: Event = { time: this.now + Math.max(0, delay), order, actor, run }
    push(this.heap, event)
    return { event }
  }

  cancel(timer: Timer): void {
    timer.event.run = null
  }

  /** The rest of the current event runs as this actor. */
  switchTo(actor: Actor): void {
    this.current = actor
    actor.clockMs = this.now - this.lagOf(actor)
  }

  /** Mostly zero or the maximum. */
  private lagOf({ lag: { maxMs, probability } }: Actor): number {
    if (maxMs === 0 || !this.random.is(probability)) return 0
    return this.random.is(0.8) ? maxMs : this.random.int(maxMs)
  }

  /** The clock of the current actor. */
  readonly clock = (): number => {
    const { current } = this
    return current === null ? this.now : current.clockMs + current.skew
  }

  /** A timer counts from a clock that stood still, so it may fire early; here by more than the lag. */
  readonly setTimer = (run: () => void, delay: number): Timer => {
    const { current, random } = this
    const isEarly = current !== null && current.lag.maxMs > 0 && random.is(0.2)
    return this.after(isEarly ? random.int(delay) : delay, current, run)
  }

  /** Runs the next event; false when there is none. */
  step(): boolean {
    const event = pop(this.heap)
    if (event === undefined) return false
    const { actor, run, time } = event
    if (run === null || actor?.isAlive === false) return true
    this.events++
    this.now = time
    if (actor !== null) {
      if (actor.crashProbability > 0 && this.random.is(actor.crashProbability)) {
        actor.isAlive = false
        this.crashes++
        return true
      }
      this.switchTo(actor)
    }
    run()
    this.drainMicrotasks()
    this.current = null
    return true
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.time < right.time || (left.time === right.time && left.order < right.order)
}

function push(heap: Event[], event: Event): void {
  let at = heap.length
  heap.push(event)
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = heap[parent] as Event
    if (!isBefore(event, above)) break
    heap[at] = above
    at = parent
  }
  heap[at] = event
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (first === undefined || last === undefined || first === last) return first
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++
    const below = heap[child] as Event
    if (!isBefore(below, last)) break
    heap[at] = below
    at = child
  }
  heap[at] = last
  return first
}
