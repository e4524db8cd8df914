// GET /api/v1/me: what the holder of a credential is, without needing any scope.
import type { Context } from 'hono'
import type { AppEnv } from '../app-env.ts'
import { authenticate } from '../auth/principal.ts'
import { ownAnswer } from '../response/hardening.ts'
import { refuseQuery } from '../routing/query.ts'

export async function me(c: Context<AppEnv>): Promise<Response> {
  const { accountId, accountName, key, personId, scopes } = await authenticate(c, [])
  refuseQuery(c.req.raw.url)
  const account = { id: accountId, name: accountName }
  if (key === null) {
    const person = { id: personId, scopes }
    return tell(c, { account, key: null, person })
  }
  const { id, name, expiresAt } = key
  const expires_at = expiresAt === null ? null : new Date(expiresAt).toISOString()
  return tell(c, { account, key: { id, name, scopes, expires_at } })
}

function tell(c: Context<AppEnv>, data: object): Response {
  return ownAnswer(c, 'json', JSON.stringify({ status: 'success', data }))
}
