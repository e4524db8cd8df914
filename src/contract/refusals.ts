// How a request with an API key is refused: the details, `WWW-Authenticate` and `Retry-After` that the
// gateway and the middleware of other servers have in common.

export const refusalDetails = {
  missing_credential: 'Present a key as X-API-Key or as Authorization: Bearer.',
  conflict: 'This idempotency key was used for another cost within 24 hours.',
  authority_unavailable:
    'A store did not answer, so the answer is not known. Asking again is safe.',
} as const

/** `Retry-After` where no refill will cover the cost: soon enough to notice credits that were added. */
export const maxRetryAfterSeconds = 3_600

/** @param missingAnyOf of which one suffices; empty where none is needed or one is held. */
export function missingScopesDetail(
  missing: readonly string[],
  missingAnyOf: readonly string[] = [],
): string {
  const either = missingAnyOf.join(' or ')
  if (missing.length === 0) return `This needs ${either}.`
  const all = missing.join(' and ')
  return either === '' ? `This needs ${all}.` : `This needs ${all}, and ${either}.`
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
