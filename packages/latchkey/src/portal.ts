// The portal of a deployment, in which customers manage their own keys: client.portal.
import { dataOf } from './calls.ts'
import { LatchkeyError } from './error.ts'
import type { Call, CallOptions, IdempotencyOptions, Transport } from './transport.ts'
import type { NewRateLimitWindow } from './types.ts'

/**
 * A portal session to open, within the `may_grant` of the client's key, which holds `keys:portal`.
 * @example
 * ```ts
 * const session: NewPortalSession = {
 *   external_id: 'customer-7',
 *   scopes: ['contacts:read'],
 *   limits: { rate_limit: { limit: 100, window_seconds: 60 }, max_lifetime: 90 * 86_400 },
 * }
 * ```
 */
export type NewPortalSession = {
  /** Whose keys they are: of your own session, never from a request of the customer. */
  external_id: string
  /** What the keys of the customer can hold; no wildcards. */
  scopes: string[]
  limits: {
    /** Of all keys of the customer together; null: unlimited. */
    rate_limit: NewRateLimitWindow | NewRateLimitWindow[] | null
    limits_by?: 'external_id' | undefined
    /** Of a key, in seconds; null or left out: any. */
    max_lifetime?: number | null | undefined
  }
  /** Of your page, to which the portal leads back: `https://app.example.com`. */
  origin?: string | null | undefined
  /** `live` alone if left out. */
  environments?: string[] | undefined
  /** Unrevoked keys of the customer; 10 if left out. */
  max_keys?: number | undefined
}

/** `url` begins the session once, until `expires_at` (RFC 3339): redirect the customer to it, and keep it out of logs. */
export type NewPortalLink = { url: string; expires_at: string }

export type PortalCalls = {
  /**
   * Opens a session in which a customer manages their own keys. Where the answer with the url was lost, another is opened. With an
   * `idempotencyKey` of yours a repeated call is a `conflict`, since a url is shown once.
   * @example
   * ```ts
   * const { url } = await client.portal.createSession({
   *   external_id: 'customer-7',
   *   scopes: ['contacts:read'],
   *   limits: { rate_limit: { limit: 100, window_seconds: 60 } },
   * })
   * ```
   */
  createSession(
    session: NewPortalSession,
    options?: CallOptions & IdempotencyOptions,
  ): Promise<NewPortalLink>
}

export function portalCalls(request: Transport): PortalCalls {
  return {
    createSession: (json, options) => open(request, { ...options, json }),
  }
}

/** A url that was lost on the way is unknown to everybody, and ends by itself. */
async function open(request: Transport, call: Call): Promise<NewPortalLink> {
  let attempts = 0
  const onAttempt = () => void attempts++
  try {
    const once = { ...call, isOnce: true, onAttempt }
    return await dataOf(request('POST', '/api/v1/portal-sessions', once))
  } catch (error) {
    const isRepeated = error instanceof LatchkeyError && error.code === 'conflict'
    if (!isRepeated || call.idempotencyKey !== undefined || attempts < 2) throw error
    return open(request, call)
  }
}
