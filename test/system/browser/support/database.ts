// The database of the people of a running server: for what time alone, or an earlier release, brings about.
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

/** Executes a statement, which has to change something. */
export function changePeople(
  { stateDir }: { stateDir: string },
  sql: string,
  ...values: SQLInputValue[]
): void {
  let changed = 0
  for (const file of globSync(`${stateDir}/**/*D1DatabaseObject/*.sqlite`)) {
    // The Worker writes to it meanwhile.
    const database = new DatabaseSync(file, { timeout: 10_000 })
    if (isOfPeople(database)) changed += Number(database.prepare(sql).run(...values).changes)
    database.close()
  }
  assert.ok(changed > 0, `${sql} changed nothing`)
}

function isOfPeople(database: DatabaseSync): boolean {
  const tables = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'session'"
  return database.prepare(tables).get() !== undefined
}
