// What every handler is handed: the database, the account and the request's id.
// This API authenticates nobody. Latchkey's gateway does, removes every X-Latchkey-* header that
// the client sent, and writes its own; so it must be reachable through that gateway only.
import { drizzle } from 'drizzle-orm/d1'
import { createMiddleware } from 'hono/factory'
import { Problem } from './problem.ts'

export type Database = ReturnType<typeof drizzle<Record<string, never>>>

export type CrmEnv = {
  Bindings: { CRM_DB: D1Database }
  Variables: {
    requestId: string
    /** Every row read or written is bound to it. */
    accountId: string
    db: Database
  }
}

/** Refuses with 403 when the header of the gateway is missing: the request came around it. */
export const trustGateway = createMiddleware<CrmEnv>(async function trustGateway(c, next) {
  const requestId = c.req.header('x-latchkey-request-id') || crypto.randomUUID()
  c.set('requestId', requestId)
  c.header('x-request-id', requestId)
  c.header('cache-control', 'no-store')
  const accountId = c.req.header('x-latchkey-account')
  if (!accountId) {
    throw new Problem('forbidden', { detail: 'This API is reachable through its gateway only' })
  }
  c.set('accountId', accountId)
  c.set('db', drizzle(c.env.CRM_DB))
  await next()
})
