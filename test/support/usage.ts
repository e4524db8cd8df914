// Usage for tests: messages as isolates send them, and what the objects hold of them.
import { env } from 'cloudflare:workers'
import { consume } from '../../src/usage/consumer.ts'
import { type UsageCode, UsageCounter } from '../../src/usage/counter.ts'
import { messageId, type UsageMessage, type UsageRow } from '../../src/usage/message.ts'
import type { UsageStores } from '../../src/usage/objects.ts'
import type { UsageDay } from '../../src/usage/usage-calls.ts'
import { requestLogs, usageReader, usageStores } from '../../src/worker/usage.ts'

export const hour = 60 * 60 * 1000
export const day = 24 * hour
export const usage = usageReader(env)

/** Key, time, code, requests; external id and environment as keys without any have them. */
export type Counted = [keyId: string, at: number, code: string, count: number, ...rest: string[]]

export function rowOf([keyId, at, code, count, externalId, environment]: Counted): UsageRow {
  const first = Math.floor(at / hour) * hour
  return [keyId, first, code, count, at, externalId ?? null, environment ?? 'live']
}

export function messageOf(
  counted: Record<string, Counted[]>,
  at = Date.now(),
  tiers: UsageMessage['tiers'] = [],
): UsageMessage {
  const accounts = Object.entries(counted).map(([account, rows]) => [account, rows.map(rowOf)])
  const id = messageId(at, crypto.randomUUID())
  return { version: 2, id, accounts: Object.fromEntries(accounts), tiers, requests: {} }
}

export type Delivery = { acknowledged: number[]; retried: Record<number, number | undefined> }

/** Delivers bodies as one batch; which were acknowledged, and the delays of those that were not. */
export async function deliver(
  bodies: readonly unknown[],
  { attempts = 1, now = Date.now(), stores = usageStores(env) as UsageStores } = {},
): Promise<Delivery> {
  const result: Delivery = { acknowledged: [], retried: {} }
  const messages = bodies.map((body, at) => ({
    id: `${at}`,
    timestamp: new Date(now),
    attempts,
    body,
    ack: () => void result.acknowledged.push(at),
    retry(options?: QueueRetryOptions) {
      result.retried[at] = options?.delaySeconds
    },
  }))
  await consume({ logs: requestLogs(env), ...stores }, messages, now)
  return result
}

/** What is counted of a key, by code. */
export async function totals(
  accountId: string,
  keyId: string,
  reader = usage,
): Promise<Record<string, number>> {
  const now = Date.now()
  const span = { from: now - 390 * day, to: now + 30 * day, stepMs: day }
  const sums: Record<string, number> = {}
  for (const { code, count } of await reader.ofKey(accountId, keyId, span)) {
    sums[code] = (sums[code] ?? 0) + count
  }
  return sums
}

/** All days that are kept of an account. */
export async function daysOf(accountId: string, reader = usage): Promise<UsageDay[]> {
  const days: UsageDay[] = []
  for await (const page of reader.days(accountId, Date.now())) days.push(...page)
  return days
}

/** An isolate's counter with a controlled clock and timer, and what it sent. */
export function createCounter(now: number, send?: (message: UsageMessage) => Promise<unknown>) {
  const clock = { now }
  const sent: UsageMessage[] = []
  const work: Promise<unknown>[] = []
  let timers: (() => void)[] = []
  const counter = new UsageCounter({
    now: () => clock.now,
    sleep: () => new Promise<void>((wake) => timers.push(wake)),
    newId: () => crypto.randomUUID(),
    environmentOf: () => 'live',
  })
  const sink = {
    send: send ?? (async (message: UsageMessage) => void sent.push(message)),
    waitUntil: (promise: Promise<unknown>) => void work.push(promise),
  }
  return {
    clock,
    sent,
    work,
    timers: () => timers.length,
    /** The requests that held the timers are killed. */
    killTimers() {
      timers = []
      work.splice(0)
    },
    count: (
      id: string,
      code: UsageCode,
      { accountId = 'account', externalId = null as string | null } = {},
    ) => counter.count({ id, accountId, externalId, format: 'whm' }, code, sink),
    countTier: (region: string, tier: string) => counter.countTier(region, tier),
    async flush() {
      for (const wake of timers.splice(0)) wake()
      await Promise.all(work.splice(0))
    },
  }
}
