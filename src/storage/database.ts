// Access to D1. Every statement goes to the primary: a replica that lags may miss a revocation.
import { type SQLWrapper, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'

/** Reads and writes through the primary, in the order of the calls. */
export function openPrimary(d1: D1Database) {
  // D1DatabaseSession has prepare and batch, which is all that drizzle calls, but is another type.
  return drizzle(d1.withSession('first-primary') as unknown as D1Database)
}

export type Database = ReturnType<typeof openPrimary>

/** Builds statements for `runBatch`. It has no database, so it cannot run them. */
export const build = drizzle({} as D1Database)

/** A UUID (RFC 9562, version 4) for each row that a statement writes, as the triggers in migrations/ make them. */
export const newUuid = sql`lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`

const dialect = new SQLiteAsyncDialect()

/** Runs all statements in one transaction. @returns the rows of the last statement. */
export async function runBatch<Row>(d1: D1Database, statements: SQLWrapper[]): Promise<Row[]> {
  const results = await runWholeBatch(d1, statements)
  return (results.at(-1) ?? []) as Row[]
}

/**
 * Runs all statements in one transaction. Not drizzle's own batch: version 0.45 loses the parameters of raw SQL
 * there.
 * @returns the rows of each statement.
 */
export async function runWholeBatch(
  d1: D1Database,
  statements: SQLWrapper[],
): Promise<unknown[][]> {
  const session = d1.withSession('first-primary')
  const prepared = statements.map((statement) => {
    const { sql, params } = dialect.sqlToQuery(statement.getSQL())
    return session.prepare(sql).bind(...params)
  })
  const results = await session.batch(prepared)
  return results.map((result) => result.results)
}
