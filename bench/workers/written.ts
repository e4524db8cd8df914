// The rows that the objects and D1's statements wrote, in this isolate, which all objects of the bench share.
export type Written = { objects: number; alarms: number; d1: number; d1Statements: number }

const none = (): Written => ({ objects: 0, alarms: 0, d1: 0, d1Statements: 0 })
let counts = none()

export const written = {
  add(more: Partial<Written>): void {
    for (const [name, count] of Object.entries(more)) counts[name as keyof Written] += count
  },
  /** What was written since the last call. */
  take(): Written {
    const taken = counts
    counts = none()
    return taken
  },
}

/** Counts what an object's storage writes. It keeps the class as it is, and its context. */
export function countStorage({ storage }: DurableObjectState): void {
  const { sql } = storage
  const exec = sql.exec.bind(sql)
  const setAlarm = storage.setAlarm.bind(storage)
  let last: SqlStorageCursor<Record<string, SqlStorageValue>> | null = null
  const counted: SqlStorage['exec'] = (query, ...values) => {
    // Only a cursor that was read to its end knows all its rows: the one before this.
    written.add({ objects: last?.rowsWritten ?? 0 })
    last = null
    const cursor = exec<Record<string, SqlStorageValue>>(query, ...values)
    if (query.includes('RETURNING')) last = cursor
    else if (!/^(SELECT|UPDATE journal)/.test(query)) written.add({ objects: cursor.rowsWritten })
    return cursor as never
  }
  Object.defineProperty(sql, 'exec', { value: counted })
  Object.defineProperty(storage, 'setAlarm', {
    value: (...given: Parameters<typeof setAlarm>) => {
      written.add({ alarms: 1 })
      return setAlarm(...given)
    },
  })
}

/** The same database, whose batches are counted by the rows that D1 says it wrote. */
export function countD1(d1: D1Database): D1Database {
  const session = (at: string) => {
    const opened = d1.withSession(at as D1SessionConstraint)
    return {
      prepare: (query: string) => opened.prepare(query),
      async batch(statements: D1PreparedStatement[]) {
        const results = await opened.batch(statements)
        const rows = results.reduce((sum, { meta }) => sum + meta.rows_written, 0)
        written.add({ d1: rows, d1Statements: statements.length })
        return results
      },
    }
  }
  return { withSession: session } as unknown as D1Database
}
