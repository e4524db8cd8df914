// Middleware of routes that change something.
import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from '../app-env.ts'
import { Problem } from '../response/problem.ts'
import { onlyReads } from './method.ts'

/** After a successful change, webhook deliveries that it wrote are handed to the queue. */
export const dispatchAfterResponse: MiddlewareHandler<AppEnv> =
  async function dispatchAfterResponse(c, next) {
    await next()
    if (!onlyReads(c.req) && c.res.ok) c.env.dispatchWebhooks()
  }

/** After a successful request of a person, what it wrote to the outbox of mail is sent. */
export const mailAfterResponse: MiddlewareHandler<AppEnv> = async function mailAfterResponse(
  c,
  next,
) {
  await next()
  if (!onlyReads(c.req) && c.res.ok && c.env.people.hasMail) c.env.sendMail()
}

/** While D1 is restored nothing may change: a change would be lost or half undone. */
export const whileChangesGoOn: MiddlewareHandler<AppEnv> = async function whileChangesGoOn(
  c,
  next,
) {
  const isOperation = c.req.path.startsWith('/api/operations/')
  if (!onlyReads(c.req) && !isOperation && c.env.changesStopped) {
    const detail = 'Changes are stopped while the database is being restored. Keys keep working.'
    throw new Problem('authority_unavailable', { detail, headers: { 'retry-after': '60' } })
  }
  await next()
}
