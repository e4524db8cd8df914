// latchkey/hono: middleware that lets a request pass only with a key that Latchkey verifies, now, for this
// request. It fails closed: without an answer nothing passes. Of Hono it imports types alone.
import type { Context, MiddlewareHandler } from 'hono'
import { presentedToken } from '../../../src/contract/credentials.ts'
import { rateLimitHeaders } from '../../../src/contract/limit-headers.ts'
import type { VerifiedKey, VerifyRequest } from '../../../src/contract/verify.ts'
import { addressByCloudflare, type ClientAddress } from './client-address.ts'
import { problemResponse } from './problem-response.ts'
import { type BindingOptions, type HttpOptions, overBinding, overHttp } from './verify-transport.ts'

export type { VerifyAnswer, VerifyRequest } from '../../../src/contract/verify.ts'
export type { BindingOptions, HttpOptions, LatchkeyBinding } from './verify-transport.ts'

/**
 * The verified key of a request, in `c.var.apiKey`: `id`, `name`, `external_id` and `metadata` (whose key it is),
 * `environment`, `format`, `expires_at` (RFC 3339 or null), `account`, `scopes`, `resources`, `rate_limit` and `credits`.
 * @example
 * ```ts
 * app.get('/whoami', apiKey(), (c) => c.json({ customer: c.var.apiKey.external_id }))
 * ```
 */
export type ApiKey = VerifiedKey['key'] & Omit<VerifiedKey, 'valid' | 'code' | 'key'>

/**
 * The variables of an app whose every route needs a key.
 * @example
 * ```ts
 * const app = new Hono<{ Variables: ApiKeyVariables }>()
 * app.use(apiKey())
 * ```
 */
export type ApiKeyVariables = { apiKey: ApiKey }

export type VerifyOptions = {
  /** What the key needs, all of it: scopes, or `scope#id` for one resource; nothing by default. */
  scopes?: readonly string[] | ((c: Context) => readonly string[])
  /** What the key needs beside `scopes`, any of it; nothing by default. */
  any_of?: readonly string[] | ((c: Context) => readonly string[])
  /** The environment that the key must have, or `any`; `live` by default. */
  environment?: string
  /** Reads the nearest fence even while a lease runs; false by default. */
  fresh?: boolean
  /** Credits to consume where the key has any, a whole number from 0: all of them or none; 1 by default. */
  cost?: number | ((c: Context) => number)
  /**
   * Consumes the cost once in 24 hours for each value (1 to 255 characters). A client that chose it alone could
   * pay once for everything.
   */
  idempotencyKey?: (c: Context) => string
  /**
   * Address of the client, null where it is not known: a key with `allowed_ips` is then refused. By default it is
   * what Cloudflare states of a request that came through its network, and null on any other runtime, where a
   * client could send `CF-Connecting-IP` itself: pass the address of the connection, or what your own proxy sets.
   */
  clientAddress?: ClientAddress
  /** Milliseconds until the answer is 503; 3,000 by default, longer than Latchkey waits for its own stores. */
  timeoutMs?: number
}

/**
 * What a route needs, and how Latchkey is reached: over a service binding, or over HTTP with `url` and `key`.
 * @example
 * ```ts
 * const options: ApiKeyOptions = { url: 'https://keys.example.com', key: 'whm_…', scopes: ['contacts:read'] }
 * ```
 */
export type ApiKeyOptions = VerifyOptions & (BindingOptions | HttpOptions)

/**
 * Middleware that lets a request pass with a valid key (`X-API-Key`, which wins, or `Authorization: Bearer`) and
 * sets `c.var.apiKey`. Any other request gets the `application/problem+json` that Latchkey itself would
 * answer: 401 and 403 with `WWW-Authenticate`, 409, 429 with `Retry-After`; 503 with `Retry-After` where the verdict
 * is unknown after `timeoutMs`. With `optional: true` a request without a key passes too, and `c.var.apiKey` is
 * undefined; a request with an invalid key never passes.
 * @throws TypeError for invalid options: once, as the app is built.
 * @throws Error in a request that Latchkey refuses because of the app itself (its key, an unknown scope): it
 * reaches `app.onError`, and nothing passes.
 * @example
 * ```ts
 * app.get('/contacts', apiKey({ scopes: ['contacts:read'] }), (c) => c.text(c.var.apiKey.account.name))
 * ```
 */
export function apiKey(
  options: ApiKeyOptions & { optional: true },
): MiddlewareHandler<{ Variables: { apiKey: ApiKey | undefined } }>
export function apiKey(
  options?: ApiKeyOptions & { optional?: false },
): MiddlewareHandler<{ Variables: { apiKey: ApiKey } }>
export function apiKey(options: ApiKeyOptions & { optional?: boolean } = {}): MiddlewareHandler {
  const { optional = false, timeoutMs = 3_000 } = options
  if (!(timeoutMs > 0)) throw new TypeError('apiKey: timeoutMs must be more than 0.')
  const verify =
    'url' in options ? overHttp(options as HttpOptions, timeoutMs) : overBinding(options, timeoutMs)

  return async function apiKey(c, next) {
    const token = presentedToken(c.req.raw.headers)
    if (token === null) {
      if (!optional) return problemResponse(c, { code: 'missing_credential' })
      c.set('apiKey', undefined)
      return next()
    }
    const answer = await verify(c, verifyRequest(options, token, c))
    if (answer.valid !== true) return problemResponse(c, answer)
    const { valid: _, code: __, key, ...rest } = answer
    c.set('apiKey', { ...key, ...rest })
    await next()
    for (const [name, value] of rateLimitHeaders(answer.rate_limit ?? [], null)) {
      c.header(name, value)
    }
    return
  }
}

function verifyRequest(options: VerifyOptions, token: string, c: Context): VerifyRequest {
  const { scopes, any_of, environment, fresh, cost, idempotencyKey } = options
  const { clientAddress = addressByCloudflare } = options
  return {
    token,
    scopes: typeof scopes === 'function' ? scopes(c) : scopes,
    any_of: typeof any_of === 'function' ? any_of(c) : any_of,
    environment,
    fresh,
    cost: typeof cost === 'function' ? cost(c) : cost,
    idempotencyKey: idempotencyKey?.(c),
    ip: clientAddress(c),
  }
}
