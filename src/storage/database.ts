// How D1 is asked: always its primary, since a lagging replica may not know of a revocation yet, and
// never longer than a caller can wait.
import { type SQLWrapper, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'

/** Reads and writes through the primary, in the order in which they are asked. */
export function openPrimary(d1: D1Database) {
  // A session has the two methods that drizzle uses, prepare and batch, but not its type.
  return drizzle(d1.withSession('first-primary') as unknown as D1Database)
}

export type Database = ReturnType<typeof openPrimary>

/** Builds statements for `runBatch`; it has no database and runs none. */
export const build = drizzle({} as D1Database)

/** A UUID (RFC 9562, version 4) a row, where one statement writes many; the triggers of migrations/ draw theirs alike. */
export const newUuid = sql`lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`

const dialect = new SQLiteAsyncDialect()

/**
 * All statements in one transaction: each happens or none does. Drizzle 0.45 loses the parameters of
 * raw SQL in its own batch.
 * @returns the rows of the last statement.
 */
export async function runBatch<Row>(d1: D1Database, statements: SQLWrapper[]): Promise<Row[]> {
  const session = d1.withSession('first-primary')
  const prepared = statements.map((statement) => {
    const { sql, params } = dialect.sqlToQuery(statement.getSQL())
    return session.prepare(sql).bind(...params)
  })
  const results = await session.batch<Row>(prepared)
  return results.at(-1)?.results ?? []
}
