// The failures of Better Auth, as problems.
import { z } from 'zod'
import type { FieldError, ProblemCode } from '../../../contract/problems.ts'
import { passwordReplaced } from '../../../identity/password.ts'
import { isDeterministic } from '../../../storage/unavailable.ts'
import { noAccountChosen } from '../../auth/people.ts'
import { unavailable } from '../../response/failures.ts'
import { Problem } from '../../response/problem.ts'

export const signInPath = '/sign-in/email'

/** Maps what Better Auth throws besides its expected failures. */
export function failureOf(error: unknown): unknown {
  if (error instanceof Problem) return error
  const texts = [...causes(error)].map(({ name, message }) => `${name}: ${message}`)
  const matches = (pattern: RegExp) => texts.some((text) => pattern.test(text))
  // Of two concurrent identical requests, the second violates the unique index.
  if (matches(/the last owner of an account stays/)) return lastOwnerStays(error)
  if (matches(passwordReplaced)) {
    return new Problem('invalid_token', { detail: 'Invalid email or password', cause: error })
  }
  if (matches(/UNIQUE constraint failed/)) return new Problem('conflict', { cause: error })
  // Query parameters that it passes to the database unchecked (`sortBy`, `filterValue`, `limit=1e400`).
  if (matches(/SQLITE_MISMATCH|Field .* not found in model|Value must be an array/))
    return new Problem('invalid_request', { cause: error })
  if (isDeterministic(error)) return error
  return matches(/^DrizzleQueryError|^StoreUnavailable|D1_ERROR/) ? unavailable(error) : error
}

function lastOwnerStays(cause: unknown): Problem {
  return new Problem('conflict', { detail: 'The account would be left without an owner', cause })
}

function* causes(error: unknown): Generator<Error> {
  for (let next = error; next instanceof Error; next = next.cause) yield next
}

const failureBody = z.object({
  code: z.string().default(''),
  message: z.string().default(''),
  /** Of our own check of its input. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})

export async function problemOf(
  answer: Response,
  path: string,
  headers: Headers,
): Promise<Problem> {
  const parsed = failureBody.safeParse(await answer.json().catch(() => ({})))
  const { code, message, errors } = parsed.data ?? { code: '', message: '' }
  // Its only own 500 means that the session could not be read.
  if (answer.status >= 500) return unavailable(new Error(message))
  const retryAfter = answer.headers.get('retry-after')
  // Same response as for an unknown one: only its recipient can discover an invitation.
  const isOfOther = code.startsWith('YOU_ARE_NOT_THE_RECIPIENT') || code === 'INVITATION_NOT_FOUND'
  if (isOfOther) return new Problem('not_found', { detail: 'Invitation not found' })
  const isNowhere = code === 'NO_ACTIVE_ORGANIZATION' || message === 'Organization ID is required'
  if (isNowhere) return noAccountChosen()
  const problem = problemCode(answer.status, code, path, headers)
  const field = problem === 'invalid_request' && fieldOf.find(([of]) => of.test(message))?.[1]
  return new Problem(problem, {
    ...(message && !message.includes('[object') && { detail: message }),
    ...(field && { errors: [{ path: field, message }] }),
    ...(errors && { errors }),
    ...(code === 'VALIDATION_ERROR' && { errors: fieldErrors(message) }),
    ...(retryAfter && { headers: { 'retry-after': retryAfter } }),
  })
}

/** The field that a sentence of Better Auth is about. */
const fieldOf: readonly [RegExp, string][] = [
  [/role/i, 'role'],
  [/e-?mail/i, 'email'],
  [/^invalid password/i, 'currentPassword'],
]

// Better Auth answers 400 or 401 for many conflicts, missing objects and missing permissions.
function problemCode(status: number, code: string, path: string, headers: Headers): ProblemCode {
  if (status === 429) return 'rate_limited'
  if (code === 'STEP_UP_REQUIRED') return 'step_up_required'
  if (/^(YOU_ARE_NOT|USER_IS_NOT_A_MEMBER|EMAIL_PASSWORD_SIGN_UP_DISABLED)/.test(code)) {
    return 'forbidden'
  }
  if (/^(YOU_CANNOT_LEAVE|USER_IS_ALREADY|ORGANIZATION_SLUG)/.test(code)) return 'conflict'
  if (/^(MEMBER|ORGANIZATION)_NOT_FOUND/.test(code)) return 'not_found'
  if (status === 401) {
    const hasSession = headers.get('cookie')?.includes('session_token=')
    return path === signInPath || hasSession ? 'invalid_token' : 'missing_credential'
  }
  return codeOfStatus[status] ?? 'invalid_request'
}

const codeOfStatus: Record<number, ProblemCode> = {
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  422: 'idempotency_key_reused',
}

/** `[body.email] Invalid input; [body.name] …`, as better-call formats zod issues. */
function fieldErrors(message: string): FieldError[] {
  return message.split('; ').map((part) => {
    const [, path, text] = /^\[(?:body|query)\.?([^\]]*)\] (.*)$/s.exec(part) ?? []
    return { path: path ?? '', message: text ?? part }
  })
}
