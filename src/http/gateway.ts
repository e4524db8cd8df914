// One API behind Latchkey: who may pass is decided by a policy, what passes is streamed both ways.
import type { Context } from 'hono'
import { createPolicy } from '../core/policy.ts'
import type { AppEnv } from './env.ts'
import { authenticate, challenge, type Holder } from './holder.ts'
import { Problem } from './problem.ts'
import type { Isolate } from './wiring.ts'

export function createGateway(isolate: Isolate) {
  const { gateway, policies } = isolate.config
  const match = createPolicy(policies[gateway.policy] ?? [])
  return async function passOn(c: Context<AppEnv>): Promise<Response> {
    const { raw } = c.req
    const url = new URL(raw.url)
    const route = match(raw.method, url.pathname)
    const holder = await authenticate(isolate, c, route.kind === 'scope' ? [route.scope] : [])
    if (route.kind === 'unsafe') throw unsafePath
    if (route.kind === 'unlisted' && !holder.fullAccess) throw unlistedPath
    return ask(gateway.upstream, url, holder, c)
  }
}

const unsafePath = new Problem('invalid_request', {
  detail: 'The path can be read in more than one way.',
  errors: [{ path: 'path', message: 'No encoded slashes, dot segments or control characters' }],
})

const unlistedPath = new Problem('forbidden', {
  detail: 'No scope covers this path: it is open to holders of full access only.',
  headers: challenge('insufficient_scope'),
})

async function ask(
  upstream: Isolate['config']['gateway']['upstream'],
  url: URL,
  holder: Holder,
  c: Context<AppEnv>,
): Promise<Response> {
  const target = typeof upstream === 'string' ? new URL(url.pathname + url.search, upstream) : url
  const request = new Request(target, forwarded(c, holder))
  const asking =
    typeof upstream === 'string' ? fetch(request) : upstream.fetch(request, c.env, context(c))
  const response = await Promise.resolve(asking).catch((cause) => {
    throw new Problem('upstream_unavailable', { cause })
  })
  // A WebSocket lives in the response object itself, which a copy would lose.
  return response.status === 101 ? response : new Response(response.body, response)
}

function context(c: Context<AppEnv>): ExecutionContext {
  return c.executionCtx as ExecutionContext
}

function forwarded(c: Context<AppEnv>, holder: Holder): RequestInit {
  const { raw } = c.req
  const { method, body } = raw
  const headers = identified(raw.headers, holder, c.var.requestId)
  // A redirect of the upstream is the client's to follow.
  return { method, headers, body, redirect: 'manual' }
}

/** The client's headers without its credential, and who it is in headers that it cannot forge. */
function identified(sent: Headers, holder: Holder, requestId: string): Headers {
  const headers = new Headers(sent)
  headers.delete('x-api-key')
  headers.delete('authorization')
  withoutSession(headers)
  for (const name of sent.keys()) {
    // Some servers read _ as -, so that X_Latchkey_Account would be taken for ours.
    if (name.replaceAll('_', '-').startsWith('x-latchkey-')) headers.delete(name)
  }
  headers.set('x-latchkey-account', holder.accountId)
  headers.set('x-latchkey-key-id', holder.key?.id ?? 'none')
  headers.set('x-latchkey-user', holder.personId ?? holder.key?.createdBy ?? 'none')
  headers.set('x-latchkey-scopes', holder.scopes.join(' ') || 'none')
  headers.set('x-latchkey-request-id', requestId)
  return headers
}

/** The session cookie of the dashboard is a credential too; the API's own cookies pass. */
function withoutSession(headers: Headers): void {
  const cookies = headers.get('cookie')?.split(/;\s*/) ?? []
  const kept = cookies.filter((cookie) => !/^(__Secure-|__Host-)?better-auth\./.test(cookie))
  if (kept.length === cookies.length) return
  if (kept.length === 0) headers.delete('cookie')
  else headers.set('cookie', kept.join('; '))
}
