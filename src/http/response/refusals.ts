// What a refused credential is told: the vague words of the wire for the rich reasons of a verdict.
import type { MeteredVerdict } from '../../core/verdict.ts'
import { floodPeriodSeconds } from '../../storage/flood-limit.ts'
import { unavailable } from './failures.ts'
import { Problem } from './problem.ts'

/** One exhaustive switch from a verdict's reason to what the wire says of it. */
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
      return new Problem('conflict', {
        detail: 'This idempotency key was used for another cost within 24 hours.',
      })
    case 'insufficient_scope':
      return insufficientScope(verdict.missing)
    case 'ip_not_allowed':
    case 'invalid_api_key':
    case 'revoked_api_key':
    case 'expired_api_key':
    case 'disabled_api_key':
      return refused[verdict.code]
  }
}

/** Of credits that no refill will ever bring: soon enough to see that somebody added some. */
const hourSeconds = 60 * 60

function retryAfter(seconds: number | null): Record<string, string> {
  return { 'retry-after': String(seconds ?? hourSeconds) }
}

/** The meter of a limited key did not say what it did. */
export function meterUnavailable(): Problem {
  const detail =
    'The limits of the key did not answer, so the answer is not known. The request may have been counted.'
  return new Problem('authority_unavailable', { detail, headers: retryAfter(1) })
}

export function insufficientScope(missing: readonly string[]): Problem {
  const detail = `This needs ${missing.join(' and ')}.`
  const headers = challenge('insufficient_scope', `scope="${missing.join(' ')}"`)
  return new Problem('insufficient_scope', { detail, headers })
}

export function missingCredential(detail: string): Problem {
  return new Problem('missing_credential', { detail, headers: challenge() })
}

/** RFC 6750 3: no error code where nothing was presented. */
export function challenge(error?: string, ...more: string[]): Record<string, string> {
  const parameters = ['realm="latchkey"', ...(error ? [`error="${error}"`] : []), ...more]
  return { 'www-authenticate': `Bearer ${parameters.join(', ')}` }
}

const invalid = { headers: challenge('invalid_token') }

// Made once: a forger shall not make us write down a stack each time.
const flooded = new Problem('rate_limited', {
  detail: 'Too many tokens that are not known came from this address.',
  headers: retryAfter(floodPeriodSeconds),
})
const refused = {
  ip_not_allowed: new Problem('ip_not_allowed', invalid),
  invalid_api_key: new Problem('invalid_api_key', invalid),
  revoked_api_key: new Problem('revoked_api_key', invalid),
  expired_api_key: new Problem('expired_api_key', invalid),
  disabled_api_key: new Problem('disabled_api_key', invalid),
}
