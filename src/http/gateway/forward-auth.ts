// Forward auth: a proxy asks whether a request that it holds may pass. The dialect and the policy
// stand in the path: every header that a proxy may use is one that a client may send to another.
import type { Context, MiddlewareHandler } from 'hono'
import { isAllowedAddress } from '../../core/address.ts'
import type { ForwardAuth } from '../../core/config.ts'
import { createPolicy, type Policy } from '../../core/policy.ts'
import { splitTarget, targetOf } from '../../core/target.ts'
import type { AppEnv } from '../app-env.ts'
import { answerFailure, answerUnknownPath } from '../response/failures.ts'
import { ownAnswer } from '../response/hardening.ts'
import { Problem } from '../response/problem.ts'
import { challenge } from '../response/refusals.ts'
import { requestIdOf } from '../response/request-id.ts'
import type { AppSettings } from '../services.ts'
import { admit } from './admission.ts'
import { identityHeaders } from './identity-headers.ts'

/** The request that the proxy holds; null where the proxy did not say. */
type Held = { method: string | null; target: string | null }

/** Each reads its own headers only. */
const dialects: Record<string, (request: Request, rest: string) => Held> = {
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
  const policies = new Map(lists.map(([name, routes]) => [name, createPolicy(routes)]))
  return async function forwardAuth(c: Context<AppEnv>): Promise<Response> {
    const { path, query } = targetOf(c.req.raw.url)
    const [, , dialect = '', policy = '', ...rest] = path.split('/')
    const match = policies.get(policy)
    const read = Object.hasOwn(dialects, dialect) ? dialects[dialect] : undefined
    // Only Envoy puts the path after the prefix; elsewhere a longer path is a mistake of the deployer.
    if (!match || !read || (dialect !== 'envoy' && rest.length > 0)) return answerUnknownPath(c)
    try {
      return await judge(c, match, read(c.req.raw, `/${rest.join('/')}${query}`))
    } catch (error) {
      const denied = answerFailure(denial(error as Error), c)
      return dialect === 'nginx' ? withProblemHeader(denied) : denied
    }
  }
}

async function judge(c: Context<AppEnv>, match: Policy, held: Held): Promise<Response> {
  const { method, target } = wellFormed(held)
  const route = match(method, splitTarget(target).path)
  const ip = clientAddress(c.env.config.forwardAuth, c.req.raw.headers)
  const holder = await admit(c, route, { url: target, ip })
  return ownAnswer(c, 'empty', null, { more: identityHeaders(holder, requestIdOf(c)) })
}

/**
 * A method (RFC 9110 5.6.2) and an origin-form target without anything that a URL may not hold (RFC
 * 3986 2): a list of two headers, joined by ", ", has a space.
 */
function wellFormed({ method, target }: Held): { method: string; target: string } {
  if (method === null || !/^[!#$%&'*+.^_`|~\w-]+$/.test(method)) throw unsaid('method')
  if (target === null || !/^\/[!-~]*$/.test(target) || splitTarget(target).path.includes('#')) {
    throw unsaid('target')
  }
  return { method, target }
}

function unsaid(what: string): Problem {
  const detail = `The proxy did not say, or not clearly, which ${what} it was asked for.`
  return new Problem('invalid_request', { detail })
}

/** Whoever asks is the proxy: the address of its client is believed from a proxy that is listed. */
function clientAddress(trusted: ForwardAuth | null, headers: Headers): string | null {
  if (trusted === null) return null
  if (!isAllowedAddress(headers.get('cf-connecting-ip'), trusted.proxies)) return null
  return headers.get(trusted.clientAddressHeader)
}

/** For a denial a proxy knows 401, 403 and 429: nginx makes a 500 of any other. */
function denial(error: Error): Error {
  if (!(error instanceof Problem) || error.code !== 'invalid_request') return error
  return new Problem('forbidden', { detail: error.message, headers: challenge('invalid_request') })
}

/** nginx drops the body of a denial, but can be told to send a header in its place (examples/nginx). */
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

/**
 * Envoy appends the client's path to the prefix, and whoever resolves dot segments on the way here lets
 * `/../../../healthz` leave it, for a 200 that means nothing. Told by the proxy where its requests belong,
 * nothing is answered elsewhere.
 */
export const confined: MiddlewareHandler<AppEnv> = async function confined(c, next) {
  const place = c.req.raw.headers.get('x-latchkey-forward-auth')
  if (place !== null) {
    const { path } = targetOf(c.req.raw.url)
    if (!`${path}/`.startsWith(`/forward-auth/${place}/`)) throw outside
  }
  await next()
}

const outside = new Problem('forbidden', {
  detail: 'The path leads out of the policy that the proxy asks.',
  headers: challenge('invalid_request'),
})
