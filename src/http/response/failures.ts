// Errors become problems: a Problem as it is, a store that does not answer as 503, anything else as a 500 that
// shows only the request id, under which the log has the cause.
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { presentedToken } from '../../contract/credentials.ts'
import type { ProblemCode } from '../../contract/problems.ts'
import { bearerChallenge, refusalDetails } from '../../contract/refusals.ts'
import { isDeterministic, StoreUnavailable } from '../../storage/unavailable.ts'
import type { AppEnv } from '../app-env.ts'
import { resourceMetadataPath } from '../paths.ts'
import { hardenedResponse } from './hardening.ts'
import { Problem, problemText } from './problem.ts'

const bearer = bearerChallenge()
/** RFC 6750 3: of a 401 that says nothing of a token, and of a 403 in spite of one, that bring no challenge of their own. */
const challenges: Partial<Record<number, Problem['headers']>> = {
  401: { 'www-authenticate': bearer },
  403: { 'www-authenticate': bearerChallenge('insufficient_scope') },
}

/** @param isOurs false: the client asked a server of the deployer, of which our metadata says nothing. */
export function answerFailure(error: Error, c: Context<AppEnv>, isOurs = true): Response {
  const report = c.env.report
  const problem = problemOf(error)
  report.code = problem.code
  if (problem.status >= 500) report.cause ??= problem.cause ?? (error === problem ? null : error)
  const { status, headers } = problem
  const isChallenged = status === 401 || presentedToken(c.req.raw.headers) !== null
  const all = { ...(isChallenged && challenges[status]), ...headers }
  const more = status === 401 && isOurs ? namingMetadata(all, c.env.baseUrl) : all
  return hardenedResponse(c, 'problem', problemText(problem, report.id), { status, more })
}

let named: { baseUrl: string; start: string } | null = null

/** With `resource_metadata` (RFC 9728 5.1), before another scheme's challenge. */
function namingMetadata(headers: Problem['headers'], baseUrl: string): Problem['headers'] {
  const { 'www-authenticate': value } = headers
  if (!value?.startsWith(bearer)) return headers
  if (named?.baseUrl !== baseUrl) {
    const url = new URL(resourceMetadataPath, baseUrl).href
    named = { baseUrl, start: `${bearer}, resource_metadata="${url}"` }
  }
  return { ...headers, 'www-authenticate': named.start + value.slice(bearer.length) }
}

export function answerUnknownPath(c: Context<AppEnv>): Response {
  const detail = `There is nothing at ${c.req.path}.`
  return answerFailure(new Problem('not_found', { detail }), c)
}

/** A store did not answer. The client must not take it for a refusal of its key. A deterministic SQL error is a 500. */
export function unavailable(cause?: unknown): Problem {
  if (isDeterministic(cause)) return new Problem('internal_error', { cause })
  const detail = refusalDetails.authority_unavailable
  return new Problem('authority_unavailable', { detail, cause, headers: { 'retry-after': '1' } })
}

const codes: Partial<Record<number, ProblemCode>> = {
  400: 'invalid_request',
  401: 'missing_credential',
  403: 'forbidden',
  404: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
}

function problemOf(error: Error): Problem {
  if (error instanceof Problem) return error
  if (error instanceof StoreUnavailable) return unavailable(error)
  const code = error instanceof HTTPException ? codes[error.status] : undefined
  if (code === undefined) return new Problem('internal_error', { cause: error })
  return new Problem(code, { detail: error.message })
}
