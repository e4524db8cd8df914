// How a request with an API key is refused: the details, `WWW-Authenticate` and `Retry-After` that the
// gateway and the middleware of other servers have in common.

/** Code: [HTTP status, title]. Those that refuse a request with a key, which other servers answer too. */
export const refusalProblems = {
  missing_credential: [401, 'No credential was presented'],
  invalid_api_key: [401, 'The API key is not valid'],
  revoked_api_key: [401, 'The API key has been revoked'],
  expired_api_key: [401, 'The API key has expired'],
  disabled_api_key: [401, 'The API key is disabled'],
  account_suspended: [401, 'The account is suspended'],
  wrong_environment: [403, 'The key belongs to another environment'],
  insufficient_scope: [403, 'The credential lacks a scope'],
  ip_not_allowed: [403, 'The address may not use this key'],
  conflict: [409, 'Conflict'],
  rate_limited: [429, 'Too many requests'],
  credits_exhausted: [429, 'No credits are left'],
  internal_error: [500, 'Something went wrong'],
  authority_unavailable: [503, 'The answer is not known right now'],
} as const

/** The page that describes a problem: its `type`, relative to the deployment. */
export function problemType(code: string): string {
  return `/docs/errors#${code}`
}

export const refusalDetails = {
  missing_credential: 'Present a key as X-API-Key or as Authorization: Bearer.',
  conflict: 'This idempotency key was used for another cost within 24 hours.',
  authority_unavailable:
    'A store did not answer, so the answer is not known. Asking again is safe.',
  flooded: 'Too many unknown tokens from this address.',
} as const

/** `Retry-After` where no refill will cover the cost: soon enough to notice credits that were added. */
export const maxRetryAfterSeconds = 3_600

/** @param missingAnyOf of which one suffices; empty where none is needed or one is held. */
export function missingScopesDetail(
  missing: readonly string[],
  missingAnyOf: readonly string[] = [],
): string {
  const needs = [missing.join(' and '), missingAnyOf.join(' or ')]
  return `This needs ${needs.filter(Boolean).join(', and ')}.`
}

export function wrongEnvironmentDetail(needed: readonly string[]): string {
  return `This needs a key of the environment ${needed.join(' or ')}.`
}

/** The value of `WWW-Authenticate`. RFC 6750 3: no error code where nothing was presented. */
export function bearerChallenge(error?: string, scopes?: readonly string[]): string {
  const parameters = ['realm="latchkey"']
  if (error !== undefined) parameters.push(`error="${error}"`)
  if (scopes !== undefined) parameters.push(`scope="${scopes.join(' ')}"`)
  return `Bearer ${parameters.join(', ')}`
}
