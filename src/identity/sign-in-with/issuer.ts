// What is known of an issuer: its metadata by OpenID Connect Discovery, and its keys, in the memory of the isolate.
import * as oauth from 'oauth4webapi'
import type { SignInProvider } from '../../core/sign-in.ts'

const timeoutMs = 5_000
const metadataMs = 10 * 60_000

type Known = { metadata: oauth.AuthorizationServer; readAt: number; keys: oauth.JWKSCacheInput }

// Values only: workerd lets no request await the promise of another one.
const known = new Map<string, Known>()

const github: oauth.AuthorizationServer = {
  issuer: 'https://github.com/login/oauth',
  authorization_endpoint: 'https://github.com/login/oauth/authorize',
  token_endpoint: 'https://github.com/login/oauth/access_token',
  token_endpoint_auth_methods_supported: ['client_secret_post'],
}

/** Options of each request to a provider. Only the configuration admits an issuer on plain http, on loopback. */
export function requestOptions({ issuer }: Pick<SignInProvider, 'issuer'>) {
  return {
    signal: AbortSignal.timeout(timeoutMs),
    [oauth.allowInsecureRequests]: issuer.startsWith('http:'),
  }
}

/** @throws Error where it does not answer, or is another issuer than the configuration says. */
export async function metadataOf(
  provider: SignInProvider,
  nowMs: number,
): Promise<oauth.AuthorizationServer> {
  if (provider.protocol === 'github') return github
  const before = known.get(provider.issuer)
  if (before !== undefined && nowMs - before.readAt < metadataMs) return { ...before.metadata }
  const url = new URL(provider.issuer)
  const response = await oauth.discoveryRequest(url, requestOptions(provider))
  const metadata = await oauth.processDiscoveryResponse(url, response)
  known.set(provider.issuer, { metadata, readAt: nowMs, keys: before?.keys ?? {} })
  return { ...metadata }
}

/** Verifies the signature of the ID token in a response of the token endpoint. @throws Error where it is not valid */
export async function verifySignature(
  provider: SignInProvider,
  server: oauth.AuthorizationServer,
  response: Response,
): Promise<void> {
  const entry = known.get(provider.issuer)
  // A copy: the library keeps imported keys as promises, which belong to one request.
  const keys = structuredClone(entry?.keys ?? {})
  await oauth.validateApplicationLevelSignature(server, response, {
    ...requestOptions(provider),
    [oauth.jwksCache]: keys,
  })
  if (entry !== undefined) entry.keys = structuredClone(keys)
}

/** In the body where the issuer takes it there: the encoding for Basic (RFC 6749 2.3.1) is read in two ways. */
export function authenticationOf(
  { clientSecret }: SignInProvider,
  { token_endpoint_auth_methods_supported: methods }: oauth.AuthorizationServer,
): oauth.ClientAuth {
  return methods?.includes('client_secret_post')
    ? oauth.ClientSecretPost(clientSecret)
    : oauth.ClientSecretBasic(clientSecret)
}
