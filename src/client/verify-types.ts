// What is asked and told about a token, as it stands in the contract. Types only: they are compared
// with the Worker's own by test/client.test.ts.

export type VerifyRequest = {
  /** What the client presented. */
  token: string
  /** All of these are needed. */
  scopes?: readonly string[] | undefined
  /** The client's address; without it a key with `allowed_ips` is refused. */
  ip?: string | null | undefined
  /** Credits to take. Without effect until keys are metered. */
  cost?: number | undefined
  /** Takes the cost once. Without effect until keys are metered. */
  idempotencyKey?: string | undefined
  /** Ask the nearest fence even while a lease runs. */
  fresh?: boolean | undefined
}

type About = {
  key: { id: string; name: string; expires_at: string | null }
  account: { id: string; name: string }
  /** null until keys are metered. */
  rate_limit: null
  /** null until keys are metered. */
  credits: null
}

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
      code: 'revoked_api_key' | 'expired_api_key' | 'disabled_api_key' | 'ip_not_allowed'
      scopes: null
    } & About)
  | {
      valid: false
      code: 'invalid_api_key'
      key: null
      account: null
      scopes: null
      rate_limit: null
      credits: null
    }
