// Headers that keep browsers from interpreting a response as more than it is. What a route has set stays.
import type { Context, MiddlewareHandler } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AppEnv } from '../app-env.ts'
import { requestIdOf } from './request-id.ts'

/**
 * On every response. The dashboard shares this origin, so a response of the API behind the gateway must not run
 * as a page of it either, unless that API sets its own policy.
 */
const ofAll = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
}

const ofOurs = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
}

const ofHttps = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }

export const hardened: MiddlewareHandler<AppEnv> = async function hardened(c, next) {
  await next()
  if (c.get('isHardened')) return
  add(c, { ...ofAll, ...(isHttps(c) && ofHttps), ...(!c.get('isOfUpstream') && ofOurs) })
}

function isHttps(c: Context<AppEnv>): boolean {
  return c.req.raw.url.startsWith('https:')
}

function add(c: Context<AppEnv>, headers: Record<string, string>): void {
  const [first, ...others] = Object.entries(headers).filter(([name]) => !c.res.headers.has(name))
  if (first === undefined) return
  // `c.header` copies the response, whose headers may be immutable: one copy is enough.
  c.header(...first)
  for (const [name, value] of others) c.res.headers.set(name, value)
}

const kinds = {
  json: { 'content-type': 'application/json' },
  problem: { 'content-type': 'application/problem+json' },
  empty: {},
}
const ready = Object.fromEntries(
  Object.entries(kinds).map(([kind, own]) => {
    const plain = { ...own, ...ofAll, ...ofOurs }
    return [kind, { plain: new Headers(plain), https: new Headers({ ...plain, ...ofHttps }) }]
  }),
) as Record<keyof typeof kinds, Record<'plain' | 'https', Headers>>

/**
 * A response with all its headers at once, for the busiest endpoints: set one by one, they cost more than the
 * verification itself.
 */
export function hardenedResponse(
  c: Context<AppEnv>,
  kind: keyof typeof kinds,
  text: string | null,
  {
    status = 200,
    more = {},
  }: { status?: ContentfulStatusCode; more?: Record<string, string> } = {},
): Response {
  const headers = ready[kind][isHttps(c) ? 'https' : 'plain']
  const response = new Response(text, { status, headers })
  response.headers.set('x-request-id', requestIdOf(c))
  for (const name in more) response.headers.set(name, more[name] as string)
  c.set('isHardened', true)
  return response
}
