// Whom a provider names in its answer. Its tokens serve for this alone, and are kept nowhere.
import * as oauth from 'oauth4webapi'
import type { SignInProvider } from '../../core/sign-in.ts'
import { callbackUrl } from './begin.ts'
import type { Flow } from './flow.ts'
import { identifyByGithub } from './github.ts'
import { type Identity, nameOf, type Profile } from './identity.ts'
import { authenticationOf, metadataOf, requestOptions, verifySignature } from './issuer.ts'

export type Identified =
  | { kind: 'identified'; identity: Identity }
  /** At the provider. */
  | { kind: 'denied' }

/**
 * Checks the answer of the provider: `state`, issuer (RFC 9207), PKCE, `nonce`, audience, expiry and signature.
 * @throws Error where it is not valid, or the provider does not answer
 */
export async function identify(
  provider: SignInProvider,
  { verifier, nonce }: Pick<Flow, 'verifier' | 'nonce'>,
  answer: { parameters: URLSearchParams; state: string },
  baseUrl: string,
  nowMs: number,
): Promise<Identified> {
  const server = await metadataOf(provider, nowMs)
  const client: oauth.Client = { client_id: provider.clientId }
  let parameters: URLSearchParams
  try {
    parameters = oauth.validateAuthResponse(server, client, answer.parameters, answer.state)
  } catch (error) {
    if (isDenial(error)) return { kind: 'denied' }
    throw error
  }
  const response = await oauth.authorizationCodeGrantRequest(
    ...([server, client, authenticationOf(provider, server), parameters] as const),
    ...([callbackUrl(baseUrl, provider.id), verifier, requestOptions(provider)] as const),
  )
  if (provider.protocol === 'github') {
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response)
    return { kind: 'identified', identity: await identifyByGithub(provider, tokens.access_token) }
  }
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    ...{ expectedNonce: nonce, requireIdToken: true },
  })
  await verifySignature(provider, server, response)
  const claims = oauth.getValidatedIdTokenClaims(tokens)
  if (claims === undefined) throw new Error('The provider sent no ID token')
  const readProfile = async () =>
    profileOf(
      claims.email === undefined && server.userinfo_endpoint !== undefined
        ? await readUserInfo(provider, server, tokens.access_token, claims.sub)
        : claims,
    )
  return { kind: 'identified', identity: { ...identityOf(claims, nowMs), readProfile } }
}

/** The person, or the provider for them, said no. */
function isDenial(error: unknown): boolean {
  return error instanceof oauth.AuthorizationResponseError && error.error === 'access_denied'
}

function identityOf({ sub, auth_time }: oauth.IDToken, nowMs: number) {
  // An issuer whose clock is ahead must not prove for longer.
  const authenticatedAt = auth_time === undefined ? null : Math.min(auth_time * 1_000, nowMs)
  return { subject: sub, authenticatedAt }
}

/** Its subject must be that of the ID token (OpenID Connect Core 5.3.2). */
async function readUserInfo(
  provider: SignInProvider,
  server: oauth.AuthorizationServer,
  accessToken: string,
  subject: string,
) {
  const client = { client_id: provider.clientId }
  const options = requestOptions(provider)
  const response = await oauth.userInfoRequest(server, client, accessToken, options)
  return oauth.processUserInfoResponse(server, client, subject, response)
}

type Claims = Record<string, unknown>

/** An address that is not verified may be that of somebody else; `"true"` is no boolean, and verifies nothing. */
function profileOf({ email, email_verified, name, preferred_username }: Claims): Profile {
  const verifiedEmails =
    email_verified === true && typeof email === 'string' ? [email.toLowerCase()] : []
  return { name: nameOf([name, preferred_username, email]), verifiedEmails }
}
