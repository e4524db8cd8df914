// The guards of verification over HTTP: a service with a key that holds keys:verify. It learns about keys of its
// own account only. People never hold that scope.
import type { Context, MiddlewareHandler } from 'hono'
import { needsOf } from '../../core/verdict.ts'
import type { AppEnv } from '../app-env.ts'
import { authenticate } from '../auth/principal.ts'
import { reportOf } from '../response/reporting.ts'
import type { CallContext } from './verify-token.ts'

export const needed = needsOf('keys:verify')

/** Sets `c.var.accountScope`, before the body is read. */
export const verifier: MiddlewareHandler<AppEnv> = async function verifier(c, next) {
  const { accountId } = await authenticate(c, needed)
  c.set('accountScope', { accountId })
  await next()
}

export function callContextOf(c: Context<AppEnv>): CallContext {
  return { services: c.env, from: c.req.raw, report: reportOf(c) }
}
