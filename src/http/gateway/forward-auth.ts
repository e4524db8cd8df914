// Forward auth: a proxy checks whether a request that it holds may pass. The path selects dialect and policy, since
// each header that one proxy sets could come from the client of another.
import type { Context } from 'hono'
import { isAllowedAddress } from '../../core/address.ts'
import type { ForwardAuth } from '../../core/config.ts'
import { splitTarget, targetOf } from '../../core/target.ts'
import { quote } from '../../core/text.ts'
import type { AppEnv } from '../app-env.ts'
import { answerFailure, answerUnknownPath } from '../response/failures.ts'
import { hardenedResponse } from '../response/hardening.ts'
import { Problem } from '../response/problem.ts'
import { challenge } from '../response/refusals.ts'
import type { AppSettings } from '../services.ts'
import { admit, type CompiledPolicy, compilePolicy, routeOf } from './admission.ts'
import { isMisspeltIdentity } from './header-names.ts'
import { identityHeaders } from './identity-headers.ts'

/** The request that the proxy holds; null where the proxy did not name it. */
type HeldRequest = { method: string | null; target: string | null }

/** Each dialect reads its own headers only. */
const dialects: Record<string, (request: Request, rest: string) => HeldRequest> = {
  nginx: ({ headers }) => ({
    method: headers.get('x-original-method'),
    target: headers.get('x-original-uri'),
  }),
  forwarded: ({ headers }) => ({
    method: headers.get('x-forwarded-method'),
    target: headers.get('x-forwarded-uri'),
  }),
  envoy: ({ method }, rest) => ({ method, target: rest }),
}

export function createForwardAuth({ config }: AppSettings) {
  const lists = Object.entries(config.policies)
  const policies = new Map(
    lists.map(([name, rules]) => [name, compilePolicy(rules, config.scopes)]),
  )
  return async function forwardAuth(c: Context<AppEnv>): Promise<Response> {
    const { path, query } = targetOf(c.req.raw.url)
    const [, , dialect = '', policy = '', ...rest] = path.split('/')
    const compiled = policies.get(policy)
    const read = Object.hasOwn(dialects, dialect) ? dialects[dialect] : undefined
    // Only Envoy appends the path to the prefix; elsewhere a longer path is a configuration error.
    if (!compiled || !read || (dialect !== 'envoy' && rest.length > 0)) return answerUnknownPath(c)
    try {
      return await authorize(c, compiled, read(c.req.raw, `/${rest.join('/')}${query}`))
    } catch (error) {
      // RFC 9728 3.3: a client must reject metadata whose `resource` is not what it asked, the API behind the proxy.
      const denied = answerFailure(denial(error as Error), c, false)
      return dialect === 'nginx' ? withProblemHeader(denied) : denied
    }
  }
}

async function authorize(
  c: Context<AppEnv>,
  policy: CompiledPolicy,
  held: HeldRequest,
): Promise<Response> {
  const { headers } = c.req.raw
  const { method, target } = wellFormed(held)
  refuseMisspeltIdentity(headers)
  const route = routeOf(policy, headers, method, splitTarget(target).path)
  const ip = clientAddress(c.env.config.forwardAuth, headers)
  const principal = await admit(c, route, { url: target, ip })
  return hardenedResponse(c, 'empty', null, { more: identityHeaders(principal, c.env.report.id) })
}

/**
 * A method (RFC 9110 5.6.2) and an origin-form target of characters that a URL may hold (RFC 3986 2). Two headers,
 * joined by ", ", fail because of the space.
 */
function wellFormed({ method, target }: HeldRequest): { method: string; target: string } {
  if (method === null || !/^[!#$%&'*+.^_`|~\w-]+$/.test(method)) throw missing('method')
  if (target === null || !/^\/[!-~]*$/.test(target) || splitTarget(target).path.includes('#')) {
    throw missing('target')
  }
  return { method, target }
}

/** The proxy would pass it to the API, which may read it as the header that the proxy sets. */
function refuseMisspeltIdentity(headers: Headers): void {
  for (const path of headers.keys()) {
    if (!isMisspeltIdentity(path)) continue
    const detail = `Only Latchkey sends this header: ${quote(path)}`
    throw new Problem('invalid_request', { detail })
  }
}

function missing(what: string): Problem {
  const detail = `The proxy did not name the ${what} of the request, or not clearly.`
  return new Problem('invalid_request', { detail })
}

/** The address that a listed proxy names for its client; no other proxy is trusted with it. */
function clientAddress(trusted: ForwardAuth | null, headers: Headers): string | null {
  if (trusted === null) return null
  if (!isAllowedAddress(headers.get('cf-connecting-ip'), trusted.proxies)) return null
  return headers.get(trusted.clientAddressHeader)
}

/** Proxies understand 401, 403 and 429 as denials: nginx turns any other status into a 500. */
function denial(error: Error): Error {
  // `not_found`: of an account that the request names and the credential does not act in.
  const isOther = error instanceof Problem && ['invalid_request', 'not_found'].includes(error.code)
  if (!isOther) return error
  return new Problem('forbidden', { detail: error.message, headers: challenge('invalid_request') })
}

/** nginx drops the body of a denial, but can send this header in its place (examples/nginx). */
async function withProblemHeader(denied: Response): Promise<Response> {
  const text = await denied.text()
  const ascii = text.replace(
    /[^ -~]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  const response = new Response(text, denied)
  response.headers.set('x-latchkey-problem', ascii)
  return response
}
