// What is asked and told about a token, as it stands in the contract. Types only: they are compared
// with the Worker's own by test/worker/client.test.ts.

export type VerifyRequest = {
  /** What the client presented. */
  token: string
  /** All of these are needed. */
  scopes?: readonly string[] | undefined
  /** The client's address; without it a key with `allowed_ips` is refused. */
  ip?: string | null | undefined
  /** Credits to take, where the key has any: all of them or none; 1 by default. */
  cost?: number | undefined
  /** Takes the cost once in 24 hours, however often it is asked. Never let the client choose it. */
  idempotencyKey?: string | undefined
  /** Ask the nearest fence even while a lease runs. */
  fresh?: boolean | undefined
}

/** A rate window; `reset_seconds`: until `remaining` grows by one, 0 when nothing is used. */
export type WindowLeft = {
  name: string
  limit: number
  window_seconds: number
  remaining: number
  reset_seconds: number
}

type About = {
  key: { id: string; name: string; expires_at: string | null }
  account: { id: string; name: string }
  /** null: no rate limit, or refused before it was asked. */
  rate_limit: WindowLeft[] | null
  /** null: no credits, or refused before they were asked. */
  credits: { remaining: number } | null
}

type AboutNothing = { key: null; account: null; scopes: null; rate_limit: null; credits: null }

/** A token that is good for what was asked. */
export type VerifiedKey = { valid: true; code: 'valid'; scopes: string[] } & About

/** What is told of a token: `key` and `account` only to those who may know of it. */
export type VerifyAnswer =
  | VerifiedKey
  | ({
      valid: false
      code: 'insufficient_scope'
      scopes: string[]
      missing_scopes: string[]
    } & About)
  | ({
      valid: false
      code: 'rate_limited'
      scopes: string[]
      retry_after_seconds: number
    } & About)
  | ({
      valid: false
      code: 'credits_exhausted'
      scopes: string[]
      /** null: no refill will cover the cost. */
      retry_after_seconds: number | null
    } & About)
  /** The idempotency key was used for another cost within 24 hours. */
  | ({ valid: false; code: 'conflict'; scopes: string[] } & About)
  | ({
      valid: false
      code: 'revoked_api_key' | 'expired_api_key' | 'disabled_api_key' | 'ip_not_allowed'
      scopes: null
    } & About)
  | ({ valid: false; code: 'invalid_api_key' } & AboutNothing)
  /** Too many tokens of nobody came from this address: this one was not looked up. */
  | ({ valid: false; code: 'rate_limited'; retry_after_seconds: number } & AboutNothing)
