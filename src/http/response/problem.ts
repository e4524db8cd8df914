// RFC 9457 problem details: the one shape of every failure that leaves the Worker.
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { redact } from '../../core/redact.ts'

export const problems = {
  missing_credential: [401, 'No credential was presented'],
  invalid_api_key: [401, 'The API key is not valid'],
  revoked_api_key: [401, 'The API key has been revoked'],
  expired_api_key: [401, 'The API key has expired'],
  disabled_api_key: [401, 'The API key is disabled'],
  invalid_token: [401, 'The token is not valid'],
  insufficient_scope: [403, 'The credential lacks a scope'],
  ip_not_allowed: [403, 'The address may not use this key'],
  forbidden: [403, 'Not allowed'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  conflict: [409, 'Conflict'],
  invalid_request: [400, 'The request is not valid'],
  payload_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported'],
  rate_limited: [429, 'Too many requests'],
  credits_exhausted: [429, 'No credits are left'],
  internal_error: [500, 'Something went wrong'],
  upstream_unavailable: [502, 'The API behind Latchkey did not answer'],
  upstream_timeout: [504, 'The API behind Latchkey took too long'],
  authority_unavailable: [503, 'The answer is not known right now'],
} as const satisfies Record<string, readonly [ContentfulStatusCode, string]>

export type ProblemCode = keyof typeof problems

export type FieldError = { path: string; message: string }

export type ProblemOptions = {
  detail?: string
  errors?: FieldError[]
  headers?: Record<string, string>
  cause?: unknown
}

/** Thrown by a handler, answered by `app.onError`; `code` is stable, `message` is the detail. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? problems[code][1], { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.errors = options.errors
    this.headers = options.headers ?? {}
  }

  get status(): ContentfulStatusCode {
    return problems[this.code][0]
  }
}

/** The body of the answer for a problem. */
export function problemText(problem: Problem, requestId: string): string {
  const body = {
    type: `/docs/errors#${problem.code}`,
    title: problems[problem.code][1],
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    request_id: requestId,
    ...(problem.errors && { errors: problem.errors }),
  }
  // A client may have put its token where it does not belong, and details name what was sent.
  return redact(JSON.stringify(body))
}
