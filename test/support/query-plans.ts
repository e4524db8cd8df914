// Records the statements that run on a D1 database, and asks SQLite how it reads for them.
export type Statement = { sql: string; values: unknown[] }
export type Step = { depth: number; detail: string }

/** The same database; `ran` grows with each statement that is bound. */
export function recordStatements(d1: D1Database): { d1: D1Database; ran: Statement[] } {
  const ran: Statement[] = []
  const recording = (on: Pick<D1Database, 'prepare' | 'batch'>) => ({
    prepare: (sql: string) => ({
      bind(...values: unknown[]) {
        ran.push({ sql, values })
        return on.prepare(sql).bind(...values)
      },
    }),
    batch: (statements: D1PreparedStatement[]) => on.batch(statements),
  })
  const withSession = (start: string) => recording(d1.withSession(start))
  return { d1: { ...recording(d1), withSession } as unknown as D1Database, ran }
}

export async function planOf(d1: D1Database, { sql, values }: Statement): Promise<Step[]> {
  const explained = await d1
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...values)
    .all<{ id: number; parent: number; detail: string }>()
  const depths = new Map([[0, -1]])
  return explained.results.map(({ id, parent, detail }) => {
    const depth = (depths.get(parent) ?? -1) + 1
    depths.set(id, depth)
    return { depth, detail }
  })
}

/** Tables that stay small: one row, a row a fence, what is pending, arrays that are bound. */
const small =
  /^SCAN (json_each|\w+ VIRTUAL TABLE|CONSTANT ROW|\d+ CONSTANT ROWS|\(|(event|actor)( LEFT-JOIN)?$|sequence\b|platform\b|fence\b|pending_raise\b|format_held\b|expiry_due\b|review_due\b)/

/**
 * Steps that read a whole table, or sort more than a page: the outermost query sorts what a subquery has limited.
 */
export function unboundedIn(plan: readonly Step[]): string[] {
  return plan
    .filter(({ depth, detail }) => {
      if (detail.startsWith('SCAN')) return !small.test(detail)
      return /AUTOMATIC/.test(detail) || (depth > 0 && detail.startsWith('USE TEMP B-TREE'))
    })
    .map(({ detail }) => detail)
}

/** The indexes by which a table is read, but for its primary key. */
export function indexesOf(table: string, plan: readonly Step[]): string[] {
  const names = plan.flatMap(({ detail }) => {
    const [, of, index] = /^SEARCH (\w+) USING (?:COVERING )?INDEX (\w+)/.exec(detail) ?? []
    return of === table && index && !index.startsWith('sqlite_autoindex') ? [index] : []
  })
  return [...new Set(names)].sort()
}
