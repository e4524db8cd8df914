// Raises that fences have not acknowledged: written and read in the batch of their change, and summarised for monitoring.
import { count, eq, min, type SQL, sql } from 'drizzle-orm'
import { groupOf } from '../core/subject.ts'
import { type Database, openPrimary } from './database.ts'
import { apiKey, fence, pendingRaise } from './schema.ts'
import { changedNow, currentSequence } from './sequence.ts'
import { within } from './unavailable.ts'

/** A raise that a fence has not acknowledged: of a digest, or of a group of accounts. */
export type PendingRaise = { fence: string; region: string; subject: string; seq: number }

/** Keys whose pending raises are wanted: of the whole account where no digests are named. */
export type Concerned = 'all' | { accountId: string; digests?: readonly string[] }

/** A change of more keys raises the group of their account: one row a fence instead of one a fence and key. */
const maxSingleRaises = 100

// Selects the fences inside the batch: one that registers later starts above this sequence.
export function leaveRaises({ accountId, nowMs }: { accountId: string; nowMs: number }): SQL {
  const few = sql`(select count(*) from ${apiKey} where ${changedNow}) <= ${maxSingleRaises}`
  return sql`
    insert into ${pendingRaise} (fence, subject, seq, created_at)
    select ${fence.name}, ${apiKey.digest}, ${apiKey.seq}, ${nowMs}
      from ${fence}, ${apiKey} where ${changedNow} and ${few}
    union all
    select ${fence.name}, ${groupOf(accountId)}, ${currentSequence}, ${nowMs} from ${fence} where not ${few}
    on conflict (subject, fence) do update set seq = excluded.seq`
}

export function readPending(db: Pick<Database, 'select'>, condition: SQL | undefined) {
  return db
    .select({
      fence: pendingRaise.fence,
      region: sql<string>`coalesce(${fence.region}, ${pendingRaise.fence})`.as('region'),
      subject: pendingRaise.subject,
      seq: pendingRaise.seq,
    })
    .from(pendingRaise)
    .leftJoin(fence, eq(fence.name, pendingRaise.fence))
    .where(condition)
}

/** From the side of what is pending, which is small, however many keys the account has. */
export function concerns({
  accountId,
  digests,
}: {
  accountId: string
  digests?: SQL | undefined
}): SQL {
  const ofAccount = sql`exists (select 1 from ${apiKey}
    where ${apiKey.digest} = ${pendingRaise.subject} and ${apiKey.accountId} = ${accountId})`
  const isOfKey = digests === undefined ? ofAccount : sql`${pendingRaise.subject} in ${digests}`
  return sql`(${pendingRaise.subject} = ${groupOf(accountId)} or ${isOfKey})`
}

export function removeRaises(raises: readonly PendingRaise[]): SQL {
  const held = JSON.stringify(raises.map(({ fence, subject, seq }) => ({ fence, subject, seq })))
  return sql`
    delete from ${pendingRaise} where rowid in (
      select pending.rowid from json_each(${held}) as held join ${pendingRaise} as pending
      on pending.subject = held.value ->> 'subject' and pending.fence = held.value ->> 'fence'
        and pending.seq <= held.value ->> 'seq')`
}

export type PendingSummary = {
  count: number
  /** When the oldest was written (ms); null: none is pending. */
  oldestAt: number | null
  /** Names of the fences that have not acknowledged. */
  fences: string[]
}

const timeoutMs = 2_000

/** @throws StoreUnavailable */
export async function summarisePending(d1: D1Database): Promise<PendingSummary> {
  const query = openPrimary(d1)
    .select({
      fence: pendingRaise.fence,
      count: count(),
      oldestAt: min(pendingRaise.createdAt),
    })
    .from(pendingRaise)
    .groupBy(pendingRaise.fence)
    .orderBy(pendingRaise.fence)
  const rows = await within('D1', timeoutMs, query.all())
  const oldest = rows.flatMap(({ oldestAt }) => oldestAt ?? [])
  return {
    count: rows.reduce((sum, row) => sum + row.count, 0),
    oldestAt: oldest.length === 0 ? null : Math.min(...oldest),
    fences: rows.map(({ fence }) => fence),
  }
}

/** The reconciler runs every minute, so an older raise waits for a fence that does not answer. */
export const maxPendingMs = 60_000

export function isOverdue({ oldestAt }: PendingSummary, nowMs: number): boolean {
  return oldestAt !== null && nowMs - oldestAt > maxPendingMs
}
