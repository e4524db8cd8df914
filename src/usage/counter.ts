// Counts usage in the isolate's memory and sends it to a queue every few seconds, after answers. The memory
// is bounded; counts that the queue does not accept are lost, and the log says how many.

import type { Decision } from '../core/verdict.ts'
import { log } from '../log.ts'
import { within } from '../storage/unavailable.ts'
import type { TierRow, UsageBatch, UsageRow } from '../storage/usage-store.ts'

/** The code that a request with a known key was answered with. */
export type UsageCode =
  | Decision['code']
  | 'rate_limited'
  | 'credits_exhausted'
  | 'conflict'
  | 'forbidden'
  | 'invalid_request'
  | 'authority_unavailable'

export type UsageSettings = {
  now(): number
  sleep(ms: number): Promise<void>
  newId(): string
}

/** Where counts are sent: the queue, and `ctx.waitUntil` of the current request. */
export type UsageSink = {
  send(batch: UsageBatch): Promise<unknown>
  waitUntil(work: Promise<unknown>): void
}

export const flushAfterMs = 5_000
/** A table of this size is sent at once: about 100 kB as JSON, where a message may have 128 kB. */
export const maxRows = 1_000
/** Batches being sent at once; when the queue is so slow that there are more, counts are lost. */
const maxInFlight = 4
export const sendTimeoutMs = 10_000
const hourMs = 60 * 60 * 1000

export class UsageCounter {
  private rows = new Map<string, UsageRow>()
  private tiers = new Map<string, TierRow>()
  /** When the running timer flushes (ms); null: no timer runs. */
  private dueAt: number | null = null
  /** The time (ms) at which each batch in flight counts as lost, even if its request was cancelled. */
  private inFlight: number[] = []
  private readonly settings: UsageSettings

  constructor(settings: UsageSettings) {
    this.settings = settings
  }

  /** Counts one request, and flushes when the table is full or the timer is due. */
  count(keyId: string, code: UsageCode, sink: UsageSink): void {
    const now = this.settings.now()
    this.add(keyId, code, now)
    if (this.rows.size >= maxRows) sink.waitUntil(this.flush(sink))
    // An overdue timer belonged to a request that was cancelled: this request starts another.
    else if (this.dueAt === null || now > this.dueAt + flushAfterMs) {
      this.dueAt = now + flushAfterMs
      sink.waitUntil(this.flushLater(sink))
    }
  }

  /** Counts which tier answered a verification, for the status page. Sent with the next counts. */
  countTier(region: string, tier: string): void {
    const hour = Math.floor(this.settings.now() / hourMs) * hourMs
    const entry = `${hour} ${region} ${tier}`
    const [, , , count] = this.tiers.get(entry) ?? [hour, region, tier, 0]
    this.tiers.set(entry, [hour, region, tier, count + 1])
  }

  private add(keyId: string, code: UsageCode, now: number): void {
    const hour = Math.floor(now / hourMs) * hourMs
    const entry = `${keyId} ${hour} ${code}`
    const [, , , count, lastAt] = this.rows.get(entry) ?? [keyId, hour, code, 0, now]
    this.rows.set(entry, [keyId, hour, code, count + 1, Math.max(lastAt, now)])
  }

  private async flushLater(sink: UsageSink): Promise<void> {
    await this.settings.sleep(flushAfterMs)
    this.dueAt = null
    await this.flush(sink)
  }

  private async flush({ send }: UsageSink): Promise<void> {
    if (this.rows.size === 0) return
    const rows = [...this.rows.values()]
    const tiers = [...this.tiers.values()]
    this.rows = new Map()
    this.tiers = new Map()
    const now = this.settings.now()
    this.inFlight = this.inFlight.filter((until) => until > now)
    if (this.inFlight.length >= maxInFlight) return reportLost(rows, 'the queue is slow')
    const until = now + 2 * sendTimeoutMs
    this.inFlight.push(until)
    try {
      const id = batchId(now, this.settings.newId())
      await within('queue', sendTimeoutMs, send({ version: 1, id, rows, tiers }))
    } catch (cause) {
      // Not sent again: the queue may have accepted it, and a second batch would count twice.
      reportLost(rows, cause)
    } finally {
      const at = this.inFlight.indexOf(until)
      if (at !== -1) this.inFlight.splice(at, 1)
    }
  }
}

function reportLost(rows: readonly UsageRow[], cause: unknown): void {
  const requests = rows.reduce((sum, [, , , count]) => sum + count, 0)
  log('error', 'usage_lost', { requests, cause })
}

const timeDigits = 12

/** Begins with the time, so that ids sort by age. */
export function batchId(nowMs: number, id: string): string {
  return `${nowMs.toString(16).padStart(timeDigits, '0')}-${id}`
}
