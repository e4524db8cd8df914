// Verdicts as problems: the response for a refused credential.
import {
  bearerChallenge,
  maxRetryAfterSeconds,
  missingScopesDetail,
  refusalDetails,
  wrongEnvironmentDetail,
} from '../../contract/refusals.ts'
import type { MeteredVerdict, UnmetNeeds } from '../../core/verdict.ts'
import { floodPeriodSeconds } from '../../storage/flood-limit.ts'
import { unavailable } from './failures.ts'
import { Problem } from './problem.ts'

export function refusal(verdict: Exclude<MeteredVerdict, { code: 'valid' }>): Problem {
  switch (verdict.code) {
    case 'authority_unavailable':
      return unavailable()
    case 'meter_unavailable':
      return meterUnavailable()
    case 'flood':
      return flooded
    case 'rate_limited':
    case 'credits_exhausted':
      return new Problem(verdict.code, { headers: retryAfter(verdict.retryAfterSeconds) })
    case 'conflict':
      return new Problem('conflict', { detail: refusalDetails.conflict })
    case 'insufficient_scope':
      return insufficientScope(verdict)
    case 'wrong_environment':
      return wrongEnvironment(verdict.needed)
    case 'ip_not_allowed':
    case 'invalid_api_key':
    case 'revoked_api_key':
    case 'expired_api_key':
    case 'disabled_api_key':
    case 'account_suspended':
      return refused[verdict.code]
  }
}

function retryAfter(seconds: number | null): Record<string, string> {
  return { 'retry-after': String(seconds ?? maxRetryAfterSeconds) }
}

/** The meter of a limited key did not answer: the request may have been counted. */
export function meterUnavailable(): Problem {
  const detail = 'The limits did not answer. The request may have been counted.'
  return new Problem('authority_unavailable', { detail, headers: retryAfter(1) })
}

export function insufficientScope({ missing, missingAnyOf }: UnmetNeeds): Problem {
  const headers = challenge('insufficient_scope', [...missing, ...missingAnyOf])
  const detail = missingScopesDetail(missing, missingAnyOf)
  return new Problem('insufficient_scope', { detail, headers })
}

function wrongEnvironment(needed: readonly string[]): Problem {
  const detail = wrongEnvironmentDetail(needed)
  return new Problem('wrong_environment', { detail, ...invalid })
}

export function missingCredential(detail: string): Problem {
  return new Problem('missing_credential', { detail, headers: challenge() })
}

export function challenge(error?: string, scopes?: readonly string[]): Record<string, string> {
  return { 'www-authenticate': bearerChallenge(error, scopes) }
}

const invalid = { headers: challenge('invalid_token') }

// Made once: capturing a stack for each forged token would cost CPU.
const flooded = new Problem('rate_limited', {
  detail: refusalDetails.flooded,
  headers: retryAfter(floodPeriodSeconds),
})
const refused = {
  ip_not_allowed: new Problem('ip_not_allowed', invalid),
  invalid_api_key: new Problem('invalid_api_key', invalid),
  revoked_api_key: new Problem('revoked_api_key', invalid),
  expired_api_key: new Problem('expired_api_key', invalid),
  disabled_api_key: new Problem('disabled_api_key', invalid),
  account_suspended: new Problem('account_suspended', invalid),
}
