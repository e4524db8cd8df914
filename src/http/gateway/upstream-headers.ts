// The headers that pass the gateway in either direction. Hop-by-hop headers and credentials are removed, and headers
// that the API behind trusts are set anew, whatever the client sent.
import { originOf } from '../../core/target.ts'
import type { Principal } from '../auth/principal.ts'
import { isReservedHeader } from './header-names.ts'
import { identityHeaders, requestIdHeader } from './identity-headers.ts'

/** RFC 9110 7.6.1 and 11.7. Workers do not forward trailers, so none may be announced. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** What the headers of a request depend on beside the request itself. */
type Settings = {
  requestId: string
  /** Whether a value holds a credential of this deployment. */
  holdsCredential(value: string): boolean
}

/** The client's headers as the API behind receives them. */
export function requestHeaders(
  request: Request,
  { principal, requestId, holdsCredential }: Settings & { principal: Principal },
): Headers {
  const { headers: sent } = request
  const headers = new Headers(identityHeaders(principal, requestId))
  const dropped = new Set(connectionHeaders(sent))
  // Without X-API-Key it is the credential; beside it, it may be one for the API.
  if (!sent.has('x-api-key')) dropped.add('authorization')
  for (const [name, value] of sent) {
    if (dropped.has(name) || isReservedHeader(name)) continue
    const passed = name === 'cookie' ? passedCookies(value, holdsCredential) : value
    if (passed !== null && !holdsCredential(passed)) headers.append(name, passed)
  }
  if (isWebSocket(sent)) headers.set('upgrade', 'websocket')
  setForwarded(headers, request)
  return headers
}

/** All that a preflight says (https://fetch.spec.whatwg.org/#cors-preflight-fetch). */
const ofPreflight = [
  'origin',
  'access-control-request-method',
  'access-control-request-headers',
  'user-agent',
]

/** The headers of a preflight as the API behind receives them: no identity, and nothing that could hold a credential. */
export function anonymousHeaders(
  request: Request,
  { requestId, holdsCredential }: Settings,
): Headers {
  const headers = new Headers(requestIdHeader(requestId))
  for (const name of ofPreflight) {
    const value = request.headers.get(name)
    if (value !== null && !holdsCredential(value)) headers.set(name, value)
  }
  setForwarded(headers, request)
  return headers
}

/** Where the request came from. */
function setForwarded(headers: Headers, { url, headers: sent }: Request): void {
  const { scheme, authority } = originOf(url)
  const ip = sent.get('cf-connecting-ip')
  if (ip !== null) headers.set('x-forwarded-for', ip)
  headers.set('x-forwarded-host', authority)
  headers.set('x-forwarded-proto', scheme)
}

/** The upstream's response as the client receives it. */
export function withoutConnection(response: Response): Response {
  const { headers, webSocket, body } = response
  // A copy has the WebSocket of a response only where it is passed explicitly.
  if (webSocket)
    return new Response(null, { status: 101, webSocket, headers: webSocketHeaders(headers) })
  const copy = new Response(body, response)
  for (const name of connectionHeaders(headers)) copy.headers.delete(name)
  keepSession(copy.headers)
  keepFromOthers(copy.headers)
  return copy
}

const credentialHeaders = ['Authorization', 'X-API-Key']

/** No cache may give an answer to one credential to another, unless the API says otherwise (RFC 9111 3.5). */
function keepFromOthers(headers: Headers): void {
  if (!headers.has('cache-control')) headers.set('cache-control', 'private')
  const vary = headers.get('vary')
  const named = new Set(vary?.split(',').map((name) => name.trim().toLowerCase()))
  if (named.has('*')) return
  const missing = credentialHeaders.filter((name) => !named.has(name.toLowerCase()))
  if (missing.length > 0) headers.append('vary', missing.join(', '))
}

/** The upstream answers at our origin, so it could replace the dashboard's session with one of its choice. */
function keepSession(headers: Headers): void {
  const cookies = headers.getSetCookie()
  if (!cookies.some((cookie) => isOurCookie(cookie.trim()))) return
  headers.delete('set-cookie')
  for (const cookie of cookies)
    if (!isOurCookie(cookie.trim())) headers.append('set-cookie', cookie)
}

function isOurCookie(text: string): boolean {
  return /^(__Secure-|__Host-)?better-auth\./i.test(text)
}

export function isWebSocket(headers: Headers): boolean {
  return headers.get('upgrade')?.toLowerCase() === 'websocket'
}

function webSocketHeaders(headers: Headers): Headers {
  const kept = withoutHopByHop(headers)
  kept.set('upgrade', 'websocket')
  return kept
}

function withoutHopByHop(sent: Headers): Headers {
  const headers = new Headers(sent)
  for (const name of connectionHeaders(sent)) headers.delete(name)
  return headers
}

/** Those of every connection, and those that the `Connection` header names (RFC 9110 7.6.1). */
function connectionHeaders(headers: Headers): string[] {
  const named = headers.get('connection')?.toLowerCase().split(',') ?? []
  return [...hopByHop, ...named.map((name) => name.trim()).filter(isFieldName)]
}

/** RFC 9110 5.1; `Headers` throws for anything else. */
function isFieldName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(name)
}

/** Cookies of the API pass; the dashboard's session and cookies that hold a credential do not. */
function passedCookies(value: string, holdsCredential: (text: string) => boolean): string | null {
  // Also at commas, which join a second Cookie header to the first.
  const cookies = value.split(/[;,]\s*/)
  const kept = cookies.filter((cookie) => !isOurCookie(cookie) && !holdsCredential(cookie))
  if (kept.length === cookies.length) return value
  return kept.length === 0 ? null : kept.join('; ')
}
