// The failures that clients see, as application/problem+json (RFC 9457): codes never change.
import { refusalProblems } from './refusals.ts'

/** Code: [HTTP status, title]. */
const otherProblems = {
  invalid_token: [401, 'The token is not valid'],
  forbidden: [403, 'Not allowed'],
  step_up_required: [403, 'A recent proof of identity is required'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  precondition_failed: [412, 'Another version was expected'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used with another payload'],
  invalid_request: [400, 'The request is not valid'],
  payload_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported'],
  quota_exceeded: [429, 'No quota is left'],
  upstream_unavailable: [502, 'The API behind Latchkey did not answer'],
  upstream_timeout: [504, 'The API behind Latchkey took too long'],
} as const

/** Every code. */
export const problems: typeof refusalProblems & typeof otherProblems = {
  ...refusalProblems,
  ...otherProblems,
}

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
