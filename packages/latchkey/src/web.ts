// latchkey/web: one function for whatever speaks Request and Response: Bun, Deno, Elysia, SvelteKit, Workers.
import { rateLimitHeaders } from '../../../src/contract/limit-headers.ts'
import type { ApiKey, Optional } from './admission.ts'
import { addressByCloudflare } from './client-address.ts'
import { createWebAdmission, responseOf, type WebOptions } from './response.ts'

export type { ApiKey } from './admission.ts'
export type { LatchkeyBinding } from './verifier.ts'

/**
 * What a request needs, and how Latchkey is reached: over HTTP with `url` and `key`, or over a service binding of a Worker.
 * @example
 * ```ts
 * const options: ApiKeyOptions = { url: 'https://keys.example.com', key: 'whm_…', scopes: ['contacts:read'] }
 * ```
 */
export type ApiKeyOptions = WebOptions

/** What only the server knows of one request. */
export type RequestFacts = {
  /** Address of the connection: `server.requestIP(request)?.address`, `info.remoteAddr.hostname`, `event.getClientAddress()`. */
  clientAddress?: string | null | undefined
}

/**
 * Checks the key of a request (`X-API-Key`, which wins, or `Authorization: Bearer`): resolves to the key, or to the
 * `application/problem+json` that Latchkey itself would answer, which is to be returned as it is. Never rejects. 401 and 403
 * are about the client's key; 503 is an unknown verdict; 500 is this server's own mistake, of which `onError` receives the reason.
 * The address of the client is what Cloudflare states on Workers; elsewhere a `Request` has none: pass `clientAddress`.
 * @throws TypeError for invalid options: once, as the server starts.
 * @example
 * ```ts
 * const check = apiKey({ url: 'https://keys.example.com', key: 'whm_…', scopes: ['contacts:read'] })
 * async function handle(request: Request): Promise<Response> {
 *   const caller = await check(request)
 *   if (caller instanceof Response) return caller
 *   return Response.json({ account: caller.account.name })
 * }
 * ```
 */
export function apiKey(
  options: ApiKeyOptions & { optional: true },
): (request: Request, facts?: RequestFacts) => Promise<Response | ApiKey | undefined>
export function apiKey(
  options: ApiKeyOptions & { optional?: false },
): (request: Request, facts?: RequestFacts) => Promise<Response | ApiKey>
export function apiKey(options: ApiKeyOptions & Optional) {
  const facts = new WeakMap<Request, RequestFacts>()
  const admit = createWebAdmission(options, (request) => {
    return facts.get(request)?.clientAddress ?? addressByCloudflare(request)
  })
  return async function check(request: Request, more: RequestFacts = {}) {
    facts.set(request, more)
    const admission = await admit(request)
    return admission.refused ? responseOf(admission.refused) : admission.apiKey
  }
}

/**
 * `RateLimit-Policy` and `RateLimit` for the answer to an admitted request; none for a key without rate limits.
 * @example
 * ```ts
 * const respond = (caller: ApiKey) => Response.json({}, { headers: limitHeaders(caller) })
 * ```
 */
export function limitHeaders({ rate_limit }: Pick<ApiKey, 'rate_limit'>): [string, string][] {
  return rateLimitHeaders(rate_limit ?? [], null)
}
