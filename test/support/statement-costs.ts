// What each statement that runs on a D1 database costs, as D1 counts it: rows of tables and of indexes.
export type Cost = { sql: string; read: number; written: number; changed: number }

/** The same database; `costs` grows with each statement that has run. */
export function countCosts(d1: D1Database): { d1: D1Database; costs: Cost[] } {
  const costs: Cost[] = []
  const within = new WeakMap<object, D1PreparedStatement>()

  function note(sql: string, { meta }: D1Result): void {
    const { rows_read: read, rows_written: written, changes: changed } = meta
    costs.push({ sql, read, written, changed })
  }

  function prepared(sql: string, statement: D1PreparedStatement) {
    const all = async () => {
      const result = await statement.all()
      note(sql, result)
      return result
    }
    const wrapper = {
      ...{ sql, all, run: all },
      bind: (...values: unknown[]) => prepared(sql, statement.bind(...values)),
      async first(column?: string) {
        const [row] = (await all()).results as Record<string, unknown>[]
        return row === undefined ? null : column === undefined ? row : row[column]
      },
      // Its answer has no costs: it only reads, so it runs twice.
      async raw() {
        await all()
        return statement.raw()
      },
    }
    within.set(wrapper, statement)
    return wrapper
  }

  const counting = (on: Pick<D1Database, 'prepare' | 'batch'>) => ({
    prepare: (sql: string) => prepared(sql, on.prepare(sql)),
    async batch(statements: { sql: string }[]) {
      const results = await on.batch(
        statements.map((each) => within.get(each) as D1PreparedStatement),
      )
      for (const [at, result] of results.entries()) note(statements[at]?.sql ?? '', result)
      return results
    },
  })
  const withSession = (start: string) => counting(d1.withSession(start))
  return { d1: { ...counting(d1), withSession } as unknown as D1Database, costs }
}
