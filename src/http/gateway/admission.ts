// Whether a policy admits a request: the one decision of the gateway and of forward auth.
import type { Context } from 'hono'
import type { Policy, RouteMatch } from '../../core/policy.ts'
import type { AppEnv } from '../app-env.ts'
import {
  authenticate,
  type Principal,
  speculatedPrincipal,
  type TargetRequest,
} from '../auth/principal.ts'
import type { Standing } from '../auth/reauthenticate.ts'
import { Problem } from '../response/problem.ts'
import { challenge } from '../response/refusals.ts'
import { reportOf } from '../response/reporting.ts'
import type { Services } from '../services.ts'
import { isMethodOverride } from './header-names.ts'

/** `refused`: no principal may send such a request. */
export type RequestRoute = (RouteMatch | { kind: 'refused'; problem: Problem }) & {
  method: string
}

/**
 * The route of a request that a policy is to decide about. Nothing is admitted or sent without one, so the headers are
 * judged before anything reaches the API.
 */
export function routeOf(
  match: Policy,
  headers: Headers,
  method: string,
  path: string,
): RequestRoute {
  for (const name of headers.keys()) {
    if (isMethodOverride(name)) return { kind: 'refused', problem: methodOverride(name), method }
  }
  return { ...match(method, path), method }
}

/**
 * The principal of the credential, if the route is open to it. A refused request consumes no limits of the key.
 * @throws Problem 400, 401, 403, 429 or 503.
 */
export async function admit(
  c: Context<AppEnv>,
  route: RequestRoute,
  target?: TargetRequest,
): Promise<Principal> {
  const pattern = route.kind === 'scope' ? route.pattern : null
  reportOf(c).target = { method: route.method, pattern }
  return authenticate(c, scopesOf(route), target, (principal) => refusalOf(principal, route))
}

/** Whether the same request would still be admitted. Consumes no limits. */
export async function stillAdmitted(c: Context<AppEnv>, route: RequestRoute): Promise<Standing> {
  const { reauthenticate } = await import('../auth/reauthenticate.ts')
  return reauthenticate(c, scopesOf(route), (principal) => refusalOf(principal, route))
}

function refusalOf(principal: Principal, route: RequestRoute): Problem | null {
  if (route.kind === 'refused') return route.problem
  if (route.kind === 'unsafe') return unsafePath
  return isOpenTo(principal, route) ? null : unlistedPath
}

/** The principal that would be admitted by what memory holds, fresh or not; null where none would. */
export async function speculativelyAdmitted(
  services: Pick<Services, 'config' | 'clock' | 'memory'>,
  request: Request,
  route: RequestRoute,
): Promise<Principal | null> {
  if (route.kind === 'refused' || route.kind === 'unsafe') return null
  const principal = await speculatedPrincipal(services, request, scopesOf(route))
  return principal !== null && isOpenTo(principal, route) ? principal : null
}

function scopesOf(route: RequestRoute): string[] {
  return route.kind === 'scope' ? [route.scope] : []
}

function isOpenTo(principal: Principal, route: RequestRoute): boolean {
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

function methodOverride(path: string): Problem {
  const detail = `Permissions depend on the method: send it as the method, not as ${path}.`
  return new Problem('invalid_request', { detail, errors: [{ path, message: 'Not allowed' }] })
}
