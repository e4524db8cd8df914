// Usage in D1. Each batch is added once: adding it twice, or in another order, changes nothing.
import { sql } from 'drizzle-orm'
import { openPrimary, runBatch } from './database.ts'
import { apiKey, tierHourly, usageBatch, usageHourly } from './schema.ts'
import { within } from './unavailable.ts'

/** Key, first ms of the hour, code, requests, time of the last request (ms). */
export type UsageRow = [keyId: string, hour: number, code: string, count: number, lastAt: number]

/** First ms of the hour, region, tier that answered, verifications. */
export type TierRow = [hour: number, region: string, tier: string, count: number]

/** What an isolate counted in a few seconds. The id begins with the time and is unique. */
export type UsageBatch = { version: 1; id: string; rows: UsageRow[]; tiers?: TierRow[] }

export type UsageCount = { time: number; code: string; count: number }

export type UsageSpan = { from: number; to: number; stepMs: number }

export type UsageStore = {
  /** Adds the batches that were not added before, in one transaction. */
  add(batches: readonly UsageBatch[]): Promise<void>
  /** Requests by step and code, from `from` to before `to`, without zeros, oldest first. */
  read(keyId: string, span: UsageSpan): Promise<UsageCount[]>
  /** Deletes rows past their lifetime, up to 10,000 per table and call. */
  prune(nowMs: number): Promise<void>
}

const readTimeoutMs = 2_000
const writeTimeoutMs = 20_000
const dayMs = 24 * 60 * 60 * 1000
export const usageLifetimeMs = 400 * dayMs
export const tierLifetimeMs = 30 * dayMs
/** The queue redelivers a message for at most 4 days. */
export const batchLifetimeMs = 5 * dayMs
const maxPruned = 10_000

export function createUsageStore(d1: D1Database): UsageStore {
  return {
    async add(batches) {
      // A batch of the queue may contain a message twice.
      const once = [...new Map(batches.map((batch) => [batch.id, batch])).values()]
      await within('D1', writeTimeoutMs, runBatch(d1, statementsOf(JSON.stringify(once))))
    },
    read: (keyId, span) => within('D1', readTimeoutMs, read(d1, keyId, span)),
    async prune(nowMs) {
      const oldestBatch = (nowMs - batchLifetimeMs).toString(16).padStart(12, '0')
      const statements = [
        sql`delete from ${usageHourly} where rowid in (select rowid from ${usageHourly}
          where hour < ${nowMs - usageLifetimeMs} limit ${maxPruned})`,
        sql`delete from ${tierHourly} where rowid in (select rowid from ${tierHourly}
          where hour < ${nowMs - tierLifetimeMs} limit ${maxPruned})`,
        sql`delete from ${usageBatch} where id in (select id from ${usageBatch}
          where id < ${oldestBatch} limit ${maxPruned})`,
      ]
      await within('D1', writeTimeoutMs, runBatch(d1, statements))
    },
  }
}

/** The ids of the batches are inserted last: the statements before select the batches without an id. */
function statementsOf(batches: string) {
  const newItems = (list: string) => sql`json_each(${batches}) as batch,
    json_each(batch.value, ${list}) as item
    where batch.value ->> 'id' not in (select id from ${usageBatch})`
  const newRows = newItems('$.rows')
  return [
    sql`insert into ${usageHourly} (key_id, hour, code, count)
      select item.value ->> 0, item.value ->> 1, item.value ->> 2, sum(item.value ->> 3)
      from ${newRows} group by 1, 2, 3
      on conflict (key_id, hour, code) do update set count = count + excluded.count`,
    sql`update ${apiKey} set last_used_at = used.last_at
      from (select item.value ->> 0 as key_id, max(item.value ->> 4) as last_at
        from ${newRows} and item.value ->> 2 = 'valid' group by 1) as used
      where ${apiKey.id} = used.key_id and coalesce(${apiKey.lastUsedAt}, 0) < used.last_at`,
    sql`insert into ${tierHourly} (hour, region, tier, count)
      select item.value ->> 0, item.value ->> 1, item.value ->> 2, sum(item.value ->> 3)
      from ${newItems('$.tiers')} group by 1, 2, 3
      on conflict (hour, region, tier) do update set count = count + excluded.count`,
    sql`insert or ignore into ${usageBatch} (id) select value ->> 'id' from json_each(${batches})`,
  ]
}

/** Verifications by region and tier in the hours since `fromMs`, largest count first. */
export async function readTiers(
  d1: D1Database,
  fromMs: number,
): Promise<{ region: string; tier: string; count: number }[]> {
  const { hour, region, tier, count } = tierHourly
  const query = openPrimary(d1)
    .select({ region, tier, count: sql<number>`sum(${count})`.as('total') })
    .from(tierHourly)
    .where(sql`${hour} > ${fromMs - 60 * 60 * 1000}`)
    .groupBy(region, tier)
    .orderBy(sql`total desc`)
  return within('D1', readTimeoutMs, query.all())
}

async function read(d1: D1Database, keyId: string, { from, to, stepMs }: UsageSpan) {
  const { hour, code, count } = usageHourly
  const time = sql<number>`${hour} - ${hour} % ${stepMs}`
  return openPrimary(d1)
    .select({ time: time.as('time'), code, count: sql<number>`sum(${count})`.as('total') })
    .from(usageHourly)
    .where(sql`${usageHourly.keyId} = ${keyId} and ${hour} >= ${from} and ${hour} < ${to}`)
    .groupBy(sql`1`, code)
    .orderBy(sql`1`, code)
    .all()
}
