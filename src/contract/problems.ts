// The failures that clients see, as application/problem+json (RFC 9457): codes never change.

/** Code: [HTTP status, title]. */
export const problems = {
  missing_credential: [401, 'No credential was presented'],
  invalid_api_key: [401, 'The API key is not valid'],
  revoked_api_key: [401, 'The API key has been revoked'],
  expired_api_key: [401, 'The API key has expired'],
  disabled_api_key: [401, 'The API key is disabled'],
  account_suspended: [401, 'The account is suspended'],
  invalid_token: [401, 'The token is not valid'],
  wrong_environment: [403, 'The key belongs to another environment'],
  insufficient_scope: [403, 'The credential lacks a scope'],
  ip_not_allowed: [403, 'The address may not use this key'],
  forbidden: [403, 'Not allowed'],
  step_up_required: [403, 'A recent proof of identity is required'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  conflict: [409, 'Conflict'],
  precondition_failed: [412, 'Another version was expected'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used with another payload'],
  invalid_request: [400, 'The request is not valid'],
  payload_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported'],
  rate_limited: [429, 'Too many requests'],
  credits_exhausted: [429, 'No credits are left'],
  quota_exceeded: [429, 'No quota is left'],
  internal_error: [500, 'Something went wrong'],
  upstream_unavailable: [502, 'The API behind Latchkey did not answer'],
  upstream_timeout: [504, 'The API behind Latchkey took too long'],
  authority_unavailable: [503, 'The answer is not known right now'],
} as const

export type ProblemCode = keyof typeof problems

/** `path` names the field, such as `scopes.0`; it is empty where the whole body is meant. */
export type FieldError = { path: string; message: string }

/** The body of a failure. `code` is a `ProblemCode`; a later release may add codes. */
export type ProblemBody = {
  type: string
  title: string
  status: number
  detail: string
  code: string
  request_id: string
  /** Which fields of an `invalid_request` are wrong, and why. */
  errors?: FieldError[] | undefined
  /** Of a repeated request that made a key: the newest key of its rotations. Rotate it for a new token. */
  key_id?: string | undefined
  /** Of a key that was rotated: the key that replaced it. */
  replaced_by?: string | undefined
}

/** The page that describes a problem: its `type`, relative to the deployment. */
export function problemType(code: ProblemCode): string {
  return `/docs/errors#${code}`
}
