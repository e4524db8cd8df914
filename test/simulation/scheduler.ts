// Time and order. One event happens at a time; all that follows from it without I/O happens before the
// next one. Whoever acts (a request, a fence, the operator) is an actor with a clock of its own.
import type { Random } from './random.ts'

export type Actor = {
  name: string
  /** Its machine's clock minus the true time. */
  skew: number
  lag: Lag
  /** How likely it dies before a step. */
  mortality: number
  isAlive: boolean
  /** What its clock shows now, without the skew. */
  shown: number
  /** Calls on any binding. */
  calls: number
}

/** How far a clock may lag behind, having stood still since the last I/O (ms), and how often it does. */
export type Lag = { most: number; often: number }

export const noLag: Lag = { most: 0, often: 0 }

type Event = { time: number; order: number; actor: Actor | null; run: (() => void) | null }

export type Timer = { event: Event }

/** Runs every microtask that is due, and those that they bring about, before it returns. */
type Drain = () => void

export class Scheduler {
  /** True time (ms); nobody in the world can read it. */
  now: number
  current: Actor | null = null
  deaths = 0
  events = 0
  private readonly heap: Event[] = []
  private readonly random: Random
  private readonly drain: Drain

  constructor(random: Random, drain: Drain, now: number) {
    this.random = random
    this.drain = drain
    this.now = now
  }

  /** Does something after a while, as this actor; null: as the world itself. */
  after(delay: number, actor: Actor | null, run: () => void): Timer {
    // What happens at the same time happens in any order.
    const order = this.random.next()
    const event: Event = { time: this.now + Math.max(0, delay), order, actor, run }
    push(this.heap, event)
    return { event }
  }

  cancel(timer: Timer): void {
    timer.event.run = null
  }

  /** What happens from here on, in this event, is done by this actor. */
  become(actor: Actor): void {
    this.current = actor
    actor.shown = this.now - this.lagOf(actor)
  }

  /** None, or nearly always as much as there may be. */
  private lagOf({ lag: { most, often } }: Actor): number {
    if (most === 0 || !this.random.is(often)) return 0
    return this.random.is(0.8) ? most : this.random.int(most)
  }

  /** The clock of whoever acts. */
  readonly clock = (): number => {
    const { current } = this
    return current === null ? this.now : current.shown + current.skew
  }

  /** A timer counts from a clock that stood still, so it may ring early: here by more than that lags. */
  readonly setTimer = (run: () => void, delay: number): Timer => {
    const { current, random } = this
    const isEarly = current !== null && current.lag.most > 0 && random.is(0.2)
    return this.after(isEarly ? random.int(delay) : delay, current, run)
  }

  /** Lets the next event happen; false when there is none. */
  step(): boolean {
    const event = pop(this.heap)
    if (event === undefined) return false
    const { actor, run, time } = event
    if (run === null || actor?.isAlive === false) return true
    this.events++
    this.now = time
    if (actor !== null) {
      if (actor.mortality > 0 && this.random.is(actor.mortality)) {
        actor.isAlive = false
        this.deaths++
        return true
      }
      this.become(actor)
    }
    run()
    this.drain()
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
