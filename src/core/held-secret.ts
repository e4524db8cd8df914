// Finds the credentials of a deployment inside a text of the client's length: one pass for each token format.
import {
  type ForeignFormat,
  foreignAlphabets,
  lengthRange,
  recogniseToken,
  type TokenFormats,
} from './foreign.ts'

type Shape = Pick<ForeignFormat, 'prefix' | 'alphabet' | 'length'>

const portalSession: Shape = { prefix: 'lkps_', alphabet: 'base64url', length: 40 }

/** No token and no payload of a JWT is shorter. */
const minLength = 16

/**
 * Whether the text holds a token of a format, its tag well or not, or a portal session. A token without a prefix
 * counts only as the whole text or behind a scheme: ETags and trace ids have the same shape.
 */
export function holdsToken(text: string, { formats, foreign }: TokenFormats): boolean {
  if (text.length < minLength) return false
  if (holdsShape(text, portalSession)) return true
  for (const name in formats) if (holdsShape(text, formats[name] as Shape)) return true
  for (const name in foreign) {
    const format = foreign[name] as Shape
    if (format.prefix !== '' && holdsShape(text, format)) return true
  }
  const word = text.slice(text.lastIndexOf(' ') + 1)
  return recogniseToken(word, { formats, foreign }) !== null
}

/**
 * Any longer run counts too. What stands behind a prefix is read up to its first other letter, and the search goes
 * on there, so that repeated prefixes are not read again.
 */
function holdsShape(text: string, { prefix, alphabet, length }: Shape): boolean {
  const { min } = lengthRange(length)
  const { run } = foreignAlphabets[alphabet]
  let at = text.indexOf(prefix)
  while (at !== -1) {
    const start = at + prefix.length
    run.lastIndex = start
    const letters = run.exec(text)?.[0].length ?? 0
    if (letters >= min) return true
    at = text.indexOf(prefix, Math.max(at + 1, start + letters - prefix.length + 1))
  }
  return false
}

/** Whether a JWT stands in the text (RFC 7519 3: parts with a dot between them) whose claims match. */
export function holdsJwt(
  text: string,
  isOurs: (claims: Record<string, unknown>) => boolean,
): boolean {
  // Its header may stand behind other letters, and its signature before others: the payload has only its own.
  return text
    .split('.')
    .slice(1, -1)
    .some((part) => {
      const claims = part.length < minLength ? null : claimsOf(part)
      return claims !== null && isOurs(claims)
    })
}

function claimsOf(part: string): Record<string, unknown> | null {
  const text = decodeBase64(part.replaceAll('-', '+').replaceAll('_', '/'))
  try {
    const claims: unknown = JSON.parse(text ?? '')
    return typeof claims === 'object' && claims !== null ? { ...claims } : null
  } catch {
    return null
  }
}

/** One character for each byte; null for what is no base64. */
export function decodeBase64(text: string): string | null {
  try {
    return atob(text)
  } catch {
    return null
  }
}
