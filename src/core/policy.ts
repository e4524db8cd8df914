// Route policies: the scope that a request needs, by method and path. A path that two servers could read
// differently is refused, since it would bypass the policy.

import { isAmbiguousUpstream, readPath } from './path.ts'

export type Route = {
  method: string
  /** `/contacts/{id}`: literal segments, and `{name}` for any one segment. */
  path: string
  scope: string
}

/** `unlisted`: needs full access. `unsafe`: the path is ambiguous. */
export type RouteMatch =
  | { kind: 'scope'; scope: string; pattern: string }
  | { kind: 'unlisted' }
  | { kind: 'unsafe' }

/** Matches a request against a policy whose patterns are already split. */
export type Policy = (method: string, rawPath: string) => RouteMatch

export function createPolicy(routes: readonly Route[]): Policy {
  const compiled = routes.map((route) => ({ ...route, parts: route.path.slice(1).split('/') }))
  return function matchRoute(method, rawPath) {
    const segments = readPath(rawPath)
    if (segments === null || isAmbiguousUpstream(segments)) return { kind: 'unsafe' }
    // HEAD is GET without the content (RFC 9110 9.3.2).
    const listed = method === 'HEAD' ? 'GET' : method
    const route = compiled.find((each) => each.method === listed && matches(each.parts, segments))
    if (route === undefined) return { kind: 'unlisted' }
    return { kind: 'scope', scope: route.scope, pattern: route.path }
  }
}

function matches(parts: readonly string[], segments: readonly string[]): boolean {
  if (parts.length !== segments.length) return false
  return parts.every((part, at) =>
    part.startsWith('{') ? segments[at] !== '' : part === segments[at],
  )
}
