// Headers that keep browsers from interpreting a response as more than it is. What a route has set stays.
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AppEnv } from '../app-env.ts'

/**
 * On every response. The dashboard shares this origin, so a response of the API behind the gateway must not run
 * as a page of it either, unless that API sets its own policy.
 */
const ofAll = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
}

/** On ours. JSON, and a response without content, needs no more: no browser makes a page of it. */
const ofOurs = { 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' }

/** On what a browser may show as a page. */
const ofPages = {
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
}

const ofHttps = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }

/** Adds the headers that the response lacks, and the id of the request. */
export function harden(c: Context<AppEnv>): void {
  const { report } = c.env
  if (report.isHardened) return
  setRequestId(c, report.id)
  const { headers } = c.res
  const isOurs = !c.get('isOfUpstream')
  const missing = {
    ...ofAll,
    ...(isHttps(c) && ofHttps),
    ...(isOurs && ofOurs),
    ...(isOurs && isPage(headers) && ofPages),
  }
  for (const [name, value] of Object.entries(missing)) {
    if (!headers.has(name)) headers.set(name, value)
  }
}

function setRequestId(c: Context<AppEnv>, id: string): void {
  try {
    c.res.headers.set('x-request-id', id)
  } catch {
    // Immutable, as those of `fetch` and of the assets: `c.header` copies the response.
    c.header('x-request-id', id)
  }
}

function isPage(headers: Headers): boolean {
  const type = headers.get('content-type')
  return type !== null && !/^application\/([\w.-]+\+)?json\b/.test(type)
}

function isHttps(c: Context<AppEnv>): boolean {
  return c.req.raw.url.startsWith('https:')
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
  const { report } = c.env
  response.headers.set('x-request-id', report.id)
  for (const name in more) response.headers.set(name, more[name] as string)
  report.isHardened = true
  return response
}
