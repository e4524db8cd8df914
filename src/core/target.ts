// The target of a request as it was sent. `new URL` would resolve dot segments and backslashes, and so hide from the
// policy what the server behind may read differently.

export type Target = { path: string; query: string }

/** Path and query (with its `?`) of an origin-form target (RFC 9112 3.2.1). */
export function splitTarget(target: string): Target {
  const at = target.indexOf('?')
  if (at === -1) return { path: target, query: '' }
  return { path: target.slice(0, at), query: target.slice(at) }
}

/** Scheme and authority of the absolute URL of a request, which holds no user information. */
export function originOf(url: string): { scheme: string; authority: string } {
  const [scheme = '', , authority = ''] = url.split('/', 3)
  return { scheme: scheme.slice(0, -1), authority }
}

/** Path and query of an absolute URL. */
export function targetOf(url: string): Target {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  return splitTarget(start === -1 ? '/' : url.slice(start))
}
