// Keeps forward auth below the prefix of the proxy's policy, on every route.
import type { MiddlewareHandler } from 'hono'
import { targetOf } from '../../core/target.ts'
import type { AppEnv } from '../app-env.ts'
import { Problem } from '../response/problem.ts'
import { challenge } from '../response/refusals.ts'

/**
 * Envoy appends the client's path to the prefix. Where something on the way resolves dot segments, `/../../../healthz`
 * leaves the prefix and gets a 200 that would admit it. A proxy that names its prefix gets answers below it only.
 */
export const confined: MiddlewareHandler<AppEnv> = async function confined(c, next) {
  const prefix = c.req.raw.headers.get('x-latchkey-forward-auth')
  if (prefix !== null) {
    const { path } = targetOf(c.req.raw.url)
    if (!`${path}/`.startsWith(`/forward-auth/${prefix}/`)) throw outside
  }
  await next()
}

const outside = new Problem('forbidden', {
  detail: 'The path leaves the policy that the proxy selected.',
  headers: challenge('invalid_request'),
})
