// Route policies: the scope that a request needs, by method and path. A path that two servers could read
// differently is refused, since it would bypass the policy.

import { isAmbiguousUpstream, readPath } from './path.ts'
import { isResourceId, type ScopeCatalogue, takesResource } from './scope-matcher.ts'

export type Route = {
  method: string
  /** `/contacts/{id}`: literal segments, and `{name}` for any one segment. */
  path: string
  /** Of a list any suffices. */
  scope: string | readonly string[]
  /** The path parameter that names the resource: a key with `contacts:read#42` may read that contact alone. */
  resource?: string
}

/** What `latchkey.config.ts` says of a policy. `environments`: of the keys that it admits; `['live']` by default. */
export type PolicyInput =
  | readonly Route[]
  | { environments?: readonly string[]; routes: readonly Route[] }

export type PolicyRules = { environments: readonly string[]; routes: readonly Route[] }

/**
 * `scope`: any of the needs suffices. `unlisted`: needs full access. `unsafe`: the path is ambiguous. `encoded`: the
 * resource is percent-encoded, which servers could decode to another id than the policy compared.
 */
export type RouteMatch =
  | { kind: 'scope'; anyOf: readonly string[]; pattern: string }
  | { kind: 'unlisted' }
  | { kind: 'unsafe' }
  | { kind: 'encoded' }

/** Matches a request against a policy whose patterns are already split. */
export type Policy = (method: string, rawPath: string) => RouteMatch

export function createPolicy(
  { routes }: Pick<PolicyRules, 'routes'>,
  catalogue: ScopeCatalogue,
): Policy {
  const compiled = routes.map(compile)
  return function matchRoute(method, rawPath) {
    const segments = readPath(rawPath)
    if (segments === null || isAmbiguousUpstream(segments)) return { kind: 'unsafe' }
    // HEAD is GET without the content (RFC 9110 9.3.2).
    const listed = method === 'HEAD' ? 'GET' : method
    const route = compiled.find((each) => each.method === listed && matches(each.parts, segments))
    if (route === undefined) return { kind: 'unlisted' }
    const { scope, path: pattern, resourceAt } = route
    // As it was sent: ids are compared byte for byte.
    const segment = resourceAt === -1 ? null : (rawPath.slice(1).split('/')[resourceAt] ?? null)
    const anyOf = needsOfRoute(scope, segment, catalogue)
    return anyOf === null ? { kind: 'encoded' } : { kind: 'scope', anyOf, pattern }
  }
}

function compile(route: Route) {
  const parts = route.path.slice(1).split('/')
  return { ...route, parts, resourceAt: parts.indexOf(`{${route.resource}}`) }
}

function matches(parts: readonly string[], segments: readonly string[]): boolean {
  if (parts.length !== segments.length) return false
  return parts.every((part, at) =>
    part.startsWith('{') ? segments[at] !== '' : part === segments[at],
  )
}

/**
 * The needs of a route, any of which suffices; null for an encoded segment, which servers could decode to different ids.
 * @param segment the raw path segment of the route's resource; null for a route without one.
 */
export function needsOfRoute(
  scope: string | readonly string[],
  segment: string | null,
  catalogue: ScopeCatalogue,
): string[] | null {
  const scopes = typeof scope === 'string' ? [scope] : [...scope]
  if (segment?.includes('%')) return null
  // No key can hold another segment as a resource, but a key with the whole scope may use it.
  if (segment === null || !isResourceId(segment)) return scopes
  return scopes.map((each) => (takesResource(each, catalogue) ? `${each}#${segment}` : each))
}
