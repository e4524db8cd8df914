// The headers that keep a browser from making more of an answer than it is. What a route has set stays.
import type { Context, MiddlewareHandler } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AppEnv } from '../app-env.ts'
import { requestIdOf } from './request-id.ts'

/**
 * Of every answer: it is what its type says, and no document. The dashboard shares this origin, so that
 * also what the API behind the gateway answers must not come to life as a page of it, unless it says so.
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
  // Hono copies the answer, which may be sealed, for each header that it is given late: once is enough.
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
 * An answer of ours with all its headers at once, for the doors that are asked most: set one by one, they
 * cost more than the verification itself.
 */
export function ownAnswer(
  c: Context<AppEnv>,
  kind: keyof typeof kinds,
  text: string | null,
  {
    status = 200,
    more = {},
  }: { status?: ContentfulStatusCode; more?: Record<string, string> } = {},
): Response {
  const headers = ready[kind][isHttps(c) ? 'https' : 'plain']
  const answer = new Response(text, { status, headers })
  answer.headers.set('x-request-id', requestIdOf(c))
  for (const name in more) answer.headers.set(name, more[name] as string)
  c.set('isHardened', true)
  return answer
}
