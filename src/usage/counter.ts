// Counts usage in the isolate's memory and sends it to a queue every few seconds, after answers. The memory
// is bounded; counts that the queue does not accept are lost, and the log says how many.

import type { KeyRecord } from '../core/record.ts'
import type { Decision } from '../core/verdict.ts'
import { log } from '../log.ts'
import { within } from '../storage/unavailable.ts'
import {
  messageId,
  type RequestSample,
  type TierRow,
  type UsageMessage,
  type UsageRow,
} from './message.ts'
import { RequestSamples } from './request-samples.ts'

/** The code that a request with a known key was answered with. */
export type UsageCode =
  | Decision['code']
  | 'rate_limited'
  | 'credits_exhausted'
  | 'conflict'
  | 'forbidden'
  | 'invalid_request'
  | 'authority_unavailable'

/** Of a record, what a row counts by. */
export type CountedKey = Pick<KeyRecord, 'id' | 'accountId' | 'externalId' | 'format'>

export type UsageSettings = {
  now(): number
  sleep(ms: number): Promise<void>
  newId(): string
  /** Of the keys of a format. */
  environmentOf(format: string): string
}

/** Where counts are sent: the queue, and `ctx.waitUntil` of the current request. */
export type UsageSink = {
  send(message: UsageMessage): Promise<unknown>
  waitUntil(work: Promise<unknown>): void
}

export const flushAfterMs = 5_000
/** A table of this size is sent at once. */
export const maxRows = 1_000
/** As JSON, of the 128 kB of a message: the tiers and the samples of requests need the rest. */
export const maxBytes = 100_000
/** Messages being sent at once; when the queue is so slow that there are more, counts are lost. */
const maxInFlight = 4
export const sendTimeoutMs = 10_000
const hourMs = 60 * 60 * 1000

export class UsageCounter {
  private rows = new Map<string, UsageRow>()
  private accounts = new Map<string, UsageRow[]>()
  /** At least what the rows take as JSON. */
  private bytes = 0
  private tiers = new Map<string, TierRow>()
  private readonly samples = new RequestSamples()
  /** When the running timer flushes (ms); null: no timer runs. */
  private dueAt: number | null = null
  /** The time (ms) at which each message in flight counts as lost, even if its request was cancelled. */
  private inFlight: number[] = []
  private readonly settings: UsageSettings

  constructor(settings: UsageSettings) {
    this.settings = settings
  }

  /**
   * Counts one request, and flushes when the table is full or the timer is due.
   * @returns whether the request is to be given to `log` once it is answered.
   */
  count(key: CountedKey, code: UsageCode, sink: UsageSink): boolean {
    const now = this.settings.now()
    this.add(key, code, now)
    if (this.rows.size >= maxRows || this.bytes >= maxBytes) sink.waitUntil(this.flush(sink))
    else this.flushInTime(now, sink)
    return this.samples.wants(key.id, code, now)
  }

  /** Keeps a request for the log of the account. */
  log(accountId: string, sample: RequestSample, sink: UsageSink): void {
    this.samples.add(accountId, sample)
    this.flushInTime(this.settings.now(), sink)
  }

  private flushInTime(now: number, sink: UsageSink): void {
    // An overdue timer belonged to a request that was cancelled: this request starts another.
    if (this.dueAt !== null && now <= this.dueAt + flushAfterMs) return
    this.dueAt = now + flushAfterMs
    sink.waitUntil(this.flushLater(sink))
  }

  /** Counts which tier answered a verification, for the status page. Sent with the next counts. */
  countTier(region: string, tier: string): void {
    const hour = Math.floor(this.settings.now() / hourMs) * hourMs
    const entry = `${hour} ${region} ${tier}`
    const [, , , count] = this.tiers.get(entry) ?? [hour, region, tier, 0]
    this.tiers.set(entry, [hour, region, tier, count + 1])
  }

  private add(key: CountedKey, code: UsageCode, now: number): void {
    const { id, externalId } = key
    const hour = Math.floor(now / hourMs) * hourMs
    // The external id stands last: it is the only part that may contain a space.
    const entry =
      externalId === null ? `${id} ${hour} ${code}` : `${id} ${hour} ${code} ${externalId}`
    const row = this.rows.get(entry)
    if (row === undefined) {
      const environment = this.settings.environmentOf(key.format)
      this.open(entry, key.accountId, [id, hour, code, 1, now, externalId, environment])
      return
    }
    row[3]++
    if (row[4] < now) row[4] = now
  }

  private open(entry: string, accountId: string, row: UsageRow): void {
    const [keyId, , code, , , externalId, environment] = row
    this.bytes += rowBytes + keyId.length + code.length + environment.length
    this.bytes += jsonBytes(externalId ?? '')
    this.rows.set(entry, row)
    const ofAccount = this.accounts.get(accountId)
    if (ofAccount !== undefined) return void ofAccount.push(row)
    this.bytes += accountBytes + jsonBytes(accountId)
    this.accounts.set(accountId, [row])
  }

  private async flushLater(sink: UsageSink): Promise<void> {
    await this.settings.sleep(flushAfterMs)
    this.dueAt = null
    await this.flush(sink)
  }

  private async flush({ send }: UsageSink): Promise<void> {
    const requests = this.samples.take()
    if (this.rows.size === 0 && Object.keys(requests).length === 0) return
    const { rows, accounts } = this
    const tiers = [...this.tiers.values()]
    this.rows = new Map()
    this.accounts = new Map()
    this.bytes = 0
    this.tiers = new Map()
    const now = this.settings.now()
    this.inFlight = this.inFlight.filter((until) => until > now)
    if (this.inFlight.length >= maxInFlight) return reportLost(rows, 'the queue is slow')
    const until = now + 2 * sendTimeoutMs
    this.inFlight.push(until)
    try {
      const id = messageId(now, this.settings.newId())
      const counted = { accounts: Object.fromEntries(accounts), tiers, requests }
      await within('queue', sendTimeoutMs, send({ version: 2, id, ...counted }))
    } catch (cause) {
      // Not sent again: the queue may have accepted it, and a second message would count twice.
      reportLost(rows, cause)
    } finally {
      const at = this.inFlight.indexOf(until)
      if (at !== -1) this.inFlight.splice(at, 1)
    }
  }
}

/** A row without its texts: two times of 13 digits, a count of up to 6, quotes and commas. */
const rowBytes = 2 * 13 + 6 + 19
/** Of the entry of an account: quotes, a colon, brackets and a comma. */
const accountBytes = 8

/** At least what a text takes as JSON in UTF-8: an escape has six letters. */
function jsonBytes(text: string): number {
  return /^[ !#-[\]-~]*$/.test(text) ? text.length : 6 * text.length
}

function reportLost(rows: ReadonlyMap<string, UsageRow>, cause: unknown): void {
  let requests = 0
  for (const [, , , count] of rows.values()) requests += count
  log('error', 'usage_lost', { requests, cause })
}
