// D1's interface over node:sqlite, so that the statements of src/storage run on a file of millions of rows without
// the overhead of a Worker. Each statement and its time are recorded.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

export type Ran = { sql: string; params: unknown[]; ms: number }

export type LocalD1 = { d1: D1Database; ran: Ran[]; db: DatabaseSync }

export function openLocalD1(path: string): LocalD1 {
  const db = new DatabaseSync(path)
  const ran: Ran[] = []
  const d1 = {
    withSession: () => d1,
    prepare: (sql: string) => statement(sql, []),
    async batch(statements: ReturnType<typeof statement>[]) {
      db.exec('BEGIN')
      const results = statements.map((each) => ({ results: each.run(), success: true, meta: {} }))
      db.exec('COMMIT')
      return results
    },
  }
  function statement(sql: string, params: SQLInputValue[]) {
    const rows = (asArrays: boolean) => {
      const prepared = db.prepare(sql)
      prepared.setReturnArrays(asArrays)
      const began = performance.now()
      const found = prepared.all(...params)
      ran.push({ sql, params, ms: performance.now() - began })
      return found
    }
    return {
      bind: (...values: SQLInputValue[]) => statement(sql, values),
      all: async () => ({ results: rows(false), success: true, meta: {} }),
      raw: async () => rows(true),
      first: async () => rows(false)[0] ?? null,
      run: () => rows(false),
    }
  }
  return { d1: d1 as unknown as D1Database, ran, db }
}

/** SQLite's query plan, one step per line. */
export function planOf({ db }: LocalD1, { sql, params }: Ran): string[] {
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...(params as SQLInputValue[]))
  return rows.map((row) => String((row as { detail: unknown }).detail))
}
