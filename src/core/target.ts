// The target of a request as it was sent. `new URL` would resolve dot segments and backslashes, and so hide from the
// policy what the server behind may read differently.

export type Target = { path: string; query: string }

/** Path and query (with its `?`) of an origin-form target (RFC 9112 3.2.1). */
export function splitTarget(target: string): Target {
  const at = target.indexOf('?')
  if (at === -1) return { path: target, query: '' }
  return { path: target.slice(0, at), query: target.slice(at) }
}

/** Path and query of an absolute URL. */
export function targetOf(url: string): Target {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  return splitTarget(start === -1 ? '/' : url.slice(start))
}
