// GET /api/v1/me: the account and the key or person of a credential, without needing any scope.
import type { Context } from 'hono'
import { writeTime } from '../../core/time.ts'
import { needsOf } from '../../core/verdict.ts'
import type { AppEnv } from '../app-env.ts'
import { authenticate } from '../auth/principal.ts'
import { hardenedResponse } from '../response/hardening.ts'
import { refuseQuery } from '../routing/query.ts'

export async function me(c: Context<AppEnv>): Promise<Response> {
  const principal = await authenticate(c, needsOf())
  const { accountId, accountName, key, personId, scopes, resources } = principal
  refuseQuery(c.req.raw.url)
  const account = { id: accountId, name: accountName }
  if (key === null) {
    const person = { id: personId, scopes, resources }
    return success(c, { account, key: null, person })
  }
  const { id, name, expiresAt, externalId: external_id, environment } = key
  const expires_at = expiresAt === null ? null : writeTime(expiresAt)
  const shown = { id, name, scopes, resources, expires_at, external_id, environment }
  return success(c, { account, key: shown })
}

function success(c: Context<AppEnv>, data: object): Response {
  return hardenedResponse(c, 'json', JSON.stringify({ status: 'success', data }))
}
