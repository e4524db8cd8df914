// The context of every handler: the database, the account and the request id. This API does not authenticate.
// Latchkey's gateway does: it replaces every X-Latchkey-* header that the client sent. So this API must be
// reachable through the gateway only.
import { drizzle } from 'drizzle-orm/d1'
import { createMiddleware } from 'hono/factory'
import type { CrmEnv } from './crm-env.ts'
import { Problem } from './problem.ts'

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
