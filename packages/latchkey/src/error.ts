// What goes wrong between a client and Latchkey, as one class with a stable code.

export type FieldError = { path: string; message: string }

type Facts = {
  code: string
  status: number
  detail: string
  requestId?: string | null
  errors?: FieldError[]
  retryAfterSeconds?: number | null
  cause?: unknown
}

/**
 * `code` is the code of the problem that Latchkey answered (`not_found`, `invalid_request`…), or one
 * of the client's own, with status 0 where nothing was answered:
 * - `unreachable`: no connection, or a broken one. What a change did then is not known.
 * - `timed_out`: no answer in `timeoutMs`. What a change did then is not known.
 * - `unexpected_answer`: not an answer of Latchkey; a proxy's page, for example.
 */
export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError'
  readonly code: string
  /** The HTTP status, 0 for none. */
  readonly status: number
  readonly detail: string
  /** By which the log of Latchkey knows the request; null where none was answered. */
  readonly requestId: string | null
  /** For `invalid_request`: which fields, and why. */
  readonly errors: FieldError[]
  /** When asking again makes sense, where Latchkey said so. */
  readonly retryAfterSeconds: number | null

  constructor(facts: Facts) {
    super(`${facts.code}: ${facts.detail}`, { cause: facts.cause })
    this.code = facts.code
    this.status = facts.status
    this.detail = facts.detail
    this.requestId = facts.requestId ?? null
    this.errors = facts.errors ?? []
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null
  }
}

/** The error of an answer that is no success. */
export function errorOf(response: Response, body: unknown): LatchkeyError {
  const { headers, status } = response
  const retryAfterSeconds = secondsUntil(headers.get('retry-after'))
  const requestId = headers.get('x-request-id')
  const { code, detail, errors } = (body ?? {}) as Partial<Record<string, unknown>>
  if (typeof code !== 'string') {
    const detail = `${response.url || 'The server'} answered ${status}, and not as Latchkey does.`
    return new LatchkeyError({
      code: 'unexpected_answer',
      status,
      detail,
      requestId,
      retryAfterSeconds,
    })
  }
  return new LatchkeyError({
    code,
    status,
    detail: String(detail ?? code),
    requestId,
    retryAfterSeconds,
    ...(Array.isArray(errors) && { errors }),
  })
}

/** Retry-After is a number of seconds or a date (RFC 9110 10.2.3). */
function secondsUntil(retryAfter: string | null): number | null {
  if (retryAfter === null) return null
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter)
  const seconds = (Date.parse(retryAfter) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null
}
