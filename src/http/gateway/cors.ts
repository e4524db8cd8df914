// CORS at the gateway: pages of the configured origins may call it with a key, and read why it refused one.
import type { MiddlewareHandler } from 'hono'
import { cors as answeringPreflights } from 'hono/cors'
import type { Config } from '../../core/config.ts'
import type { Cors } from '../../core/cors.ts'
import type { AppEnv } from '../app-env.ts'
import { Problem } from '../response/problem.ts'
import { isPreflight } from './preflight.ts'
import { isWebSocket } from './upstream-headers.ts'

/** What a client acts on, of our answers; `ETag` is the API's or the portal's. */
const exposed = [
  'X-Request-Id',
  'ETag',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'WWW-Authenticate',
  'Server-Timing',
]

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY']

/**
 * Stands before the gateway: a preflight needs no credential and reaches neither limits nor the API. Never with
 * `Access-Control-Allow-Credentials`: the gateway takes no cookie.
 */
export function createCors(
  { origins, maxAgeSeconds }: Cors,
  { gateway, policies }: Pick<Config, 'gateway' | 'policies'>,
): MiddlewareHandler<AppEnv> {
  const ofRoutes = (policies[gateway.policy]?.routes ?? []).map(({ method }) => method)
  const answerPreflight = answeringPreflights({
    origin: [...origins],
    allowMethods: [...new Set([...methods, ...ofRoutes])],
    maxAge: maxAgeSeconds,
  })
  const listed = new Set(origins)
  return async function cors(c, next) {
    const { raw } = c.req
    if (isPreflight(raw)) return answerPreflight(c, next)
    const origin = raw.headers.get('origin')
    // Browsers open a WebSocket whatever its answer allows: here is the only place that can refuse one.
    if (isWebSocket(raw.headers) && origin !== null && !listed.has(origin)) throw foreignOrigin
    await next()
    // Not by hono/cors, which answers every OPTIONS itself and knows nothing of the headers that the API has set.
    c.header('Vary', 'Origin', { append: true })
    const { headers } = c.res
    const ofApi = headers.get('access-control-expose-headers')
    for (const name of [...headers.keys()]) {
      if (name.startsWith('access-control-')) headers.delete(name)
    }
    if (origin === null || !listed.has(origin)) return
    headers.set('Access-Control-Allow-Origin', origin)
    headers.set('Access-Control-Expose-Headers', [...exposed, ...(ofApi ? [ofApi] : [])].join(', '))
  }
}

const foreignOrigin = new Problem('forbidden', {
  detail: 'This deployment takes no WebSocket from pages of this origin (cors.origins).',
  headers: { vary: 'Origin' },
})
