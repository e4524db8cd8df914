// The headers that pass the gateway in either direction. Hop-by-hop headers and the credential are removed, and
// headers that the API behind trusts are set anew, whatever the client sent.
import type { Principal } from '../auth/principal.ts'
import { identityHeaders, isIdentityHeader } from './identity-headers.ts'

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

/** The client's headers as the API behind receives them. */
export function requestHeaders(
  { headers: sent, url }: Request,
  principal: Principal,
  requestId: string,
) {
  const headers = withoutHopByHop(sent)
  if (isWebSocket(sent)) headers.set('upgrade', 'websocket')
  headers.delete('x-api-key')
  headers.delete('authorization')
  withoutSession(headers)
  for (const name of sent.keys()) {
    if (isIdentityHeader(name) || isForwardingHeader(name)) headers.delete(name)
  }
  for (const [name, value] of Object.entries(identityHeaders(principal, requestId))) {
    headers.set(name, value)
  }
  const { host, protocol } = new URL(url)
  const ip = sent.get('cf-connecting-ip')
  if (ip !== null) headers.set('x-forwarded-for', ip)
  headers.set('x-forwarded-host', host)
  headers.set('x-forwarded-proto', protocol.slice(0, -1))
  return headers
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
  return copy
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

/** Headers about the origin and the target of a request, which the gateway sets or the policy decided on. */
function isForwardingHeader(name: string): boolean {
  return /^(forwarded|x[-_]forwarded[-_].*|x[-_](real[-_]ip|original[-_]url|rewrite[-_]url))$/.test(
    name,
  )
}

/** The session cookie of the dashboard is a credential too; cookies of the API pass. */
function withoutSession(headers: Headers): void {
  // Also at commas, which join a second Cookie header to the first.
  const cookies = headers.get('cookie')?.split(/[;,]\s*/) ?? []
  const kept = cookies.filter((cookie) => !isOurCookie(cookie))
  if (kept.length === cookies.length) return
  if (kept.length === 0) headers.delete('cookie')
  else headers.set('cookie', kept.join('; '))
}
