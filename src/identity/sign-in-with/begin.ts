// Begins a sign-in with another provider: the address to which the browser goes, and the cookie that it comes back with.
import * as oauth from 'oauth4webapi'
import type { SignInProvider } from '../../core/sign-in.ts'
import { stepUpSeconds } from '../../core/step-up.ts'
import type { PeopleSettings } from '../settings.ts'
import { type Flow, flowCookie } from './flow.ts'
import { metadataOf } from './issuer.ts'

// With `max_age` an issuer has to say when the person authenticated (OpenID Connect Core 2, `auth_time`). Most sessions of
// an issuer are younger, so that few people are asked to authenticate for it.
const anyAgeSeconds = 30 * 24 * 60 * 60

export type Beginning = Pick<Flow, 'next' | 'isFresh' | 'link'>

export const callbackUrl = (baseUrl: string, providerId: string) =>
  `${baseUrl}/api/auth/callback/${providerId}`

/** @throws Error where the issuer does not answer */
export async function beginSignIn(
  settings: PeopleSettings,
  provider: SignInProvider,
  beginning: Beginning,
  nowMs: number,
): Promise<{ url: string; cookie: string }> {
  const server = await metadataOf(provider, nowMs)
  const state = oauth.generateRandomState()
  const nonce = oauth.generateRandomNonce()
  const verifier = oauth.generateRandomCodeVerifier()
  const url = new URL(server.authorization_endpoint ?? '')
  const parameters = {
    response_type: 'code',
    client_id: provider.clientId,
    redirect_uri: callbackUrl(settings.baseUrl, provider.id),
    scope: provider.scopes.join(' '),
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(provider.protocol === 'oidc' && { nonce }),
    ...(provider.provesAgain && proofOf(beginning)),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  const of = { providerId: provider.id, state }
  const cookie = await flowCookie({ ...beginning, verifier, nonce }, of, settings, nowMs)
  return { url: url.href, cookie }
}

function proofOf({ isFresh }: Beginning): Record<string, string> {
  return isFresh
    ? { prompt: 'login', max_age: String(stepUpSeconds) }
    : { max_age: String(anyAgeSeconds) }
}
