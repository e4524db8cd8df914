// Usage counted in this isolate's memory and sent through a Queue every few seconds: never on the way to
// an answer, and never more than a bounded table. What the queue does not take is lost, and said so.
import { log } from '../core/log.ts'
import type { Decision } from '../core/verdict.ts'
import { within } from '../storage/unavailable.ts'
import type { TierRow, UsageBatch, UsageRow } from '../storage/usage-store.ts'

/** How a request of a known key was answered: by its verdict, or by what a policy made of a valid one. */
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

/** Where counts go: the queue's `send`, and work that the answer does not wait for. */
export type UsageSink = {
  send(batch: UsageBatch): Promise<unknown>
  waitUntil(work: Promise<unknown>): void
}

export const flushAfterMs = 5_000
/** A full table is sent at once: 100 kB as JSON, where a message may have 128. */
export const maxRows = 1_000
/** Batches under way to a queue that is slow; beyond that counts are lost. */
const maxUnderWay = 4
export const sendTimeoutMs = 10_000
const hourMs = 60 * 60 * 1000

export class UsageCounter {
  private rows = new Map<string, UsageRow>()
  private tiers = new Map<string, TierRow>()
  /** When the timer of the present window should have ended; null: none runs. */
  private dueAt: number | null = null
  /** When each batch under way will have been given up at the latest, whatever became of its request. */
  private underWay: number[] = []
  private readonly settings: UsageSettings

  constructor(settings: UsageSettings) {
    this.settings = settings
  }

  count(keyId: string, code: UsageCode, way: UsageSink): void {
    const now = this.settings.now()
    this.add(keyId, code, now)
    if (this.rows.size >= maxRows) way.waitUntil(this.flush(way))
    // The request that the timer belonged to may have been killed: then another one takes over.
    else if (this.dueAt === null || now > this.dueAt + flushAfterMs) {
      this.dueAt = now + flushAfterMs
      way.waitUntil(this.flushLater(way))
    }
  }

  /** Which tier answered a verification from a region: for the status page. Goes with the next counts. */
  countTier(region: string, tier: string): void {
    const hour = Math.floor(this.settings.now() / hourMs) * hourMs
    const place = `${hour} ${region} ${tier}`
    const [, , , count] = this.tiers.get(place) ?? [hour, region, tier, 0]
    this.tiers.set(place, [hour, region, tier, count + 1])
  }

  private add(keyId: string, code: UsageCode, now: number): void {
    const hour = Math.floor(now / hourMs) * hourMs
    const place = `${keyId} ${hour} ${code}`
    const [, , , count, lastAt] = this.rows.get(place) ?? [keyId, hour, code, 0, now]
    this.rows.set(place, [keyId, hour, code, count + 1, Math.max(lastAt, now)])
  }

  private async flushLater(way: UsageSink): Promise<void> {
    await this.settings.sleep(flushAfterMs)
    this.dueAt = null
    await this.flush(way)
  }

  private async flush({ send }: UsageSink): Promise<void> {
    if (this.rows.size === 0) return
    const rows = [...this.rows.values()]
    const tiers = [...this.tiers.values()]
    this.rows = new Map()
    this.tiers = new Map()
    const now = this.settings.now()
    this.underWay = this.underWay.filter((until) => until > now)
    if (this.underWay.length >= maxUnderWay) return lose(rows, 'the queue is slow')
    const until = now + 2 * sendTimeoutMs
    this.underWay.push(until)
    try {
      const id = batchId(now, this.settings.newId())
      await within('queue', sendTimeoutMs, send({ version: 1, id, rows, tiers }))
    } catch (cause) {
      // Not sent again: it may have arrived, and would then be two batches.
      lose(rows, cause)
    } finally {
      const at = this.underWay.indexOf(until)
      if (at !== -1) this.underWay.splice(at, 1)
    }
  }
}

function lose(rows: readonly UsageRow[], cause: unknown): void {
  const requests = rows.reduce((sum, [, , , count]) => sum + count, 0)
  log('error', 'usage_lost', { requests, cause })
}

const digits = 12

/** Begins with the time, so that ids sort by age. */
export function batchId(nowMs: number, id: string): string {
  return `${nowMs.toString(16).padStart(digits, '0')}-${id}`
}
