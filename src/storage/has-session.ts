// Whether a session of a person lasts, as a condition of other queries: it is whole, and has not expired.
import { type SQL, sql } from 'drizzle-orm'
import { openPrimary } from './database.ts'
import { session } from './people-schema.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000

export type SessionNow = { id: string; nowMs: number }

export function hasSessionSql(userId: SQL, { id, nowMs }: SessionNow): SQL<number> {
  return sql<number>`exists (select 1 from ${session} where ${session.id} = ${id}
    and ${session.userId} = ${userId} and ${session.awaitsFactor} = 0 and ${session.expiresAt} > ${nowMs})`
}

/** When it last proved its person (ms); null: never. */
export function provedAtSql({ id }: SessionNow): SQL<number | null> {
  return sql`(select ${session.provedAt} from ${session} where ${session.id} = ${id})`
}

/** @throws StoreUnavailable */
export async function isWholeSession(
  d1: D1Database,
  userId: string,
  which: SessionNow,
): Promise<boolean> {
  const query = openPrimary(d1).get<{ lasts: number }>(
    sql`select ${hasSessionSql(sql`${userId}`, which)} as lasts`,
  )
  return (await within('D1', readTimeoutMs, query)).lasts === 1
}
