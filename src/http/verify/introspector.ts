// The guard of introspection: who asks, and the form that may say so.
import type { Context, MiddlewareHandler } from 'hono'
import { credentialsOf, presentedToken } from '../../contract/credentials.ts'
import type { AppEnv } from '../app-env.ts'
import { authenticate, authenticateKey } from '../auth/principal.ts'
import { invalidFields, Problem } from '../response/problem.ts'
import { isForm, maxBodyBytes, readForm } from '../routing/body.ts'
import { needed } from './guards.ts'

/** What the form may hold; anything else is ignored (RFC 6749 3.2). */
export const formFields = [
  'token',
  'token_type_hint',
  'environment',
  'ip',
  'client_id',
  'client_secret',
] as const

/**
 * Sets `c.var.accountScope`. The key is a header's, or the client secret of Basic or of the form (RFC 7662 2.1,
 * RFC 6749 2.3.1): the client id is not compared. Only where no header holds a key is the form read before
 * authentication.
 */
export const introspector: MiddlewareHandler<AppEnv> = async function introspector(c, next) {
  const { headers } = c.req.raw
  const password = headers.has('x-api-key') ? null : basicPassword(headers)
  const isInHeader = password !== null || presentedToken(headers) !== null
  const early = isInHeader || !isForm(c.req.raw) ? null : await formOf(c)
  const secret = password ?? (early?.get('client_secret') || null)
  const authenticating =
    secret === null ? authenticate(c, needed) : authenticateKey(c, secret.trim(), needed)
  const { accountId } = await authenticating.catch(challengeBasic)
  const form = early ?? (await formOf(c))
  if (isInHeader && form.get('client_secret')) {
    const message = 'A header authenticates already: one method a request (RFC 6749 2.3)'
    throw invalidFields([{ path: 'form.client_secret', message }])
  }
  c.set('accountScope', { accountId })
  await next()
}

/** The form of the request. @throws Problem 400 for a parameter that is sent twice (RFC 6749 3.2), 413, 415 */
async function formOf(c: Context<AppEnv>): Promise<URLSearchParams> {
  const { form, request } = await readForm(c.req.raw, maxBodyBytes)
  c.req.raw = request
  const repeated = formFields.filter((name) => form.getAll(name).length > 1)
  if (repeated.length === 0) return form
  const message = 'May be sent once'
  throw invalidFields(repeated.map((name) => ({ path: `form.${name}`, message })))
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
