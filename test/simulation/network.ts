// Calls between machines, and all that can become of them.
import type { Random } from './random.ts'
import type { Actor, Scheduler } from './scheduler.ts'

/** How likely each misfortune is on a link; what is left over is a call that is answered soon. */
export type Weather = {
  /** Answered, but after a long while. */
  slow: number
  /** Fails before the other side has done anything. */
  refused: number
  /** Done, but the answer is a failure. */
  unheard: number
  /** Neither done nor answered. */
  silent: number
  /** Done, never answered. */
  mute: number
  /** Done much later, when the caller may have given up or be dead. */
  late: number
}

export type Link = {
  name: string
  weather: Weather
  /** The longest that the caller waits (ms), around which slow calls are spread. */
  patience: number
  downUntil: number
  /** What is asked before this time is done soon, and answered late. */
  congestedUntil: number
  /** While it is down: never answers, instead of failing at once. */
  isSilentWhenDown: boolean
}

export type Act<T> = (answer: (value: T) => void, fail: (error: Error) => void) => void

export type Trace = (actor: string, operation: string, ...values: unknown[]) => void

const calm: Weather = { slow: 0, refused: 0, unheard: 0, silent: 0, mute: 0, late: 0 }

/** The longest that a late call takes to arrive (ms). */
export const maxLateness = 60_000

export class Network {
  readonly faults: Record<string, number> = {}
  private isCalm = false
  private readonly links: Link[] = []
  private readonly scheduler: Scheduler
  private readonly random: Random
  private readonly usualDelay: number
  private readonly trace: Trace | null

  constructor(scheduler: Scheduler, random: Random, usualDelay: number, trace: Trace | null) {
    this.scheduler = scheduler
    this.random = random
    this.usualDelay = usualDelay
    this.trace = trace
  }

  link(name: string, patience: number, weather: Weather): Link {
    const now = this.isCalm ? calm : weather
    const quiet = { downUntil: 0, congestedUntil: 0, isSilentWhenDown: false }
    const link = { name, patience, weather: now, ...quiet }
    this.links.push(link)
    return link
  }

  /** From now on every call is answered soon. */
  calmDown(): void {
    this.isCalm = true
    for (const link of this.links) {
      link.weather = calm
      link.downUntil = 0
      link.congestedUntil = 0
    }
  }

  /** Has `act` done at the other end of the link, by whoever acts now. */
  call<T>(link: Link, operation: string, detail: unknown, act: Act<T>): Promise<T> {
    const { scheduler } = this
    const actor = scheduler.current
    if (actor === null) throw new Error(`Nobody calls ${link.name} ${operation}.`)
    actor.calls++
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const fate = this.fateOf(link)
    if (fate !== 'answered') this.count(`${link.name.split(' ')[0]} ${fate}`)
    const told = this.trace && { actor, operation: `${link.name}.${operation}`, detail, fate }
    if (told) this.tell(told, 'asks')
    if (fate === 'silent') return promise
    const fail = (error: Error) => scheduler.after(this.delay(), actor, () => reject(error))
    if (fate === 'refused') {
      fail(new Error('refused'))
      return promise
    }
    const replyDelay = this.replyDelay(fate, link)
    const answer = (value: T) => {
      if (fate === 'mute') return
      if (fate === 'unheard') return void fail(new Error('the answer was lost'))
      scheduler.after(replyDelay, actor, () => {
        if (told) this.tell(told, 'hears', value)
        resolve(value)
      })
    }
    scheduler.after(this.requestDelay(fate, link), null, () => {
      act((value) => {
        if (told) this.tell(told, 'done', value)
        answer(value)
      }, fail)
    })
    return promise
  }

  count(fault: string): void {
    this.faults[fault] = (this.faults[fault] ?? 0) + 1
  }

  /** A short while, as between two machines. */
  delay(): number {
    return this.random.int(this.usualDelay)
  }

  private fateOf(link: Link): keyof Weather | 'answered' {
    if (link.downUntil > this.scheduler.now) return link.isSilentWhenDown ? 'silent' : 'refused'
    const { weather } = link
    if (weather === calm) return 'answered'
    let left = this.random.next()
    for (const fate in weather) {
      left -= weather[fate as keyof Weather]
      if (left < 0) return fate as keyof Weather
    }
    return 'answered'
  }

  private requestDelay(fate: string, { patience }: Link): number {
    if (fate === 'late') return Math.min(maxLateness, this.random.int(patience * 12))
    return fate === 'slow' ? this.random.int(patience) : this.delay()
  }

  private replyDelay(fate: string, { patience, congestedUntil }: Link): number {
    if (congestedUntil > this.scheduler.now) return this.random.int(patience)
    return fate === 'slow' ? this.random.int(1.2 * patience) : this.delay()
  }

  private tell(
    {
      actor,
      operation,
      detail,
      fate,
    }: { actor: Actor; operation: string; detail: unknown; fate: string },
    stage: string,
    value?: unknown,
  ): void {
    const result = stage === 'asks' ? (fate === 'answered' ? '' : `(${fate})`) : value
    this.trace?.(actor.name, `${operation} ${stage}`, stage === 'asks' ? detail : '', result)
  }
}
