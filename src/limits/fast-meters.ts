// Fast rate limits: an isolate decides from its meter's last answer and reports to it behind the answer. It adds what
// it let pass itself to what it heard, and asks the meter, as exact limits do, when that is too old. What several
// isolates may let pass too much: docs/limits.md.
import type { MeterTerms } from '../core/limits.ts'
import type { MeterUnavailable } from './call-meter.ts'
import {
  type ConsumeResult,
  decideConsumption,
  type MeterState,
  stateAt,
  withAdmitted,
} from './decision.ts'
import { type Bucket, bucketName, withRequests } from './gcra.ts'
import type { CountAnswer, CountRequest } from './meter.ts'

/** A call of the meter, which ends in time; and `ctx.waitUntil` of the current request. */
export type FastMeterCalls = {
  count(request: CountRequest): Promise<CountAnswer | MeterUnavailable>
  waitUntil(work: Promise<unknown>): void
  sleep(ms: number): Promise<void>
}

/** For how long an isolate decides from an answer, counted from when it asked. */
export const maxAgeMs = 1_000
/** A call without an end after this time belonged to a request that was cancelled: its requests are reported again. */
const callLifetimeMs = 5_000
/** One request reports for at most this long; then the next one does. */
const reportingMs = 5_000
/** Between two reports: a busy isolate would otherwise call without a pause. */
const reportEveryMs = 20
const defaultMaxMeters = 1_000
/** Entries tried when one must make room. */
const maxTried = 8

/** Requests in a call that has not ended. */
type Call = { passed: number; asks: boolean; sentAt: number; heard: readonly Bucket[] | null }

type Known = {
  /** The meter's buckets with all that this isolate let pass, by this isolate's clock. */
  state: MeterState
  /** The last answer, by the meter's clock; null before the first. */
  heard: readonly Bucket[] | null
  /** When the newest call that was answered began (ms). */
  askedAt: number
  /** Requests passed that no call has taken along. */
  unreported: number
  calls: Set<Call>
  /** When a report that has not ended began (ms); null: none runs. */
  reportingSince: number | null
}

export class FastMeters {
  /** By meter and windows, least recently used first. */
  private readonly known = new Map<string, Known>()
  private readonly now: () => number
  private readonly maxMeters: number

  constructor(now: () => number, maxMeters = defaultMaxMeters) {
    this.now = now
    this.maxMeters = maxMeters
  }

  /** Decides one request by terms that `areFast`. It waits for the meter only where too little is known of it. */
  async take(
    meter: string,
    terms: MeterTerms,
    calls: FastMeterCalls,
  ): Promise<ConsumeResult | MeterUnavailable> {
    const known = this.recall(meter, terms)
    const now = this.now()
    reclaim(known, now)
    if (now - known.askedAt > maxAgeMs) return this.ask(known, terms, calls)
    const { result, next } = decideConsumption(known.state, terms, oneRequest, now)
    if (next !== null) {
      known.state = next
      known.unreported++
    }
    if (known.unreported > 0 || now - known.askedAt >= maxAgeMs / 2) {
      this.reportInTime(known, terms, calls)
    }
    return result
  }

  /** The meter decides; it is told at once what this isolate let pass. */
  private async ask(known: Known, terms: MeterTerms, calls: FastMeterCalls) {
    const answer = await this.call(known, terms, calls, true)
    if (answer.outcome === 'unavailable') return answer
    if (answer.result === null) throw new Error('The meter did not decide.')
    return answer.result
  }

  private reportInTime(known: Known, terms: MeterTerms, calls: FastMeterCalls) {
    const since = known.reportingSince
    if (since !== null && this.now() - since <= reportingMs + callLifetimeMs) return
    known.reportingSince = this.now()
    calls.waitUntil(this.report(known, terms, calls))
  }

