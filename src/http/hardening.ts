// The headers that keep a browser from making more of an answer than it is. What a route has set stays.
import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from './env.ts'

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
  const isHttps = c.req.raw.url.startsWith('https:')
  add(c, { ...ofAll, ...(isHttps && ofHttps), ...(!c.var.isOfUpstream && ofOurs) })
}

function add(c: Context<AppEnv>, headers: Record<string, string>): void {
  const present = c.res.headers
  for (const [name, value] of Object.entries(headers)) {
    if (!present.has(name)) c.header(name, value)
  }
}
