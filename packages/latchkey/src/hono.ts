// latchkey/hono: middleware that lets a request pass only with a key that Latchkey verifies, now, for this
// request. Of Hono it imports types alone.
import type { Context, MiddlewareHandler } from 'hono'
import {
  type ApiKey,
  createAdmission,
  type Facts,
  type Optional,
  type BindingOptions as OverBinding,
  type VerifyOptions,
} from './admission.ts'
import { addressByCloudflare } from './client-address.ts'
import { responseOf } from './response.ts'
import type { LatchkeyBinding, HttpOptions as OverHttp } from './verifier.ts'

export type { VerifyAnswer, VerifyRequest } from '../../../src/contract/verify.ts'
export type { ApiKey } from './admission.ts'
export type { LatchkeyBinding } from './verifier.ts'

/**
 * The variables of an app whose every route needs a key.
 * @example
 * ```ts
 * const app = new Hono<{ Variables: ApiKeyVariables }>()
 * app.use(apiKey())
 * ```
 */
export type ApiKeyVariables = { apiKey: ApiKey }

export type HttpOptions = OverHttp<Context>

/** The binding, or its name in `c.env`: `LATCHKEY` by default. */
export type HonoBindingOptions = Partial<OverBinding<string | LatchkeyBinding>>

/**
 * What a route needs, and how Latchkey is reached: over a service binding, or over HTTP with `url` and `key`.
 * @example
 * ```ts
 * const options: ApiKeyOptions = { url: 'https://keys.example.com', key: 'whm_…', scopes: ['contacts:read'] }
 * ```
 */
export type ApiKeyOptions = VerifyOptions<Context> & (HonoBindingOptions | HttpOptions)

/**
 * Middleware that lets a request pass with a valid key (`X-API-Key`, which wins, or `Authorization: Bearer`) and
 * sets `c.var.apiKey`. Any other request gets the `application/problem+json` that Latchkey itself would
 * answer: 401 and 403 with `WWW-Authenticate`, 409, 429 with `Retry-After`; 503 with `Retry-After` where the verdict
 * is unknown after `timeoutMs`; 500 where Latchkey refuses this app itself (its key, an unknown scope): `onError` receives why.
 * With `optional: true` a request without a key passes too, and `c.var.apiKey` is undefined; a request with an invalid key
 * never passes. `clientAddress` is by default what Cloudflare states on Workers, and that of
 * the connection under Node; elsewhere null, until `clientAddress` gives it (`getConnInfo` of `hono/bun` or `hono/deno`).
 * @throws TypeError for invalid options: once, as the app is built.
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
export function apiKey(options: ApiKeyOptions & Optional = {}): MiddlewareHandler {
  const { binding = 'LATCHKEY' } = options
  const admit = createAdmission<Context>(options as HttpOptions, factsOf, ({ env }) => {
    const found: LatchkeyBinding = typeof binding === 'string' ? env?.[binding] : binding
    if (!found) throw new Error(`no binding ${binding}`)
    return found
  })

  return async function apiKey(c, next) {
    const admission = await admit(c)
    if (admission.refused) return responseOf(admission.refused)
    c.set('apiKey', admission.apiKey)
    await next()
    for (const [name, value] of admission.limits) c.header(name, value)
    return
  }
}

/** Node's adapter hands the connection to the app: nothing of it comes from the client. */
type OnNode = { incoming?: { socket?: { remoteAddress?: string } } }

function factsOf(c: Context): Facts {
  const { raw } = c.req
  const { incoming }: OnNode = c.env ?? {}
  return {
    headers: raw.headers,
    clientAddress: addressByCloudflare(raw) ?? incoming?.socket?.remoteAddress,
    requestId: c.get('requestId'),
    cf: (raw as { cf?: unknown }).cf,
  }
}
