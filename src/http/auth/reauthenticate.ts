// Whether the credential of an open connection is still good. Consumes no limits and counts no usage.
import type { Context } from 'hono'
import type { Needs } from '../../core/verdict.ts'
import type { AppEnv } from '../app-env.ts'
import { Problem } from '../response/problem.ts'
import { readCredential } from './credentials.ts'
import {
  ownRequest,
  type Principal,
  personByJwt,
  principalOf,
  type RequestCheck,
  verifyKey,
} from './principal.ts'

/** `unknown`: the answer cannot be obtained at present. */
export type Standing = 'good' | 'refused' | 'unknown'

/** The credential must still have what the request needs and pass the check, as when it was admitted. */
export async function reauthenticate(
  c: Context<AppEnv>,
  needs: Needs,
  check: RequestCheck,
): Promise<Standing> {
  try {
    const principal = await principalNow(c, needs)
    if (typeof principal === 'string') return principal
    return check(principal) === null ? 'good' : 'refused'
  } catch (error) {
    return error instanceof Problem && error.status < 500 ? 'refused' : 'unknown'
  }
}

async function principalNow(
  c: Context<AppEnv>,
  needs: Needs,
): Promise<Principal | 'refused' | 'unknown'> {
  const credential = readCredential(c.req.raw.headers)
  if (credential.kind === 'none') return 'refused'
  if (credential.kind === 'jwt') return personByJwt(c, credential.token, needs)
  const { ip } = ownRequest(c.req.raw)
  const { verdict } = await verifyKey(c, credential.token, { ...needs, ip })
  switch (verdict.code) {
    case 'valid':
      return principalOf(verdict, c.env.config)
    case 'authority_unavailable':
    case 'flood':
      return 'unknown'
    case 'invalid_api_key':
    case 'revoked_api_key':
    case 'disabled_api_key':
    case 'expired_api_key':
    case 'account_suspended':
    case 'wrong_environment':
    case 'ip_not_allowed':
    case 'insufficient_scope':
      return 'refused'
  }
}
