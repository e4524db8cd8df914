// The guards of verification over HTTP: a service with a key that holds keys:verify, which learns about keys of its own
// account only, or one of the platform with platform:verify. People never hold these scopes.
import type { Context, MiddlewareHandler } from 'hono'
import { needsOf } from '../../core/verdict.ts'
import type { AppEnv } from '../app-env.ts'
import { authenticate, type Principal } from '../auth/principal.ts'
import { invalidFields } from '../response/problem.ts'
import { insufficientScope } from '../response/refusals.ts'
import type { AccountScope, CallContext } from './verify-token.ts'

export const needed = needsOf('keys:verify')

const noNeeds = needsOf()

/** The key of a service. @throws Problem 401, 403, 429 or 503 */
export function authenticateVerifier(c: Context<AppEnv>): Promise<Principal> {
  return authenticate(c, noNeeds, undefined, ({ scopes }) =>
    scopes.includes('keys:verify') || scopes.includes('platform:verify')
      ? null
      : { missing: ['keys:verify'], missingAnyOf: [] },
  )
}

/**
 * The accounts whose keys the service may verify.
 * @param accountId that the request names: an id, `*` for all, or none for its own
 * @throws Problem 400 at `path`, 403
 */
export function accountScopeOf(
  { scopes, accountId: own }: Pick<Principal, 'scopes' | 'accountId'>,
  accountId: string | undefined,
  path: string,
): AccountScope {
  if (accountId === undefined || accountId === own) {
    if (scopes.includes('keys:verify')) return { accountId: own }
    if (accountId === own) return { accountId }
    throw invalidFields([{ path, message: 'A key with platform:verify names the account, or *' }])
  }
  if (!scopes.includes('platform:verify')) {
    throw insufficientScope({ missing: ['platform:verify'], missingAnyOf: [] })
  }
  return accountId === '*' ? 'all' : { accountId }
}

/** Sets `c.var.verifier`, before the body is read. */
export const verifier: MiddlewareHandler<AppEnv> = async function verifier(c, next) {
  c.set('verifier', await authenticateVerifier(c))
  await next()
}

/** @param accountId of the calling key, whatever account its request names */
export function callContextOf(
  c: Context<AppEnv>,
  { accountId }: Pick<Principal, 'accountId'>,
): CallContext {
  return { services: c.env, from: c.req.raw, caller: `account/${accountId}` }
}
