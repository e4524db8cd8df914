// The credential of a request, and where it may stand. Reads headers only and decides nothing.
import { presentedToken } from '../../contract/credentials.ts'
import { recogniseToken, type TokenFormats } from '../../core/foreign.ts'
import { holdsPrefixedToken } from '../../core/prefixed-token.ts'

export type Credential =
  | { kind: 'key'; token: string }
  | { kind: 'jwt'; token: string }
  | { kind: 'none' }

/** A token in `X-API-Key` is always one of a key. A credential that is refused never falls back to another one. */
export function readCredential(headers: Headers): Credential {
  const token = presentedToken(headers)
  if (token === null) return { kind: 'none' }
  const isOfPerson = isJwt(token) && !headers.has('x-api-key')
  return { kind: isOfPerson ? 'jwt' : 'key', token }
}

/** Three dot-separated parts (RFC 7515 3.1); no token format has a dot. */
function isJwt(token: string): boolean {
  return token.split('.', 4).length === 3
}

/**
 * Where in the query a token stands (`query.NAME`, or `query` where it is in a name), or null.
 * URLs end up in logs and histories, so a token there is refused (RFC 6750 2.3 and 5.3).
 */
export function tokenInQuery(url: string, formats: TokenFormats): string | null {
  const start = url.indexOf('?')
  if (start === -1) return null
  for (const [name, value] of new URLSearchParams(url.slice(start))) {
    if (holdsToken(name, formats)) return 'query'
    if (holdsToken(value, formats)) return `query.${name}`
  }
  return null
}

/** A foreign prefix may be a letter or two, or none, which stand in any long text: of theirs, a whole value counts. */
function holdsToken(text: string, { formats, foreign }: TokenFormats): boolean {
  if (holdsPrefixedToken(text, { formats, foreign: {} })) return true
  return !!recogniseToken(text.trim(), { formats: {}, foreign })?.format.prefix
}
