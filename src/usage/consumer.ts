// The consumer of the usage queue. A message is split by month and shard, and by account for the request logs; each object
// stores its part once, however often it is delivered, and the message is acknowledged when all of them have.
import { readId } from '../core/id.ts'
import { log } from '../log.ts'
import { isDeterministic } from '../storage/unavailable.ts'
import { idLifetimeMs, usageLifetimeMs } from './bounds.ts'
import {
  messageId,
  type RequestSample,
  type TierRow,
  type UsageMessage,
  type UsageRow,
} from './message.ts'
import type { UsageStores } from './objects.ts'
import type { LogPart } from './request-log.ts'
import type { RequestLogs } from './request-logs.ts'
import { monthOf, nameOf, namesIn, type Shards } from './shards.ts'
import { stored, type UsagePart } from './usage-calls.ts'

type Delivered = Pick<Message<unknown>, 'id' | 'timestamp' | 'attempts' | 'body' | 'ack' | 'retry'>
type Entry<Part> = { part: Part; message: Delivered }

const hourMs = 60 * 60 * 1000
/** Clocks differ by less. */
const maxAheadMs = 31 * 24 * hourMs
const minRetrySeconds = 60
const maxRetrySeconds = 60 * 60

/** Stores the messages. One is acknowledged once it is stored whole, or when it never can be. */
export async function consume(
  { objects, logs, shards }: UsageStores & { logs: Pick<RequestLogs, 'add'> },
  messages: readonly Delivered[],
  nowMs: number,
): Promise<void> {
  const readable = messages.filter((message) => isReadable(message, nowMs))
  const byObject = new Map<string, Entry<UsagePart>[]>()
  const byAccount = new Map<string, Entry<LogPart>[]>()
  for (const message of readable) {
    const { id, requests, ...counted } = message.body as UsageMessage
    for (const [name, part] of split({ id, ...counted }, shards)) {
      listed(byObject, name, (): Entry<UsagePart>[] => []).push({ part, message })
    }
    for (const [accountId, ofAccount] of Object.entries(requests)) {
      const part = { id, requests: ofAccount }
      listed(byAccount, accountId, (): Entry<LogPart>[] => []).push({ part, message })
    }
  }
  const failed = new Map<Delivered, unknown>()
  await Promise.all([
    ...[...byObject].map(([name, entries]) => store(objects(name).add, entries, failed)),
    ...[...byAccount].map(([accountId, entries]) => {
      return store((parts) => logs.add(accountId, parts), entries, failed)
    }),
  ])
  for (const message of readable) {
    if (failed.has(message)) message.retry({ delaySeconds: retryDelay(message.attempts) })
    else message.ack()
  }
  const [cause] = failed.values()
  if (failed.size === 0) return
  log('warn', 'usage_not_stored', { messages: [...failed.keys()].map(({ id }) => id), cause })
}

/** The part of each object, by its name: the rows of its keys, and the tiers of its month in the first shard. */
export function split(
  { id, accounts, tiers }: Pick<UsageMessage, 'id' | 'accounts' | 'tiers'>,
  shards: Shards,
) {
  const rows = new Map<string, Map<string, UsageRow[]>>()
  for (const [accountId, ofAccount] of Object.entries(accounts)) {
    for (const row of ofAccount) {
      const byAccount = listed(rows, nameOf(shards, row[0], row[1]), () => new Map())
      listed(byAccount, accountId, (): UsageRow[] => []).push(row)
    }
  }
  const tiersOf = new Map<string, TierRow[]>()
  for (const tier of tiers) {
    const [first = ''] = namesIn(shards, monthOf(tier[0]))
    listed(tiersOf, first, (): TierRow[] => []).push(tier)
  }
  const names = new Set([...rows.keys(), ...tiersOf.keys()])
  return new Map(
    [...names].map((name): [string, UsagePart] => [
      name,
      { id, accounts: Object.fromEntries(rows.get(name) ?? []), tiers: tiersOf.get(name) ?? [] },
    ]),
  )
}

