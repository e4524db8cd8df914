// latchkey/hono: a request passes only with a key that Latchkey says is good, now, for this. It fails
// closed: where the answer is not known, nothing passes. Of Hono it imports types alone.
import type { Context, MiddlewareHandler } from 'hono'
import { type Ask, type ByBinding, type ByHttp, byBinding, byHttp } from './ask.ts'
import { limitFields } from './limit-fields.ts'
import { refuse } from './refusal.ts'
import type { VerifiedKey, VerifyRequest } from './verify-types.ts'

export type { LatchkeyBinding } from './ask.ts'
export type { VerifyAnswer, VerifyRequest } from './verify-types.ts'

/** The key of the request, in `c.var.apiKey`. */
export type ApiKey = VerifiedKey['key'] & Omit<VerifiedKey, 'valid' | 'code' | 'key'>

/** For apps whose every route needs a key: `new Hono<{ Variables: ApiKeyVariables }>()`. */
export type ApiKeyVariables = { apiKey: ApiKey }

type Question = {
  /** All of these are needed; none by default. */
  scopes?: readonly string[]
  /** Ask the nearest fence even while a lease runs. */
  fresh?: boolean
  /** Credits that the request takes, where its key has any: all of them or none; 1 by default. */
  cost?: number | ((c: Context) => number)
  /** Takes the cost once. Never one that the client may choose alone: it would pay once for all. */
  idempotencyKey?: (c: Context) => string
  /** The client's address; `CF-Connecting-IP` by default, which only Cloudflare makes true. */
  ip?: (c: Context) => string | undefined
  /** Then the answer is 503. 3,000 by default: longer than Latchkey itself waits for its stores. */
  timeoutMs?: number
}

export type ApiKeyOptions = Question & (ByBinding | ByHttp)

/**
 * Lets a request pass that presents a good key (`X-API-Key`, which wins, or `Authorization: Bearer`)
 * and sets `c.var.apiKey`. Every other is answered with the problem+json and the `WWW-Authenticate`
 * that Latchkey itself would answer, a limited key's with `Retry-After`; one whose answer is not known, in time or at all, with 503.
 * With `optional: true` a request that presents nothing passes too, `c.var.apiKey` undefined; a bad
 * key never does.
 * @throws TypeError when the options are wrong: once, as the app is built.
 * @throws Error in a request that Latchkey refused for the app's own fault (its key, an unknown
 * scope): `app.onError` has it, and nothing passes.
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
  const ask: Ask =
    'url' in options ? byHttp(options as ByHttp, timeoutMs) : byBinding(options, timeoutMs)

  return async function apiKey(c, next) {
    const token = tokenOf(c.req.raw.headers)
    if (token === null) {
      if (!optional) return refuse(c, { code: 'missing_credential' })
      c.set('apiKey', undefined)
      return next()
    }
    const answer = await ask(c, questionOf(options, token, c))
    if (answer.valid !== true) return refuse(c, answer)
    const { valid: _, code: __, key, ...rest } = answer
    c.set('apiKey', { ...key, ...rest })
    await next()
    for (const [name, value] of limitFields(answer.rate_limit)) c.header(name, value)
    return
  }
}

function questionOf(options: Question, token: string, c: Context): VerifyRequest {
  const { scopes, fresh, cost, idempotencyKey, ip } = options
  return {
    token,
    scopes,
    fresh,
    cost: typeof cost === 'function' ? cost(c) : cost,
    idempotencyKey: idempotencyKey?.(c),
    ip: ip ? ip(c) : c.req.raw.headers.get('cf-connecting-ip'),
  }
}

/** What the request presents, '' included; null for nothing. Nothing falls back to anything else. */
function tokenOf(headers: Headers): string | null {
  const header = headers.get('x-api-key')
  if (header !== null) return header.trim()
  // The scheme is case-insensitive (RFC 9110 11.1).
  const bearer = /^bearer(?:\s+(.*))?$/i.exec(headers.get('authorization')?.trim() ?? '')
  return bearer && (bearer[1]?.trim() ?? '')
}
