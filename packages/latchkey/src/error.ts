// Every failure of a call to Latchkey, as one class with a stable code.
import type { FieldError, ProblemBody } from '../../../src/contract/problems.ts'

type Failure = {
  code: string
  httpStatus: number
  detail: string
  requestId?: string | null
  errors?: FieldError[]
  retryAfterSeconds?: number | null
  keyId?: string | null
  replacedBy?: string | null
  cause?: unknown
}

/**
 * `code` is the code of the problem that Latchkey answered (`not_found`, `invalid_request`…: `/docs/errors` of a
 * deployment lists them), or one of the client's own:
 * - `unreachable`: no connection, or a broken one. Whether a change took place is unknown. `httpStatus` is 0.
 * - `timed_out`: no answer in `timeoutMs`. Whether a change took place is unknown. `httpStatus` is 0.
 * - `unexpected_answer`: not an answer of Latchkey, for example a page of a proxy.
 *
 * No field is one that a framework takes for its own answer (`status`, `statusCode`, `headers`, `expose`): thrown in a handler,
 * it is that server's 500.
 * @example
 * ```ts
 * try {
 *   await client.get(id)
 * } catch (error) {
 *   if (error instanceof LatchkeyError && error.code === 'not_found') return null
 *   throw error
 * }
 * ```
 */
export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError'
  readonly code: string
  /** HTTP status of Latchkey's answer; 0 where there was none. */
  readonly httpStatus: number
  readonly detail: string
  /** Identifies the request in the log of Latchkey; null where there was no answer. */
  readonly requestId: string | null
  /** For `invalid_request`: which fields are wrong, and why. */
  readonly errors: FieldError[]
  /** Seconds after which a retry makes sense, where Latchkey names them; else null. */
  readonly retryAfterSeconds: number | null
  /** For the `conflict` of a repeated call that made a key: rotate this key for a token; else null. */
  readonly keyId: string | null
  /** For a key that was rotated: the key that replaced it; else null. */
  readonly replacedBy: string | null

  constructor(failure: Failure) {
    super(`${failure.code}: ${failure.detail}`, { cause: failure.cause })
    this.code = failure.code
    this.httpStatus = failure.httpStatus
    this.detail = failure.detail
    this.requestId = failure.requestId ?? null
    this.errors = failure.errors ?? []
    this.retryAfterSeconds = failure.retryAfterSeconds ?? null
    this.keyId = failure.keyId ?? null
    this.replacedBy = failure.replacedBy ?? null
  }
}

/** A failure without an answer of Latchkey. */
export function ownFailure(code: string, detail: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError({ code, httpStatus: 0, detail, cause })
}

/** The error of a response that is not a success. */
export function errorOf(response: Response, body: unknown): LatchkeyError {
  const { headers, status: httpStatus } = response
  const retryAfterSeconds = secondsUntil(headers.get('retry-after'))
  const requestId = headers.get('x-request-id')
  const problem = (body ?? {}) as Partial<Record<keyof ProblemBody, unknown>>
  const { code, detail, errors } = problem
  if (typeof code !== 'string') {
    const detail = `${response.url || 'The server'} answered ${httpStatus}, and not as Latchkey does.`
    const code = 'unexpected_answer'
    return new LatchkeyError({ code, httpStatus, detail, requestId, retryAfterSeconds })
  }
  return new LatchkeyError({
    code,
    httpStatus,
    detail: String(detail ?? code),
    requestId,
    retryAfterSeconds,
    keyId: textOrNull(problem.key_id),
    replacedBy: textOrNull(problem.replaced_by),
    ...(Array.isArray(errors) && { errors }),
  })
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Retry-After is a number of seconds or a date (RFC 9110 10.2.3). */
function secondsUntil(retryAfter: string | null): number | null {
  if (retryAfter === null) return null
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter)
  const seconds = (Date.parse(retryAfter) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null
}