function listed<Value>(map: Map<string, Value>, name: string, create: () => Value): Value {
  const present = map.get(name) ?? create()
  map.set(name, present)
  return present
}

async function store<Part>(
  add: (parts: Part[]) => Promise<unknown>,
  entries: readonly Entry<Part>[],
  failed: Map<Delivered, unknown>,
): Promise<void> {
  try {
    const answer = await add(entries.map(({ part }) => part))
    // An object of another version may answer differently: only this value acknowledges.
    if (answer !== stored) throw new Error('The object did not acknowledge.')
  } catch (cause) {
    // One part that the object always refuses must not keep out the others.
    if (entries.length > 1 && isDeterministic(cause)) {
      for (const entry of entries) await store(add, [entry], failed)
      return
    }
    for (const { message } of entries) failed.set(message, cause)
  }
}

/** Seconds: exponential from a minute to an hour, so that 100 attempts outlast the queue's four days. */
function retryDelay(attempts: number): number {
  return Math.min(minRetrySeconds * 2 ** Math.max(0, attempts - 1), maxRetrySeconds)
}

function isReadable(message: Delivered, nowMs: number): boolean {
  if (isMessage(message.body, nowMs)) return true
  log('error', 'usage_message_dropped', { message: message.id, sent: message.timestamp })
  message.ack()
  return false
}

/** Objects forget the ids of older messages: one that may have been stored is dropped, not counted twice. */
function isMessage(body: unknown, nowMs: number): body is UsageMessage {
  if (typeof body !== 'object' || body === null) return false
  const { version, id, accounts, tiers, requests } = body as Partial<
    Record<keyof UsageMessage, unknown>
  >
  return (
    version === 2 &&
    typeof id === 'string' &&
    /^[0-9a-f]{12}-.{1,64}$/.test(id) &&
    id >= messageId(nowMs - idLifetimeMs, '') &&
    typeof accounts === 'object' &&
    accounts !== null &&
    Object.values(accounts).every((rows) => isList(rows, (row) => isRow(row, nowMs))) &&
    isList(tiers, (tier) => isTier(tier, nowMs)) &&
    typeof requests === 'object' &&
    requests !== null &&
    Object.values(requests).every((samples) => isList(samples, isSample))
  )
}

function isList(value: unknown, isEntry: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isEntry)
}

function isRow(row: unknown, nowMs: number): row is UsageRow {
  if (!Array.isArray(row) || row.length !== 7) return false
  const [keyId, hour, code, count, lastAt, externalId, environment] = row
  return (
    // Its first letters choose the shard.
    isText(keyId) &&
    readId(keyId) === keyId &&
    isHour(hour, nowMs) &&
    isText(code) &&
    isCount(count) &&
    Number.isSafeInteger(lastAt) &&
    (externalId === null || isText(externalId)) &&
    isText(environment)
  )
}

function isTier(tier: unknown, nowMs: number): tier is TierRow {
  if (!Array.isArray(tier) || tier.length !== 4) return false
  const [hour, region, name, count] = tier
  return isHour(hour, nowMs) && isText(region) && isText(name) && isCount(count)
}

function isSample(sample: unknown): sample is RequestSample {
  if (typeof sample !== 'object' || sample === null) return false
  const { at, keyId, code, ms, tier, ...rest } = sample as Record<keyof RequestSample, unknown>
  const { method, route, neededScope, address, country } = rest
  return (
    [at, ms].every(Number.isFinite) &&
    [keyId, code, tier].every(isText) &&
    [method, route, neededScope, address, country].every((text) => text === null || isText(text))
  )
}

/** An object of a month that is far away would be opened for nothing. */
function isHour(hour: unknown, nowMs: number): boolean {
  if (!Number.isSafeInteger(hour) || (hour as number) % hourMs !== 0) return false
  return (hour as number) > nowMs - usageLifetimeMs && (hour as number) < nowMs + maxAheadMs
}

function isCount(count: unknown): boolean {
  return Number.isSafeInteger(count) && (count as number) > 0
}

function isText(text: unknown): text is string {
  return typeof text === 'string' && text !== ''
}
