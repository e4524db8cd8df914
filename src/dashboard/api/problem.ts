// A failure of the API as problem details (RFC 9457). Every failure that a page shows is one of these.

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

  constructor(problem: {
    title: string
    detail: string
    status: number
    code: string
    requestId: string | null
    errors?: readonly FieldError[]
    retryAfter?: number | null
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
  }

  /** The error of one form field. */
  of(path: string): string | undefined {
    return this.errors.find((error) => error.path === path || error.path.startsWith(`${path}.`))
      ?.message
  }
}

export function unreachable(cause: unknown): ApiProblem {
  return new ApiProblem({
    title: 'No response',
    detail: 'The server could not be reached. Check your connection and try again.',
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
    errors: FieldError[]
  }>
  return new ApiProblem({
    title: fields.title ?? 'Something went wrong',
    detail: fields.detail ?? `The server responded with status ${response.status}.`,
    status: response.status,
    code: fields.code ?? 'unknown',
    requestId: fields.request_id ?? response.headers.get('x-request-id'),
    retryAfter: Number(response.headers.get('retry-after')) || null,
    ...(fields.errors && { errors: fields.errors }),
  })
}
