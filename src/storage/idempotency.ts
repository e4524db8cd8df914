// Requests with an Idempotency-Key that were executed: each row is inserted in the batch of the change that it stands for.
import { type SQL, sql } from 'drizzle-orm'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { openPrimary, runBatch } from './database.ts'
import { idempotency } from './schema.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000
const lifetimeMs = 24 * 60 * 60 * 1000
const maxPruned = 5_000

/** `made`: the id of what the request made, as its operation stored it. */
export type ExecutedRequest = { payload: string; made: string }

/** Null for a request that was not executed within 24 hours. @throws StoreUnavailable */
export async function findRequest(
  d1: D1Database,
  { hash }: Pick<IdempotentRequest, 'hash'>,
  nowMs: number,
): Promise<ExecutedRequest | null> {
  const query = openPrimary(d1)
    .select({ payload: idempotency.payload, made: idempotency.made })
    .from(idempotency)
    .where(sql`${idempotency.hash} = ${hash} and ${idempotency.expiresAt} > ${nowMs}`)
    .get()
  return (await within('D1', readTimeoutMs, query)) ?? null
}

/**
 * Statements for the batch of the change. Where another request was executed first they violate UNIQUE, which undoes the batch.
 * @param condition whether the batch changed anything.
 */
export function recordRequest(
  request: IdempotentRequest | null | undefined,
  made: SQL | string,
  nowMs: number,
  condition: SQL = sql`1`,
): SQL[] {
  if (!request) return []
  const { hash, payload, accountId } = request
  return [
    sql`delete from ${idempotency} where hash = ${hash} and expires_at <= ${nowMs}`,
    sql`insert into ${idempotency} (hash, account_id, payload, made, expires_at)
      select ${hash}, ${accountId}, ${payload}, ${made}, ${nowMs + lifetimeMs} where ${condition}`,
  ]
}

/** Records a request whose change is in another store, before it is made. */
export async function claimRequest(
  d1: D1Database,
  request: IdempotentRequest,
  made: string,
  nowMs: number,
): Promise<void> {
  await within('D1', writeTimeoutMs, runBatch(d1, recordRequest(request, made, nowMs)))
}

/** Whether a batch failed because its request had been executed. */
export function isExecuted(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (/UNIQUE constraint failed: idempotency\.hash/.test(cause.message)) return true
  }
  return false
}

/** Deletes rows that have expired, up to 5,000 a call. */
export async function pruneRequests(d1: D1Database, nowMs: number): Promise<void> {
  const expired = sql`select hash from ${idempotency} where expires_at <= ${nowMs} limit ${maxPruned}`
  const pruning = runBatch(d1, [sql`delete from ${idempotency} where hash in (${expired})`])
  await within('D1', writeTimeoutMs, pruning)
}
