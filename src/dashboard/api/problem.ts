// A failure of the API as problem details (RFC 9457). Every failure that a page shows is one of these.

import { messageText } from './message-text.ts'

export type FieldError = { path: string; message: string }

export class ApiProblem extends Error {
  readonly title: string
  /** 0 when there was no response. */
  readonly status: number
  readonly code: string
  readonly requestId: string | null
  readonly errors: readonly FieldError[]
  /** How long to wait, in seconds. */
  readonly retryAfter: number | null
  /** Of a request for a token that was executed before: the key that it made. */
  readonly keyId: string | null

  constructor(problem: {
    title: string
    detail: string
    status: number
    code: string
    requestId: string | null
    errors?: readonly FieldError[]
    retryAfter?: number | null
    keyId?: string | null
    cause?: unknown
  }) {
    super(problem.detail, { cause: problem.cause })
    this.name = 'ApiProblem'
    this.title = problem.title
    this.status = problem.status
    this.code = problem.code
    this.requestId = problem.requestId
    this.errors = problem.errors ?? []
    this.retryAfter = problem.retryAfter ?? null
    this.keyId = problem.keyId ?? null
  }

  /** The error of one form field. */
  of(path: string): string | undefined {
    const found = this.errors.find((error) => isWithin(error.path, path))
    return found && messageText(found.message)
  }

  /** What is left when a field was edited; null when nothing is. */
  without(path: string): ApiProblem | null {
    const errors = this.errors.filter((error) => !isWithin(error.path, path))
    if (errors.length === this.errors.length) return this
    if (errors.length === 0) return null
    return new ApiProblem({ ...this, detail: this.message, errors })
  }
}

const isWithin = (path: string, field: string) => path === field || path.startsWith(`${field}.`)

export function unreachable(cause: unknown): ApiProblem {
  return new ApiProblem({
    title: 'No response',
    detail: 'No answer arrived. Check your connection and try again: nothing is made twice.',
    status: 0,
    code: 'unreachable',
    requestId: null,
    cause,
  })
}

/** The problem of a response that is not a success, also when its body is not JSON. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => null)
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Partial<{
    title: string
    detail: string
    code: string
    request_id: string
    key_id: string
    errors: FieldError[]
  }>
  return new ApiProblem({
    title: fields.title ?? 'Something went wrong',
    detail: fields.detail ?? `The server responded with status ${response.status}.`,
    status: response.status,
    code: fields.code ?? 'unknown',
    requestId: fields.request_id ?? response.headers.get('x-request-id'),
    keyId: fields.key_id ?? null,
    retryAfter: Number(response.headers.get('retry-after')) || null,
    ...(fields.errors && { errors: fields.errors }),
  })
}

/** A mistake of the dashboard itself, or of the browser. */
export function unexpected(cause: unknown): ApiProblem {
  if (cause instanceof ApiProblem) return cause
  return new ApiProblem({
    title: 'Something went wrong',
    detail: cause instanceof Error ? cause.message : String(cause),
    status: 0,
    code: 'unexpected',
    requestId: null,
    cause,
  })
}
