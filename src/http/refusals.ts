// What a refused credential is told: the vague words of the wire for the rich reasons of a verdict.
import type { Verdict } from '../core/verdict.ts'
import { unavailable } from './failures.ts'
import { Problem } from './problem.ts'

/** One exhaustive switch from a verdict's reason to what the wire says of it. */
export function refusal(verdict: Exclude<Verdict, { code: 'valid' }>): Problem {
  switch (verdict.code) {
    case 'authority_unavailable':
      return unavailable()
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
const refused = {
  ip_not_allowed: new Problem('ip_not_allowed', invalid),
  invalid_api_key: new Problem('invalid_api_key', invalid),
  revoked_api_key: new Problem('revoked_api_key', invalid),
  expired_api_key: new Problem('expired_api_key', invalid),
  disabled_api_key: new Problem('disabled_api_key', invalid),
}
