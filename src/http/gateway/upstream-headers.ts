// Which headers pass the gateway, either way. What concerns one connection stays behind, the credential
// stays here, and what the API behind believes is written anew, whatever the client sent.
import type { Principal } from '../auth/principal.ts'
import { identityHeaders, isIdentityHeader } from './identity-headers.ts'

/** RFC 9110 7.6.1 and 11.7; trailers are not passed on by Workers, so none may be announced. */
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

/** The client's headers as the API behind gets them. */
export function requestHeaders(
  { headers: sent, url }: Request,
  holder: Principal,
  requestId: string,
) {
  const headers = withoutHopByHop(sent)
  if (isWebSocket(sent)) headers.set('upgrade', 'websocket')
  headers.delete('x-api-key')
  headers.delete('authorization')
  withoutSession(headers)
  for (const name of sent.keys()) {
    if (isIdentityHeader(name) || tellsOfTheWay(name)) headers.delete(name)
  }
  for (const [name, value] of Object.entries(identityHeaders(holder, requestId))) {
    headers.set(name, value)
  }
  const { host, protocol } = new URL(url)
  const ip = sent.get('cf-connecting-ip')
  if (ip !== null) headers.set('x-forwarded-for', ip)
  headers.set('x-forwarded-host', host)
  headers.set('x-forwarded-proto', protocol.slice(0, -1))
  return headers
}

/** The upstream's answer as the client gets it. */
export function withoutConnection(response: Response): Response {
  const { headers, webSocket, body } = response
  // A WebSocket is a property of the response, which a copy takes along only when it is named.
  if (webSocket)
    return new Response(null, { status: 101, webSocket, headers: webSocketHeaders(headers) })
  const copy = new Response(body, response)
  for (const name of connectionHeaders(headers)) copy.headers.delete(name)
  keepSession(copy.headers)
  return copy
}

/** It answers at our origin, and so could put a session of its choice into the dashboard's place. */
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

/** Those of every connection, and those that this one names (RFC 9110 7.6.1). */
function connectionHeaders(headers: Headers): string[] {
  const named = headers.get('connection')?.toLowerCase().split(',') ?? []
  return [...hopByHop, ...named.map((name) => name.trim()).filter(isFieldName)]
}

/** RFC 9110 5.1; anything else would throw. */
function isFieldName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(name)
}

/** Where a request came from and what it asked for: ours to say, and a policy's to judge. */
function tellsOfTheWay(name: string): boolean {
  return /^(forwarded|x[-_]forwarded[-_].*|x[-_](real[-_]ip|original[-_]url|rewrite[-_]url))$/.test(
    name,
  )
}

/** The session cookie of the dashboard is a credential too; the API's own cookies pass. */
function withoutSession(headers: Headers): void {
  // A comma too: that is how a second Cookie header is joined to the first.
  const cookies = headers.get('cookie')?.split(/[;,]\s*/) ?? []
  const kept = cookies.filter((cookie) => !isOurCookie(cookie))
  if (kept.length === cookies.length) return
  if (kept.length === 0) headers.delete('cookie')
  else headers.set('cookie', kept.join('; '))
}
