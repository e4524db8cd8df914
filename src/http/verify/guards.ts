// The guards of verification over HTTP: a service with a key that holds keys:verify. It learns about keys of its
// own account only. People never hold that scope.
import type { Context, MiddlewareHandler } from 'hono'
import { credentialsOf } from '../../contract/credentials.ts'
import type { AppEnv } from '../app-env.ts'
import { authenticate, authenticateKey } from '../auth/principal.ts'
import { Problem } from '../response/problem.ts'
import { reportOf } from '../response/reporting.ts'
import type { CallContext } from './verify-token.ts'

const needed = ['keys:verify']

/** Sets `c.var.accountScope`, before the body is read. */
export const verifier: MiddlewareHandler<AppEnv> = async function verifier(c, next) {
  const { accountId } = await authenticate(c, needed)
  c.set('accountScope', { accountId })
  await next()
}

/** The same, and the key may also be the password of Basic (RFC 7662 2.1, RFC 6749 2.3.1). */
export const introspector: MiddlewareHandler<AppEnv> = async function introspector(c, next) {
  const password = c.req.raw.headers.has('x-api-key') ? null : basicPassword(c.req.raw.headers)
  const authenticating =
    password === null ? authenticate(c, needed) : authenticateKey(c, password, needed)
  const { accountId } = await authenticating.catch(challengeBasic)
  c.set('accountScope', { accountId })
  await next()
}

/** RFC 6749 5.2: a 401 names the schemes that are accepted, including the one that was tried. */
function challengeBasic(error: unknown): never {
  if (!(error instanceof Problem) || error.status !== 401) throw error
  const { code, message: detail, headers, cause } = error
  const offered = [headers['www-authenticate'], 'Basic realm="latchkey", charset="UTF-8"']
  throw new Problem(code, { detail, cause, headers: { 'www-authenticate': offered.join(', ') } })
}

/** The password of Basic, '' where it is malformed, null for any other scheme. */
function basicPassword(headers: Headers): string | null {
  const basic = credentialsOf(headers, 'basic')
  if (basic === null) return null
  try {
    const pair = atob(basic)
    // OAuth clients form-encode both halves (RFC 6749 2.3.1): `_` may arrive as %5F.
    return decodeURIComponent(pair.slice(pair.indexOf(':') + 1))
  } catch {
    return ''
  }
}

export function callContextOf(c: Context<AppEnv>): CallContext {
  return { services: c.env, from: c.req.raw, report: reportOf(c) }
}
