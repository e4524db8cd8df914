// A D1 that commits, and whose answers to writes are lost on the way.
import { env } from 'cloudflare:workers'

/** @param isLost of the SQL of a statement: the answer to its batch is lost. */
export function losingAnswers(isLost: (sql: string) => boolean): D1Database {
  const wrap = (session: D1DatabaseSession): D1DatabaseSession => {
    const texts = new WeakMap<D1PreparedStatement, string>()
    return {
      prepare(sql: string) {
        const statement = session.prepare(sql)
        const bind = statement.bind.bind(statement)
        statement.bind = (...values: unknown[]) => {
          const bound = bind(...values)
          texts.set(bound, sql)
          return bound
        }
        texts.set(statement, sql)
        return statement
      },
      async batch(statements: D1PreparedStatement[]) {
        const results = await session.batch(statements)
        if (statements.some((each) => isLost(texts.get(each) ?? ''))) {
          throw new Error('D1_ERROR: Network connection lost.')
        }
        return results
      },
      getBookmark: () => session.getBookmark(),
    } as unknown as D1DatabaseSession
  }
  const own = {
    withSession: (constraint?: D1SessionConstraint) => wrap(env.DB.withSession(constraint)),
    prepare: (sql: string) => env.DB.prepare(sql),
    batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
  }
  return own as unknown as D1Database
}
