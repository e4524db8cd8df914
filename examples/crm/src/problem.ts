// RFC 9457 problem details: the format of every failure.
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { CrmEnv } from './crm-env.ts'

const problems = {
  invalid_request: [400, 'The request is not valid'],
  forbidden: [403, 'Not allowed'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  payload_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported'],
  internal_error: [500, 'Something went wrong'],
} as const satisfies Record<string, readonly [ContentfulStatusCode, string]>

export type ProblemCode = keyof typeof problems

/** `path` names the field, dotted (`contact_ids.3`); empty for the body as a whole. */
export type FieldError = { path: string; message: string }

export type ProblemOptions = {
  detail?: string
  errors?: FieldError[]
  headers?: Record<string, string>
}

/** Thrown by a handler, converted to a response by `answerError`. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? problems[code][1])
    this.name = 'Problem'
    this.code = code
    this.errors = options.errors
    this.headers = options.headers ?? {}
  }
}

/** A 400 that names one field. */
export function invalidField(path: string, message: string): Problem {
  return new Problem('invalid_request', {
    detail: `${path}: ${message}`,
    errors: [{ path, message }],
  })
}

/** For `app.onError`. The cause of an unexpected error is not disclosed to the client. */
export function answerError(error: unknown, c: Context<CrmEnv>): Response {
  if (error instanceof Problem) return answerProblem(error, c)
  // biome-ignore lint/suspicious/noConsole: the log is the only place for the cause of a 500.
  console.error(`request ${c.var.requestId} failed`, error)
  return answerProblem(new Problem('internal_error'), c)
}

/** For `app.notFound`. */
export function answerUnknownPath(c: Context<CrmEnv>): Response {
  return answerProblem(new Problem('not_found', { detail: 'There is nothing at this path' }), c)
}

/** A handler for unsupported methods; `allow` as in RFC 9110, 10.2.1. */
export function refuseMethod(allow: string) {
  return function refuseMethod(): never {
    throw new Problem('method_not_allowed', {
      detail: `This path answers ${allow}`,
      headers: { allow },
    })
  }
}

function answerProblem(problem: Problem, c: Context<CrmEnv>): Response {
  const [status, title] = problems[problem.code]
  const body = {
    type: `/docs/errors#${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    request_id: c.var.requestId,
    ...(problem.errors && { errors: problem.errors }),
  }
  return c.body(JSON.stringify(body), status, {
    ...problem.headers,
    'content-type': 'application/problem+json',
  })
}
