// Verification as clients see it: the body and the data of `POST /api/v1/keys/verify`, and the same over
// a service binding. The zod schemas in http/verify are proved equal to these types.

/** Characters of an idempotency key: 1 to this many. */
export const maxIdempotencyKeyLength = 255

/** Tokens in one request of `keys/verify-batch`: 1 to this many. */
export const maxBatchSize = 100

/**
 * A request to verify a token.
 * @example
 * ```ts
 * const request: VerifyRequest = { token, scopes: ['contacts:read'], ip: '192.0.2.1' }
 * ```
 */
export type VerifyRequest = {
  /** What the client presented. */
  token: string
  /** Scopes that the key needs, all of them; none by default. */
  scopes?: readonly string[] | undefined
  /** Address of the client; without it a key with `allowed_ips` is refused. */
  ip?: string | null | undefined
  /** Credits to consume where the key has any, a whole number from 0: all of them or none; 1 by default. */
  cost?: number | undefined
  /**
   * Consumes `cost` once in 24 hours, however often the request is repeated: 1 to 255 characters. A client
   * that chose it could pay once for everything.
   */
  idempotencyKey?: string | undefined
  /** Reads the nearest fence even while a lease runs; false by default. */
  fresh?: boolean | undefined
}

/** The request over a service binding. `cf` is the `request.cf` of the caller: it selects the nearest fence. */
export type BindingVerifyRequest = VerifyRequest & { cf?: unknown }

/** One rate limit window after the request: `limit` requests in `window_seconds`. */
export type RateLimitStatus = {
  name: string
  limit: number
  window_seconds: number
  remaining: number
  /** Seconds until `remaining` grows by one; 0 when nothing is used. */
  reset_seconds: number
}

/** The key in an answer, if the caller may see it. */
export type KeyContext = {
  /** `expires_at` is RFC 3339 in UTC; null: never. */
  key: { id: string; name: string; expires_at: string | null }
  account: { id: string; name: string }
  /** null: the key has no rate limit, or was refused before its limits were read. */
  rate_limit: RateLimitStatus[] | null
  /** null: the key has no credits, or was refused before its limits were read. */
  credits: { remaining: number } | null
}

/** The same fields for a token that is unknown or belongs to another account. */
export type NoKeyContext = {
  key: null
  account: null
  scopes: null
  rate_limit: null
  credits: null
}

/** The answer for a key that is valid for the request. */
export type VerifiedKey = { valid: true; code: 'valid'; scopes: string[] } & KeyContext

/**
 * The verdict about a token. `retry_after_seconds` are seconds from now.
 * @example
 * ```ts
 * const answer: VerifyAnswer = await client.verify({ token })
 * if (answer.valid) console.log(answer.key.id, answer.scopes)
 * ```
 */
export type VerifyAnswer =
  | VerifiedKey
  | ({
      valid: false
      code: 'insufficient_scope'
      scopes: string[]
      missing_scopes: string[]
    } & KeyContext)
  | ({
      valid: false
      code: 'rate_limited'
      scopes: string[]
      retry_after_seconds: number
    } & KeyContext)
  | ({
      valid: false
      code: 'credits_exhausted'
      scopes: string[]
      /** null: no refill will cover the cost. */
      retry_after_seconds: number | null
    } & KeyContext)
  /** The idempotency key was used for another cost within 24 hours. */
  | ({ valid: false; code: 'conflict'; scopes: string[] } & KeyContext)
  | ({
      valid: false
      code: 'revoked_api_key' | 'expired_api_key' | 'disabled_api_key' | 'ip_not_allowed'
      scopes: null
    } & KeyContext)
  | ({ valid: false; code: 'invalid_api_key' } & NoKeyContext)
  /** Too many unknown tokens came from this address: the token was not looked up. */
  | ({ valid: false; code: 'rate_limited'; retry_after_seconds: number } & NoKeyContext)
