// Node's SQLite with D1's interface, as far as src/storage uses it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

/** A statement that ran. */
export type Ran = { sql: string; values: SQLInputValue[]; ms: number }

/** @param onRun is called after each statement that runs through D1's interface. */
export function openD1(path: string, onRun: (ran: Ran) => void = () => {}) {
  const database = new DatabaseSync(path)

  function statement(sql: string, values: SQLInputValue[]) {
    const rows = (asArrays: boolean) => {
      const prepared = database.prepare(sql)
      prepared.setReturnArrays(asArrays)
      const beganMs = performance.now()
      const found = prepared.all(...values)
      onRun({ sql, values, ms: performance.now() - beganMs })
      return found
    }
    const runNow = () => ({ results: rows(false), success: true, meta: {} })
    return {
      bind: (...bound: SQLInputValue[]) => statement(sql, bound),
      runNow,
      all: async () => runNow(),
      run: async () => runNow(),
      first: async () => rows(false)[0] ?? null,
      raw: async () => rows(true),
    }
  }

  async function batch(statements: ReturnType<typeof statement>[]) {
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

  const session = { prepare: (sql: string) => statement(sql, []), batch }
  const d1 = { ...session, withSession: () => session } as unknown as D1Database
  return { d1, database }
}

const migrationsFolder = join(import.meta.dirname, '../../migrations')

export function applyMigrations(database: DatabaseSync): void {
  const files = readdirSync(migrationsFolder).filter((name) => name.endsWith('.sql'))
  for (const file of files.sort()) {
    const sql = readFileSync(join(migrationsFolder, file), 'utf8')
    database.exec(sql.replaceAll('--> statement-breakpoint', ''))
  }
}
