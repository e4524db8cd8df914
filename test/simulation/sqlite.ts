// Node's SQLite in the shape of D1, as far as src/storage uses it.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

export type Sqlite = ReturnType<typeof openD1>

export function openD1(migrations: readonly string[]) {
  const database = new DatabaseSync(':memory:')
  for (const migration of migrations) {
    database.exec(migration.replaceAll('--> statement-breakpoint', ''))
  }
  const prepare = (sql: string) => statement(database, sql, [])
  const batch = async (statements: ReturnType<typeof statement>[]) => {
    database.exec('BEGIN')
    try {
      const results = statements.map((each) => each.runNow())
      database.exec('COMMIT')
      return results
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
  const session = { prepare, batch }
  return {
    d1: { ...session, withSession: () => session } as unknown as D1Database,
    run: (sql: string, values: SQLInputValue[]) => database.prepare(sql).run(...values),
    all: (sql: string) => database.prepare(sql).all(),
    close: () => database.close(),
  }
}

function statement(database: DatabaseSync, sql: string, values: SQLInputValue[]) {
  const rows = () => database.prepare(sql).all(...values)
  const runNow = () => ({ results: rows(), success: true, meta: {} })
  return {
    bind: (...bound: SQLInputValue[]) => statement(database, sql, bound),
    runNow,
    all: async () => runNow(),
    run: async () => runNow(),
    first: async () => rows()[0] ?? null,
    async raw() {
      const prepared = database.prepare(sql)
      prepared.setReturnArrays(true)
      return prepared.all(...values)
    },
  }
}