  /** One call after the other, for as long as requests gather meanwhile. */
  private async report(known: Known, terms: MeterTerms, calls: FastMeterCalls) {
    const since = this.now()
    let isAnswered: boolean
    do {
      isAnswered = (await this.call(known, terms, calls, false)).outcome !== 'unavailable'
      await calls.sleep(reportEveryMs)
    } while (isAnswered && known.unreported > 0 && this.now() - since < reportingMs)
    known.reportingSince = null
  }

  private async call(
    known: Known,
    terms: MeterTerms,
    { count }: FastMeterCalls,
    asks: boolean,
  ): Promise<({ outcome: 'counted' } & CountAnswer) | MeterUnavailable> {
    // What other calls carry may not have arrived: the meter decides as if it had, and does not count it twice.
    const pending = inCalls(known)
    const now = this.now()
    const call: Call = { passed: known.unreported, asks, sentAt: now, heard: known.heard }
    known.unreported = 0
    // The meter may let it pass before this isolate hears of it.
    if (asks) known.state = withAdmitted(stateAt(known.state, terms, now), terms, 1)
    known.calls.add(call)
    const answer = await count({ terms, passed: call.passed, pending, asks })
    // A call that was given up may have been counted, and is reported again: never in favour of the key.
    const isOpen = known.calls.delete(call)
    if ('outcome' in answer) {
      if (isOpen) known.unreported += call.passed
      return answer
    }
    known.askedAt = Math.max(known.askedAt, call.sentAt)
    // A call that began after the last answer, or an answer that the meter gave later.
    if (call.heard === known.heard || isLater(answer.buckets, known.heard)) {
      this.learn(known, answer.buckets, terms)
    }
    return { outcome: 'counted', ...answer }
  }

  /**
   * Nothing drains between the meter's answer and its arrival, nor of what was passed and is in no answer: the clocks of
   * isolate and meter are never compared.
   */
  private learn(known: Known, heard: readonly Bucket[], { windows }: MeterTerms): void {
    known.heard = heard
    const asked = [...known.calls].filter(({ asks }) => asks).length
    const unheard = known.unreported + inCalls(known) + asked
    const atMs = this.now()
    const buckets = windows.map((window, at): [string, Bucket] => {
      const bucket = { level: 0, limit: window.limit, ...heard[at], atMs }
      return [bucketName(window), withRequests(window, bucket, unheard)]
    })
    known.state = { buckets: new Map(buckets), balance: null }
  }

  /** What is known of a meter; of one that finds no room, nothing is kept. */
  private recall(meter: string, { windows }: MeterTerms): Known {
    const id = `${meter} ${JSON.stringify(windows)}`
    const found = this.known.get(id)
    if (found !== undefined) this.known.delete(id)
    const known = found ?? unknown()
    if (found !== undefined || this.hasRoom()) this.known.set(id, known)
    return known
  }

  private hasRoom(): boolean {
    if (this.known.size < this.maxMeters) return true
    let tried = 0
    for (const [id, known] of this.known) {
      if (known.unreported === 0 && known.calls.size === 0) return this.known.delete(id)
      if (++tried === maxTried) return false
    }
    return false
  }
}

const oneRequest = { cost: 0, spentBefore: null }

function unknown(): Known {
  return {
    state: { buckets: new Map(), balance: null },
    heard: null,
    askedAt: Number.NEGATIVE_INFINITY,
    unreported: 0,
    calls: new Set(),
    reportingSince: null,
  }
}

/** Takes back what is in calls that do not end. */
function reclaim(known: Known, now: number): void {
  for (const call of known.calls) {
    if (now - call.sentAt <= callLifetimeMs) continue
    known.calls.delete(call)
    known.unreported += call.passed
  }
}

function inCalls({ calls }: Known): number {
  let passed = 0
  for (const call of calls) passed += call.passed
  return passed
}

/** Whether the meter gave an answer after another one: its time never goes back, and its level only drains. */
function isLater(answer: readonly Bucket[], other: readonly Bucket[] | null): boolean {
  return answer.every(({ atMs, level }, at) => {
    const before = other?.[at]
    if (before === undefined || atMs > before.atMs) return true
    return atMs === before.atMs && level >= before.level
  })
}
