// How a request is refused: status, headers and body, as Latchkey's own gateway answers (RFC 9457, RFC 6750). Every
// framework sends what this module returns, and decides nothing itself.
import { rateLimitHeaders } from '../../../src/contract/limit-headers.ts'
import type { ProblemBody } from '../../../src/contract/problems.ts'
import {
  bearerChallenge,
  maxRetryAfterSeconds,
  missingScopesDetail,
  problemType,
  refusalDetails,
  refusalProblems,
  wrongEnvironmentDetail,
} from '../../../src/contract/refusals.ts'
import type { RateLimitStatus } from '../../../src/contract/verify.ts'

/** `internal_error`: this server asked wrongly, with a bad key of its own for example. It is never the client's 401. */
export type RefusalCode = keyof typeof refusalProblems

export type Refusal = {
  code: RefusalCode
  /** null: the token belongs to no key that this server may see. */
  key?: unknown
  missing_scopes?: readonly string[]
  missing_any_of?: readonly string[]
  /** Seconds; null: waiting will not help. */
  retry_after_seconds?: number | null
  rate_limit?: readonly RateLimitStatus[] | null
  /** `Retry-After` of Latchkey's own response, where it gave no answer. */
  retryAfter?: string | null | undefined
  /** In the place of the usual one. */
  detail?: string | undefined
}

/** What a framework sends. The names of headers are in lower case. */
export type Refused = { status: number; headers: Record<string, string>; body: string }

/** Whether Latchkey answers with the code in a verdict; the others are of this package alone. */
export function isVerdictCode(code: unknown): code is RefusalCode {
  // Anything else, `toString` too, has no status.
  const status: number | undefined = refusalProblems[code as RefusalCode]?.[0]
  return (status as number) < 500 && code !== 'missing_credential'
}

/** @param environment the one that was needed. */
export function refuse(refusal: Refusal, request_id: string, environment = 'live'): Refused {
  const { code, rate_limit, missing_scopes, missing_any_of = [] } = refusal
  const [status, title] = refusalProblems[code]
  const detail = detailOf(refusal, environment)
  const problem: ProblemBody = { type: problemType(code), title, status, detail, code, request_id }
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': request_id,
  }
  if (status <= 403) {
    const needed = missing_scopes && [...missing_scopes, ...missing_any_of]
    headers['www-authenticate'] = bearerChallenge(challengeError(code), needed)
  }
  if (status === 429 || status === 503) {
    headers['retry-after'] = retryAfterOf(refusal)
    for (const [name, value] of rateLimitHeaders(rate_limit ?? [], +headers['retry-after'])) {
      headers[name.toLowerCase()] = value
    }
  }
  return { status, headers, body: JSON.stringify(problem) }
}

/** RFC 6750 3.1; 3: no error where nothing was presented. */
function challengeError(code: RefusalCode): string | undefined {
  if (code === 'missing_credential') return undefined
  return code === 'insufficient_scope' ? code : 'invalid_token'
}

function detailOf(
  { code, key, missing_scopes, missing_any_of, detail }: Refusal,
  environment: string,
): string {
  if (detail) return detail
  if (missing_scopes !== undefined) return missingScopesDetail(missing_scopes, missing_any_of)
  if (code === 'wrong_environment') return wrongEnvironmentDetail([environment])
  if (code === 'rate_limited' && key === null) return refusalDetails.flooded
  const details: Partial<Record<RefusalCode, string>> = refusalDetails
  return details[code] ?? refusalProblems[code][1]
}

function retryAfterOf({ retry_after_seconds: seconds, retryAfter }: Refusal): string {
  return `${seconds === null ? maxRetryAfterSeconds : (seconds ?? retryAfter ?? 1)}`
}
