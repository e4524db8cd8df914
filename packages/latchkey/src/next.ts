// latchkey/next: route handlers, and the proxy (`middleware` before Next 16), on web types alone.
import type { Admission, ApiKey } from './admission.ts'
import { createWebAdmission, responseOf, type WebOptions } from './response.ts'

export type { ApiKey } from './admission.ts'
export type { LatchkeyBinding } from './verifier.ts'

/**
 * What a route needs, and how Latchkey is reached: over HTTP with `url` and `key`, or over a service binding where the app runs on
 * Workers.
 * @example
 * ```ts
 * const options: ApiKeyOptions = { url: 'https://keys.example.com', key: 'whm_…', scopes: ['contacts:read'] }
 * ```
 */
export type ApiKeyOptions = WebOptions

/** A route handler that receives the verified key between its request and its context (`params`). */
export type KeyedHandler<Incoming extends Request, Context> = (
  request: Incoming,
  apiKey: ApiKey,
  context: Context,
) => Response | Promise<Response>

/**
 * Wraps a route handler: it runs only for a request with a valid key (`X-API-Key`, which wins, or `Authorization: Bearer`) and
 * receives that key. Any other request gets the `application/problem+json` that Latchkey itself would answer: 401 and 403 about the
 * client's key, 409, 429, 503 where the verdict is unknown after `timeoutMs`, 500 for this server's own mistake, of which `onError`
 * receives the reason. Options are read by the first request, since `next build` evaluates routes without secrets; it throws TypeError,
 * Next's 500, where `url` or `key` is missing. Next tells no address of the client: `clientAddress` reads
 * the header that your host sets.
 * @example
 * ```ts
 * export const GET = apiKey({ url: 'https://keys.example.com', key: 'whm_…', scopes: ['contacts:read'] })(
 *   (_request, { account }) => Response.json({ account: account.name }),
 * )
 * ```
 */
export function apiKey(
  options: ApiKeyOptions & { optional?: false },
): <Incoming extends Request, Context>(
  handler: KeyedHandler<Incoming, Context>,
) => (request: Incoming, context: Context) => Promise<Response> {
  const admit = lazily(options)
  return (handler) =>
    async function handle(request, context) {
      const admission = await admit(request)
      if (admission.refused) return responseOf(admission.refused)
      const response = await handler(request, admission.apiKey as ApiKey, context)
      if (admission.limits.length === 0) return response
      // The headers of a redirect, or of an answer of `fetch`, cannot be changed.
      const limited = new Response(response.body, response)
      for (const header of admission.limits) limited.headers.set(...header)
      return limited
    }
}

/**
 * The `proxy` of `proxy.ts` (`middleware` of `middleware.ts` before Next 16): answers requests without a valid key, and lets the others
 * through. Handlers do not receive the key. A request that meets no matcher is not checked: where that must not happen, wrap the
 * handlers with `apiKey` instead.
 * @example
 * ```ts
 * export const proxy = apiKeyProxy({ url: 'https://keys.example.com', key: 'whm_…', scopes: ['contacts:read'] })
 * export const config = { matcher: '/api/:path*' }
 * ```
 */
export function apiKeyProxy(
  options: ApiKeyOptions,
): (request: Request) => Promise<Response | undefined> {
  const admit = lazily(options)
  return async function proxy(request) {
    const { refused } = await admit(request)
    return refused ? responseOf(refused) : undefined
  }
}

/** `next build` evaluates each route, where secrets may not be set: the options are read by the first request. */
function lazily(options: ApiKeyOptions): (request: Request) => Promise<Admission> {
  let admit: ((request: Request) => Promise<Admission>) | null = null
  return async function admitLazily(request) {
    admit ??= createWebAdmission(uncached(options))
    return admit(request)
  }
}

/** Next 14 keeps answers of `fetch` unless it is told not to: a verdict counts for one request. */
function uncached(options: ApiKeyOptions): ApiKeyOptions {
  if (options.binding) return options
  const { fetch: send = fetch } = options
  return { ...options, fetch: (url, init) => send(url, { ...init, cache: 'no-store' }) }
}
