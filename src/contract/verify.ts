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
  /** Only keys of this account are known, or with `*` those of all: for keys with `platform:verify`, which need it. */
  account_id?: string | undefined
  /** What the key needs, all of it: scopes, or `scope#id` for one resource; nothing by default. */
  scopes?: readonly string[] | undefined
  /** What the key needs beside `scopes`, any of it; nothing by default. */
  any_of?: readonly string[] | undefined
  /** The environment that the key must have, or `any`; `live` by default. */
  environment?: string | undefined
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
export type BindingVerifyRequest = Omit<VerifyRequest, 'account_id'> & { cf?: unknown }

/** One rate limit window after the request: `limit` requests in `window_seconds`. */
export type RateLimitStatus = {
  name: string
  limit: number
  window_seconds: number
  remaining: number
  /** Seconds until `remaining` grows by one; 0 when nothing is used. */
  reset_seconds: number
}

/** Whose key it is. */
export type KeyIdentity = {
  key: {
    id: string
    name: string
    /** Your own id of the customer; null: none was given. */
    external_id: string | null
    /** As it was given with the key, up to 4 kB. */
    metadata: Record<string, unknown> | null
    /** Such as `live` or `test`. */
    environment: string
    /** The name of the token format. */
    format: string
    /** RFC 3339 in UTC; null: never. */
    expires_at: string | null
  }
  account: { id: string; name: string }
}

/** The key in an answer, if the caller may see it. */
export type KeyContext = KeyIdentity & {
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
  resources: null
  rate_limit: null
  credits: null
}

/** What the key may do. */
export type HeldScopes = {
  /** The names that it holds whole. */
  scopes: string[]
  /** What it holds of single resources, such as `contacts:read#42`: never a restriction of `scopes`. */
  resources: string[]
}

/** The answer for a key that is valid for the request. */
export type VerifiedKey = { valid: true; code: 'valid' } & HeldScopes & KeyContext

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
      /** Of `scopes` of the request. */
      missing_scopes: string[]
      /** All of `any_of` of the request, where the key holds none of it. */
      missing_any_of: string[]
    } & HeldScopes &
      KeyContext)
  | ({
      valid: false
      code: 'rate_limited'
      retry_after_seconds: number
    } & HeldScopes &
      KeyContext)
  | ({
      valid: false
      code: 'credits_exhausted'
      /** null: no refill will cover the cost. */
      retry_after_seconds: number | null
    } & HeldScopes &
      KeyContext)
  /** The idempotency key was used for another cost within 24 hours. */
  | ({ valid: false; code: 'conflict' } & HeldScopes & KeyContext)
  | ({
      valid: false
      code:
        | 'revoked_api_key'
        | 'expired_api_key'
        | 'disabled_api_key'
        | 'account_suspended'
        | 'wrong_environment'
        | 'ip_not_allowed'
      scopes: null
      resources: null
    } & KeyContext)
  | ({ valid: false; code: 'invalid_api_key' } & NoKeyContext)
  /** Too many unknown tokens came from this address: the token was not looked up. */
  | ({ valid: false; code: 'rate_limited'; retry_after_seconds: number } & NoKeyContext)
