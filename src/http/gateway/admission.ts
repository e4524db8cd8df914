// Whether a policy admits a request: the one decision of the gateway and of forward auth.
import type { Context } from 'hono'
import type { RouteMatch } from '../../core/policy.ts'
import type { AppEnv } from '../app-env.ts'
import {
  authenticate,
  type Principal,
  speculatedPrincipal,
  type TargetRequest,
} from '../auth/principal.ts'
import { Problem } from '../response/problem.ts'
import { challenge } from '../response/refusals.ts'
import type { Services } from '../services.ts'

/** With these headers some frameworks use another method than the one that the policy saw. */
const methodOverrides = ['x-http-method-override', 'x-http-method', 'x-method-override']

/**
 * The principal of the credential, if the route is open to it. A refused request consumes no limits of the key.
 * @throws Problem 400, 401, 403, 429 or 503.
 */
export async function admit(
  c: Context<AppEnv>,
  route: RouteMatch,
  target?: TargetRequest,
): Promise<Principal> {
  return authenticate(c, scopesOf(route), target, (principal) => {
    if (route.kind === 'unsafe') return unsafePath
    if (!isOpenTo(principal, route)) return unlistedPath
    return refusedOverride(c.req.raw)
  })
}

/** The principal that would be admitted by what memory holds, fresh or not; null where none would. */
export async function speculativelyAdmitted(
  services: Pick<Services, 'config' | 'clock' | 'memory'>,
  request: Request,
  route: RouteMatch,
): Promise<Principal | null> {
  if (route.kind === 'unsafe') return null
  const principal = await speculatedPrincipal(services, request, scopesOf(route))
  return principal !== null && isOpenTo(principal, route) ? principal : null
}

function scopesOf(route: RouteMatch): string[] {
  return route.kind === 'scope' ? [route.scope] : []
}

function isOpenTo(principal: Principal, route: RouteMatch): boolean {
  return route.kind !== 'unlisted' || principal.fullAccess
}

const unsafePath = new Problem('invalid_request', {
  detail: 'The path can be read in more than one way.',
  errors: [{ path: 'path', message: 'No encoded slashes, dot segments or control characters' }],
})

const unlistedPath = new Problem('forbidden', {
  detail: 'No scope covers this path: it is open to keys with full access only.',
  headers: challenge('insufficient_scope'),
})

function refusedOverride({ headers }: Request): Problem | null {
  const path = methodOverrides.find((name) => headers.has(name))
  if (path === undefined) return null
  const detail = `Permissions depend on the method: send it as the method, not as ${path}.`
  return new Problem('invalid_request', { detail, errors: [{ path, message: 'Not allowed' }] })
}
