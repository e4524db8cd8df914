// The response to a request that is refused: RFC 9457 and RFC 6750, as Latchkey's own gateway answers.
import type { Context } from 'hono'
import { rateLimitHeaders } from '../../../src/contract/limit-headers.ts'
import { type ProblemBody, problems, problemType } from '../../../src/contract/problems.ts'
import {
  bearerChallenge,
  maxRetryAfterSeconds,
  missingScopesDetail,
  refusalDetails,
} from '../../../src/contract/refusals.ts'
import type { RateLimitStatus, VerifyAnswer } from '../../../src/contract/verify.ts'

type RefusalCode =
  | Exclude<VerifyAnswer['code'], 'valid'>
  | 'missing_credential'
  | 'authority_unavailable'

/** The error code of `WWW-Authenticate` (RFC 6750 3.1). */
const challenges: Record<RefusalCode, 'none' | 'bare' | 'invalid_token' | 'insufficient_scope'> = {
  missing_credential: 'bare',
  invalid_api_key: 'invalid_token',
  revoked_api_key: 'invalid_token',
  expired_api_key: 'invalid_token',
  disabled_api_key: 'invalid_token',
  account_suspended: 'invalid_token',
  wrong_environment: 'invalid_token',
  ip_not_allowed: 'invalid_token',
  insufficient_scope: 'insufficient_scope',
  rate_limited: 'none',
  credits_exhausted: 'none',
  conflict: 'none',
  authority_unavailable: 'none',
}

export type Refusal = {
  code: RefusalCode
  missing_scopes?: readonly string[]
  missing_any_of?: readonly string[]
  /** Seconds; null: waiting will not help. */
  retry_after_seconds?: number | null
  rate_limit?: readonly RateLimitStatus[] | null
  /** `Retry-After` of Latchkey's own response, where it gave no answer. */
  retryAfter?: string | null
}

export function isRefusalCode(code: unknown): code is RefusalCode {
  return typeof code === 'string' && Object.hasOwn(challenges, code)
}

export function problemResponse(c: Context, refusal: Refusal): Response {
  const { code, rate_limit } = refusal
  const [status, title] = problems[code]
  const request_id: string = c.get('requestId') ?? crypto.randomUUID()
  const detail = detailOf(refusal)
  const body: ProblemBody = { type: problemType(code), title, status, detail, code, request_id }
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': request_id,
  })
  const challenge = challenges[code]
  if (challenge !== 'none') {
    const error = challenge === 'bare' ? undefined : challenge
    headers.set('www-authenticate', bearerChallenge(error, neededScopes(refusal)))
  }
  if (status === 429 || status === 503) headers.set('retry-after', retryAfterOf(refusal))
  if (status === 429) {
    const retryAfterSeconds = Number(headers.get('retry-after'))
    const limits = rateLimitHeaders(rate_limit ?? [], retryAfterSeconds)
    for (const header of limits) headers.set(...header)
  }
  return new Response(JSON.stringify(body), { status, headers })
}

/** undefined where none is missing. */
function neededScopes({ missing_scopes, missing_any_of = [] }: Refusal): string[] | undefined {
  return missing_scopes && [...missing_scopes, ...missing_any_of]
}

function detailOf({ code, missing_scopes, missing_any_of }: Refusal): string {
  if (missing_scopes !== undefined) return missingScopesDetail(missing_scopes, missing_any_of)
  const details: Partial<Record<RefusalCode, string>> = refusalDetails
  return details[code] ?? problems[code][1]
}

function retryAfterOf({ retry_after_seconds: seconds, retryAfter }: Refusal): string {
  if (seconds !== undefined) return String(seconds ?? maxRetryAfterSeconds)
  return retryAfter ?? '1'
}
