// Route policies: which scope a request needs, by method and path. Paths are made plain first, since
// a path that two readers read differently is a way around the policy.

import { isAmbiguousUpstream, readPath } from './path.ts'

export type Route = {
  method: string
  /** `/contacts/{id}`: plain segments and `{name}` for any one segment. */
  path: string
  scope: string
}

/** `scope` to hold, `unlisted` (full access only), or `unsafe`: a path with more than one reading. */
export type RouteMatch =
  | { kind: 'scope'; scope: string }
  | { kind: 'unlisted' }
  | { kind: 'unsafe' }

/** A policy ready to be asked: its patterns are taken apart once. */
export type Policy = (method: string, rawPath: string) => RouteMatch

export function createPolicy(routes: readonly Route[]): Policy {
  const compiled = routes.map((route) => ({ ...route, parts: route.path.slice(1).split('/') }))
  return function matchRoute(method, rawPath) {
    const segments = readPath(rawPath)
    if (segments === null || isAmbiguousUpstream(segments)) return { kind: 'unsafe' }
    // HEAD needs what GET needs (RFC 9110 9.3.2).
    const asked = method === 'HEAD' ? 'GET' : method
    const route = compiled.find((each) => each.method === asked && matches(each.parts, segments))
    return route === undefined ? { kind: 'unlisted' } : { kind: 'scope', scope: route.scope }
  }
}

function matches(parts: readonly string[], segments: readonly string[]): boolean {
  if (parts.length !== segments.length) return false
  return parts.every((part, at) =>
    part.startsWith('{') ? segments[at] !== '' : part === segments[at],
  )
}
