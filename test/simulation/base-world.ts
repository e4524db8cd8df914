// What every simulated world has: random numbers, virtual time, a network, counts, a trace and a verdict.
import { Network, type Trace } from './network.ts'
import { drainMicrotasks, enter } from './platform.ts'
import type { Random } from './random.ts'
import { type Actor, Scheduler } from './scheduler.ts'

/** A longer history means a loop. */
const maxEvents = 60_000

export class BaseWorld {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly network: Network
  readonly counts: Record<string, number> = {}
  readonly trace: Trace | null
  /** The first broken rule. */
  violation: string | null = null
  private running = 0

  constructor(random: Random, startTime: number, usualDelay: number, lines: string[] | null) {
    this.random = random
    this.scheduler = new Scheduler(random, drainMicrotasks, startTime)
    enter(this.scheduler)
    this.trace =
      lines && ((...entry) => void lines.push(lineOf(this.scheduler.now - startTime, entry)))
    this.network = new Network(this.scheduler, random, usualDelay, this.trace)
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1
  }

  /** Ends the history. */
  fail(rule: string, detail: string): void {
    this.violation ??= `${rule}: ${detail}`
    this.trace?.('ORACLE', 'VIOLATION', this.violation)
  }

  /** Sleeps as the current actor. */
  pause(ms: number): Promise<void> {
    const { current } = this.scheduler
    return new Promise((wake) => this.scheduler.after(ms, current, wake))
  }

  protected startScript(actor: Actor, script: () => Promise<void>): void {
    this.running++
    this.scheduler.after(0, actor, () => {
      script().then(
        () => void this.running--,
        (error) => this.fail('scripts do not throw', describe(error)),
      )
    })
  }

  /** Runs until every script has ended or a rule is broken. */
  protected runScripts(): void {
    while (this.running > 0 && this.violation === null) {
      if (!this.scheduler.step()) this.fail('every history ends', 'a script waits forever')
      if (this.scheduler.events > maxEvents) this.fail('every history ends', 'too many events')
    }
  }
}

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`
}

function lineOf(time: number, [actor, operation, ...values]: Parameters<Trace>): string {
  const shown = values.map(show).filter((text) => text !== '')
  return `${time.toFixed(0).padStart(10)}  ${actor.padEnd(18)} ${operation} ${shown.join(' ')}`
}

const longDigest = /\b([0-9a-f]{6})[0-9a-f]{58}\b/g

function show(value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.replace(longDigest, '$1').slice(0, 400)
}
