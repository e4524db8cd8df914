// Preflights (https://fetch.spec.whatwg.org/#cors-preflight-request), which browsers send without a credential.
import type { Context } from 'hono'
import type { AppEnv } from '../app-env.ts'
import { refuseTokenInQuery } from '../auth/principal.ts'
import { type RequestRoute, refusalOfAll } from './admission.ts'
import { createCredentialCheck } from './held-credentials.ts'
import type { UpstreamFetch } from './upstream.ts'
import { anonymousHeaders } from './upstream-headers.ts'

/** Any other OPTIONS is an ordinary request, which needs a credential. */
export function isPreflight(request: Request): boolean {
  const { method, headers } = request
  return (
    method === 'OPTIONS' &&
    !hasBody(request) &&
    headers.has('origin') &&
    headers.has('access-control-request-method')
  )
}

/** workerd makes an empty stream of `Content-Length: 0`, which proxies add; Transfer-Encoding overrides it (RFC 9112 6.3). */
function hasBody({ body, headers }: Request): boolean {
  if (body === null) return false
  return headers.get('content-length') !== '0' || headers.has('transfer-encoding')
}

/**
 * With `cors: 'upstream'` the API answers, without knowing who asks. Its body is dropped: no browser reads it, and an
 * API that answers OPTIONS as GET would give data away.
 * @throws Problem 400, 401 or 403 for what no credential could make acceptable; 502 or 504.
 */
export async function passPreflight(
  c: Context<AppEnv>,
  route: RequestRoute,
  fetchUpstream: UpstreamFetch,
): Promise<Response> {
  const refused = refusalOfAll(route)
  if (refused !== null) throw refused
  refuseTokenInQuery(c.env.config, c.req.raw.url, false)
  const holdsCredential = createCredentialCheck(c.env, c.req.raw.headers)
  const headers = anonymousHeaders(c.req.raw, { requestId: c.env.report.id, holdsCredential })
  const response = await fetchUpstream(c, headers)
  c.set('isOfUpstream', true)
  if (response.body === null) return response
  await response.body.cancel()
  const bare = new Response(null, response)
  for (const name of ['content-length', 'content-type']) bare.headers.delete(name)
  return bare
}
