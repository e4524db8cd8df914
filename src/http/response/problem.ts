// RFC 9457 problem details: the shape of every failure that leaves the Worker.
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import {
  type FieldError,
  type ProblemBody,
  type ProblemCode,
  problems,
} from '../../contract/problems.ts'
import { problemType } from '../../contract/refusals.ts'
import { redact } from '../../core/redact.ts'

export type ProblemOptions = {
  detail?: string
  errors?: FieldError[]
  /** Extension members (RFC 9457 3.2). */
  members?: Pick<ProblemBody, 'key_id' | 'replaced_by'>
  headers?: Record<string, string>
  cause?: unknown
}

/** Thrown by a handler, answered by `app.onError`; `code` is stable, `message` is the detail. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly errors: FieldError[] | undefined
  readonly members: NonNullable<ProblemOptions['members']>
  readonly headers: Record<string, string>

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? problems[code][1], { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    // Every 400 names what is wrong: the whole request where no field is known.
    this.errors =
      options.errors ??
      (code === 'invalid_request' ? [{ path: '', message: this.message }] : undefined)
    this.members = options.members ?? {}
    this.headers = options.headers ?? {}
  }

  get status(): ContentfulStatusCode {
    return problems[this.code][0]
  }
}

/** A request may have thousands of unknown fields: more errors would not help. */
export const maxErrors = 20

/** 400 with the first of the errors, in `errors` and in the detail. `path` is '' for the whole body. */
export function invalidFields(all: readonly FieldError[]): Problem {
  const errors = all.slice(0, maxErrors)
  const sentences = errors.map(({ path, message }) =>
    path === '' ? message : `${path}: ${message}`,
  )
  return new Problem('invalid_request', { detail: sentences.join('; '), errors })
}

/** The body of the response. */
export function problemText(problem: Problem, requestId: string): string {
  const body: ProblemBody = {
    type: problemType(problem.code),
    title: problems[problem.code][1],
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    request_id: requestId,
    ...(problem.errors && { errors: problem.errors }),
    ...problem.members,
  }
  // Details quote the request, where a client may have put its token into the wrong place.
  return redact(JSON.stringify(body))
}
