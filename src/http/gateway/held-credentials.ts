// Which values of headers hold a credential of this deployment: the API behind must not be able to use one.

import { behindScheme, presentedToken } from '../../contract/credentials.ts'
import { decodeBase64, holdsJwt, holdsToken } from '../../core/held-secret.ts'
import type { PeopleSettings } from '../../identity/settings.ts'
import type { Services } from '../services.ts'

/** Whether a value holds a token, a portal session, a JWT that Latchkey accepts, or the request's own credential. */
export function createCredentialCheck(
  services: Pick<Services, 'config' | 'people'>,
  headers: Headers,
): (value: string) => boolean {
  const presented = presentedToken(headers) ?? ''
  const holds = (text: string) =>
    holdsToken(text, services.config) ||
    // Settings of people are parsed only for a value that is a JWT.
    holdsJwt(text, (claims) => isAccepted(claims, services.people)) ||
    (presented !== '' && text.includes(presented))
  return (value) => {
    if (holds(value)) return true
    const basic = basicCredentials(value)
    return basic !== null && (holds(basic) || holds(formDecoded(basic)))
  }
}

/** `user:password` (RFC 7617): introspection takes a key as the password. */
function basicCredentials(value: string): string | null {
  const encoded = behindScheme(value, 'basic')
  return encoded === null ? null : decodeBase64(encoded)
}

/** OAuth clients form-encode both halves (RFC 6749 2.3.1): introspection decodes them. */
function formDecoded(basic: string): string {
  return basic.replaceAll(/[^:]+/g, (half) => {
    try {
      return decodeURIComponent(half)
    } catch {
      return half
    }
  })
}

/** By what it says of itself: the signature of a JWT that passes to the API is the API's to check. */
function isAccepted(
  { iss, aud }: Record<string, unknown>,
  { baseUrl, externalIssuer }: PeopleSettings,
): boolean {
  if (iss === baseUrl) return true
  if (externalIssuer === null || iss !== externalIssuer.issuer) return false
  return [aud].flat().includes(externalIssuer.audience)
}
