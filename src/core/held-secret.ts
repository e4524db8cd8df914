// Finds the credentials of a deployment inside a text of the client's length.
import { recogniseToken, type TokenFormats } from './foreign.ts'
import { holdsPrefixedToken } from './prefixed-token.ts'

/** No token and no payload of a JWT is shorter. */
const minLength = 16

/**
 * Whether the text holds a token of a format, its tag well or not, or a portal session. A token without a prefix
 * counts only as the whole text or behind a scheme: ETags and trace ids have the same shape.
 */
export function holdsToken(text: string, formats: TokenFormats): boolean {
  if (text.length < minLength) return false
  if (holdsPrefixedToken(text, formats)) return true
  const word = text.slice(text.lastIndexOf(' ') + 1)
  return recogniseToken(word, formats) !== null
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
