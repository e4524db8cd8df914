// Calls between machines, and everything that can happen to one.
import type { Random } from './random.ts'
import type { Actor, Scheduler } from './scheduler.ts'

/** Probability of each fault on a link; any other call is answered soon. */
export type FaultRates = {
  /** Answered, after a long delay. */
  slow: number
  /** Fails before the callee acts. */
  refused: number
  /** The callee acts; the caller gets an error. */
  replyLost: number
  /** Neither executed nor answered. */
  dropped: number
  /** Executed, never answered. */
  unanswered: number
  /** Executed much later, when the caller may have timed out or crashed. */
  late: number
}

export type Link = {
  name: string
  faultRates: FaultRates
  /** About the caller's timeout (ms): slow calls are spread around it. */
  timeoutMs: number
  downUntil: number
  /** Calls before this time run soon and are answered late. */
  congestedUntil: number
  /** While the link is down, calls hang instead of failing at once. */
  hangsWhenDown: boolean
}

export type Act<T> = (answer: (value: T) => void, fail: (error: Error) => void) => void

export type Trace = (actor: string, operation: string, ...values: unknown[]) => void

type Fate = keyof FaultRates | 'answered'

export const noFaults: FaultRates = {
  slow: 0,
  refused: 0,
  replyLost: 0,
  dropped: 0,
  unanswered: 0,
  late: 0,
}

/** The maximum delay of a late call (ms). */
export const maxLateness = 60_000

export class Network {
  readonly faults: Record<string, number> = {}
  private isFaultless = false
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

  link(name: string, timeoutMs: number, faultRates: FaultRates): Link {
    const rates = this.isFaultless ? noFaults : faultRates
    const up = { downUntil: 0, congestedUntil: 0, hangsWhenDown: false }
    const link = { name, timeoutMs, faultRates: rates, ...up }
    this.links.push(link)
    return link
  }

  /** From now on every call is answered soon. */
  stopFaults(): void {
    this.isFaultless = true
    for (const link of this.links) {
      link.faultRates = noFaults
      link.downUntil = 0
      link.congestedUntil = 0
    }
  }

  /** Runs `act` at the other end of the link, on behalf of the current actor. */
  call<T>(link: Link, operation: string, detail: unknown, act: Act<T>): Promise<T> {
    const { scheduler } = this
    const actor = scheduler.current
    if (actor === null) throw new Error(`${link.name} ${operation} is called outside an actor.`)
    actor.calls++
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const fate = this.drawFate(link)
    if (fate !== 'answered') this.count(`${link.name.split(' ')[0]} ${fate}`)
    const log = this.logOf(actor, `${link.name}.${operation}`)
    log?.('request', detail, fate === 'answered' ? '' : `(${fate})`)
    if (fate === 'dropped') return promise
    const fail = (error: Error) => scheduler.after(this.delay(), actor, () => reject(error))
    if (fate === 'refused') {
      fail(new Error('refused'))
      return promise
    }
    const replyDelay = this.replyDelay(fate, link)
    const answer = (value: T) => {
      if (fate === 'unanswered') return
      if (fate === 'replyLost') return void fail(new Error('the answer was lost'))
      scheduler.after(replyDelay, actor, () => {
        log?.('reply', '', value)
        resolve(value)
      })
    }
    scheduler.after(this.requestDelay(fate, link), null, () => {
      act((value) => {
        log?.('executed', '', value)
        answer(value)
      }, fail)
    })
    return promise
  }

  count(fault: string): void {
    this.faults[fault] = (this.faults[fault] ?? 0) + 1
  }

  /** A short delay between two machines. */
  delay(): number {
    return this.random.int(this.usualDelay)
  }

  private drawFate(link: Link): Fate {
    if (link.downUntil > this.scheduler.now) return link.hangsWhenDown ? 'dropped' : 'refused'
    const { faultRates } = link
    if (faultRates === noFaults) return 'answered'
    let left = this.random.next()
    for (const fate in faultRates) {
      left -= faultRates[fate as keyof FaultRates]
      if (left < 0) return fate as keyof FaultRates
    }
    return 'answered'
  }

  private requestDelay(fate: Fate, { timeoutMs }: Link): number {
    if (fate === 'late') return Math.min(maxLateness, this.random.int(timeoutMs * 12))
    return fate === 'slow' ? this.random.int(timeoutMs) : this.delay()
  }

  private replyDelay(fate: Fate, { timeoutMs, congestedUntil }: Link): number {
    if (congestedUntil > this.scheduler.now) return this.random.int(timeoutMs)
    return fate === 'slow' ? this.random.int(1.2 * timeoutMs) : this.delay()
  }

  private logOf({ name }: Actor, operation: string) {
    const { trace } = this
    if (trace === null) return null
    return (stage: string, detail: unknown, result: unknown) =>
      trace(name, `${operation} ${stage}`, detail, result)
  }
}
