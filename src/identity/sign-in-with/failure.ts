// Why a provider could not be understood.
import { OperationProcessingError } from 'oauth4webapi'
import type { SignInProvider } from '../../core/sign-in.ts'
import { log } from '../../log.ts'

const protocolErrors = new Set([
  'AuthorizationResponseError',
  'OperationProcessingError',
  'ResponseBodyError',
  'UnsupportedOperationError',
  'WWWAuthenticateChallengeError',
  'ZodError',
])

/**
 * Logs why an exchange with a provider failed, without what it sent: that holds tokens.
 * @returns `failed`: it answered, and not as it must; `unavailable`: it did not answer
 */
export function reportFailure(
  { id }: Pick<SignInProvider, 'id'>,
  cause: unknown,
): 'failed' | 'unavailable' {
  const { name, message } = cause instanceof Error ? cause : new Error(String(cause))
  const { code } = cause as { code?: unknown }
  const isProtocol = protocolErrors.has(name) && !isOfOutage(cause)
  log('warn', 'sign_in_with_failed', { provider: id, reason: String(code ?? name), message })
  return isProtocol ? 'failed' : 'unavailable'
}

/** The library names the response that it could not read as the cause. */
function isOfOutage(error: unknown): boolean {
  const cause = error instanceof OperationProcessingError ? error.cause : null
  return cause instanceof Response && (cause.status >= 500 || cause.status === 429)
}
