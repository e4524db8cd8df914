// What went wrong, as the API says it (RFC 9457): every failure a person sees comes through here.

export type FieldError = { path: string; message: string }

export class ApiProblem extends Error {
  readonly title: string
  /** 0 when nothing answered at all. */
  readonly status: number
  readonly code: string
  readonly requestId: string | null
  readonly errors: readonly FieldError[]

  constructor(problem: {
    title: string
    detail: string
    status: number
    code: string
    requestId: string | null
    errors?: readonly FieldError[]
    cause?: unknown
  }) {
    super(problem.detail, { cause: problem.cause })
    this.name = 'ApiProblem'
    this.title = problem.title
    this.status = problem.status
    this.code = problem.code
    this.requestId = problem.requestId
    this.errors = problem.errors ?? []
  }

  /** What is wrong with one field of the form, if anything. */
  of(path: string): string | undefined {
    return this.errors.find((error) => error.path === path || error.path.startsWith(`${path}.`))
      ?.message
  }
}

export function unreachable(cause: unknown): ApiProblem {
  return new ApiProblem({
    title: 'No answer',
    detail: 'The server could not be reached. Check your connection and try again.',
    status: 0,
    code: 'unreachable',
    requestId: null,
    cause,
  })
}

/** The problem of a response that is no success, whatever its body turned out to be. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => null)
  const told = (typeof body === 'object' && body !== null ? body : {}) as Partial<{
    title: string
    detail: string
    code: string
    request_id: string
    errors: FieldError[]
  }>
  return new ApiProblem({
    title: told.title ?? 'Something went wrong',
    detail: told.detail ?? `The server answered with status ${response.status}.`,
    status: response.status,
    code: told.code ?? 'unknown',
    requestId: told.request_id ?? response.headers.get('x-request-id'),
    ...(told.errors && { errors: told.errors }),
  })
}
