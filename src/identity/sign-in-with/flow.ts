// A sign-in with another provider, under way: what the callback needs of its beginning, sealed in a cookie of the browser that
// began it. So a callback that another browser began is none, and beginning writes no row.
import { seal, sealingKeys, unseal } from '../../core/sealing.ts'
import { ownCookie } from '../cookies.ts'
import type { PeopleSettings } from '../settings.ts'

const purpose = 'sign-in-flows'
const lifetimeSeconds = 600

export type Flow = {
  /** Of PKCE (RFC 7636). */
  verifier: string
  nonce: string
  /** The page to which it leads. */
  next: string | null
  /** The provider was asked to authenticate the person anew. */
  isFresh: boolean
  /** The session whose person links the identity; null: a sign-in. */
  link: { userId: string; sessionId: string; email: string } | null
  expiresAt: number
}

type Settings = Pick<PeopleSettings, 'baseUrl' | 'authSecrets'>

const cookieOf = (baseUrl: string) => ownCookie(baseUrl, 'sign_in_with')

/** The `Set-Cookie` of a flow, for its provider and its `state` alone. */
export async function flowCookie(
  flow: Omit<Flow, 'expiresAt'>,
  { providerId, state }: { providerId: string; state: string },
  { baseUrl, authSecrets }: Settings,
  nowMs: number,
): Promise<string> {
  const keys = await sealingKeys(authSecrets, purpose)
  const whole: Flow = { ...flow, expiresAt: nowMs + lifetimeSeconds * 1_000 }
  const value = await seal(keys, JSON.stringify(whole), ownerOf(providerId, state), (bytes) =>
    crypto.getRandomValues(bytes),
  )
  return cookieLine(baseUrl, value, lifetimeSeconds)
}

/** The `Set-Cookie` that ends it: a flow is completed once. */
export function endedFlowCookie({ baseUrl }: Settings): string {
  return cookieLine(baseUrl, '', 0)
}

/** The flow of this browser for a provider and a `state`; null where there is none, or its time is over. */
export async function readFlow(
  headers: Headers,
  { providerId, state }: { providerId: string; state: string },
  { baseUrl, authSecrets }: Settings,
  nowMs: number,
): Promise<Flow | null> {
  const value = cookieOf(baseUrl).read(headers)
  if (value === '') return null
  try {
    const keys = await sealingKeys(authSecrets, purpose)
    const flow = JSON.parse(await unseal(keys, value, ownerOf(providerId, state))) as Flow
    return flow.expiresAt > nowMs ? flow : null
  } catch {
    // Of another provider or `state`, or not ours.
    return null
  }
}

const ownerOf = (providerId: string, state: string) => `${providerId} ${state}`

/** Lax: the provider's redirect is a request of another site, and carries no strict cookie (RFC 6265bis 8.8.2). */
function cookieLine(baseUrl: string, value: string, maxAgeSeconds: number): string {
  return cookieOf(baseUrl).line(value, maxAgeSeconds, 'Lax')
}
