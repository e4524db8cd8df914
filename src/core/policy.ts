// Route policies: which scope a request needs, by method and path. Paths are made plain first, since
// a path that two readers read differently is a way around the policy.

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
    const segments = decodePathSegments(rawPath)
    if (segments === null) return { kind: 'unsafe' }
    // HEAD needs what GET needs (RFC 9110 9.3.2).
    const asked = method === 'HEAD' ? 'GET' : method
    const route = compiled.find((each) => each.method === asked && matches(each.parts, segments))
    return route === undefined ? { kind: 'unlisted' } : { kind: 'scope', scope: route.scope }
  }
}

/**
 * The decoded segments of a path, or null when servers may disagree about it: dot segments, encoded
 * slashes, back-slashes, control characters, semicolons (matrix parameters), a second layer of
 * encoding, or bytes that are no UTF-8. Empty segments stay, and match no route.
 */
export function decodePathSegments(rawPath: string): string[] | null {
  if (!rawPath.startsWith('/')) return null
  const segments: string[] = []
  for (const raw of rawPath.slice(1).split('/')) {
    const segment = decode(raw)
    if (segment === null || segment === '.' || segment === '..') return null
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    if (/[/\\;%\u0000-\u001f\u007f]/.test(segment)) return null
    segments.push(segment)
  }
  return segments
}

function decode(raw: string): string | null {
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch {
    return null
  }
}

function matches(parts: readonly string[], segments: readonly string[]): boolean {
  if (parts.length !== segments.length) return false
  return parts.every((part, at) =>
    part.startsWith('{') ? segments[at] !== '' : part === segments[at],
  )
}
