// Whether a policy admits a request: the one decision of the gateway and of forward auth.
import type { Context } from 'hono'
import type { Config } from '../../core/config.ts'
import { createPolicy, type Policy, type PolicyRules, type RouteMatch } from '../../core/policy.ts'
import type { ScopeCatalogue } from '../../core/scope-matcher.ts'
import type { Needs } from '../../core/verdict.ts'
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
import type { Services } from '../services.ts'
import { isMethodOverride } from './header-names.ts'

/** `refused`: no principal may send such a request. */
export type RequestRoute = (RouteMatch | { kind: 'refused'; problem: Problem }) & {
  method: string
  /** Of the keys that the policy admits. */
  environments: readonly string[]
}

/** A policy of the configuration, ready to match requests. */
export type CompiledPolicy = { match: Policy; environments: readonly string[] }

export function compilePolicy(rules: PolicyRules, catalogue: ScopeCatalogue): CompiledPolicy {
  return { match: createPolicy(rules, catalogue), environments: rules.environments }
}

export function policyOfGateway({
  gateway,
  policies,
  scopes,
}: Pick<Config, 'gateway' | 'policies' | 'scopes'>): CompiledPolicy {
  // `defineConfig` refuses a policy that does not exist.
  return compilePolicy(policies[gateway.policy] ?? { environments: [], routes: [] }, scopes)
}

/**
 * The route of a request that a policy is to decide about. Nothing is admitted or sent without one, so the headers are
 * judged before anything reaches the API.
 */
export function routeOf(
  { match, environments }: CompiledPolicy,
  headers: Headers,
  method: string,
  path: string,
): RequestRoute {
  const request = { method, environments }
  for (const name of headers.keys()) {
    if (isMethodOverride(name))
      return { kind: 'refused', problem: methodOverride(name), ...request }
  }
  return { ...match(method, path), ...request }
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
  c.env.report.target = { method: route.method, pattern }
  return authenticate(c, needsOfRequest(route), target, (principal) => refusalOf(principal, route))
}

/** Whether the same request would still be admitted. Consumes no limits. */
export async function stillAdmitted(c: Context<AppEnv>, route: RequestRoute): Promise<Standing> {
  const { reauthenticate } = await import('../auth/reauthenticate.ts')
  return reauthenticate(c, needsOfRequest(route), (principal) => refusalOf(principal, route))
}

/** Why no principal is admitted, whoever it is. */
export function refusalOfAll(route: RequestRoute): Problem | null {
  switch (route.kind) {
    case 'refused':
      return route.problem
    case 'unsafe':
      return unsafePath
    case 'encoded':
      return encodedResource
    case 'unlisted':
    case 'scope':
      return null
  }
}

/** Why the principal is not admitted, though its credential has what the route needs; null where it is. */
export function refusalOf(principal: Principal, route: RequestRoute): Problem | null {
  if (principal.suspended !== null) return principal.suspended
  if (route.kind === 'unlisted' && !principal.fullAccess) return unlistedPath
  return refusalOfAll(route)
}

/** The principal that would be admitted by what memory holds, fresh or not; null where none would. */
export async function speculativelyAdmitted(
  services: Pick<Services, 'config' | 'clock' | 'memory'>,
  request: Request,
  route: RequestRoute,
): Promise<Principal | null> {
  const principal = await speculatedPrincipal(services, request, needsOfRequest(route))
  return principal !== null && refusalOf(principal, route) === null ? principal : null
}

/** What the route needs of a credential. */
export function needsOfRequest(route: RequestRoute): Needs {
  const anyOf = route.kind === 'scope' ? route.anyOf : null
  return { scopes: [], anyOf, environments: route.environments }
}

const unsafePath = new Problem('invalid_request', {
  detail: 'The path can be read in more than one way.',
  errors: [{ path: 'path', message: 'No encoded slashes, dot segments or control characters' }],
})

const encodedResource = new Problem('forbidden', {
  detail:
    'The id in this path is percent-encoded: scopes of one resource are compared byte for byte.',
  headers: challenge('insufficient_scope'),
})

const unlistedPath = new Problem('forbidden', {
  detail: 'No scope covers this path: it is open to keys with full access only.',
  headers: challenge('insufficient_scope'),
})

function methodOverride(path: string): Problem {
  const detail = `Permissions depend on the method: send it as the method, not as ${path}.`
  return new Problem('invalid_request', { detail, errors: [{ path, message: 'Not allowed' }] })
}
