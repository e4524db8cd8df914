// The context of every handler: the database, the account and the request id. This API does not authenticate.
// Latchkey's gateway does: it replaces every X-Latchkey-* header that the client sent. So this API must be
// reachable through the gateway only.
import { drizzle } from 'drizzle-orm/d1'
import { createMiddleware } from 'hono/factory'
import { Problem } from './problem.ts'

export type Database = ReturnType<typeof drizzle<Record<string, never>>>

export type CrmEnv = {
  Bindings: { CRM_DB: D1Database }
  Variables: {
    requestId: string
    /** Every query is restricted to it. */
    accountId: string
    db: Database
  }
}

/** Answers 403 if the gateway's header is missing, because the request bypassed the gateway. */
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
