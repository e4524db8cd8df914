// The id of a request, in every response and log line.
import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from '../app-env.ts'
import { reportOf } from './reporting.ts'

export function requestIdOf(c: Context<AppEnv>): string {
  return reportOf(c).id
}

/** Sets `c.var.requestId` and sends it as `X-Request-Id`. */
export const requestId: MiddlewareHandler<AppEnv> = async function requestId(c, next) {
  const report = reportOf(c)
  report.context = c
  c.set('report', report)
  c.set('requestId', report.id)
  await next()
  // A hardened response has it already, and setting it now would cost a copy.
  if (!c.get('isHardened')) c.header('X-Request-Id', report.id)
}
