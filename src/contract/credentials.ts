// Where a request presents its credential: one rule for the server and for the frameworks of the package.

/** The token that a request presents, '' included; null for none. `X-API-Key` wins, and nothing falls back. */
export function presentedToken(headers: Pick<Headers, 'get'>): string | null {
  return headers.get('x-api-key')?.trim() ?? credentialsOf(headers, 'bearer')
}

type Scheme = 'basic' | 'bearer'

export function credentialsOf(headers: Pick<Headers, 'get'>, scheme: Scheme): string | null {
  return behindScheme(headers.get('authorization') ?? '', scheme)
}

/**
 * What stands behind the scheme in the value of `Authorization`, without white space around it; null for another
 * scheme. The scheme is case-insensitive (RFC 9110 11.1).
 */
export function behindScheme(authorization: string, scheme: Scheme): string | null {
  const value = authorization.trim()
  if (value.slice(0, scheme.length).toLowerCase() !== scheme) return null
  const rest = value.slice(scheme.length)
  return /^(\s|$)/.test(rest) ? rest.trim() : null
}
