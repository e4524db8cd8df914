// GET /api/v1/me: the account and the key or person of a credential, without needing any scope.
import type { Context } from 'hono'
import { writeTime } from '../../core/time.ts'
import type { AppEnv } from '../app-env.ts'
import { authenticate } from '../auth/principal.ts'
import { hardenedResponse } from '../response/hardening.ts'
import { refuseQuery } from '../routing/query.ts'

export async function me(c: Context<AppEnv>): Promise<Response> {
  const { accountId, accountName, key, personId, scopes } = await authenticate(c, [])
  refuseQuery(c.req.raw.url)
  const account = { id: accountId, name: accountName }
  if (key === null) {
    const person = { id: personId, scopes }
    return success(c, { account, key: null, person })
  }
  const { id, name, expiresAt } = key
  const expires_at = expiresAt === null ? null : writeTime(expiresAt)
  return success(c, { account, key: { id, name, scopes, expires_at } })
}

function success(c: Context<AppEnv>, data: object): Response {
  return hardenedResponse(c, 'json', JSON.stringify({ status: 'success', data }))
}
