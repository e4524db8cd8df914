// DELETE /api/v1/me: a token suffices to revoke its key, in any state, from any address, without any scope.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Actor } from '../../core/actor.ts'
import type { KeyRecord } from '../../core/record.ts'
import { needsOf } from '../../core/verdict.ts'
import { revokeKey, revokeOwn } from '../../keys/revoke.ts'
import { findOwnSuccessors } from '../../storage/key-store.ts'
import type { AppEnv } from '../app-env.ts'
import { readCredential } from '../auth/credentials.ts'
import { refuseOtherAccount, refuseTokenInQuery, verifyKey } from '../auth/principal.ts'
import { progressOf } from '../management/keys/refusals.ts'
import { mePath } from '../paths.ts'
import { recordCaller } from '../report.ts'
import { Problem } from '../response/problem.ts'
import { missingCredential, refusal } from '../response/refusals.ts'
import { keySettingsOf } from '../routing/caller.ts'
import { changeAnswer, preferParameter, underway } from '../routing/change-answer.ts'
import { failure, success } from '../routing/responses.ts'
import { createRouter } from '../routing/router.ts'
import { byKey } from '../routing/security.ts'

const revoked = z.object({ message: z.string(), ...underway })
const revokeSelf = createRoute({
  method: 'delete',
  path: mePath,
  operationId: 'revokeMe',
  tags: ['The presented key'],
  security: byKey,
  summary: 'Revoke the key whose token is presented; responds once it is refused everywhere',
  description:
    'For someone who found a token. Works for disabled and expired keys and for those of a suspended account too, and from any address; a repeated request gets the same response.',
  parameters: [preferParameter],
  request: {
    query: z.object({
      successors: z.enum(['true', 'false']).optional().openapi({
        description: '`true`: also the keys that it was rotated to with its own token',
      }),
    }),
  },
  responses: {
    200: success('Revoked, in force everywhere', revoked),
    202: success('Revoked, not yet known to be in force everywhere', revoked),
    400: failure('A token in the query string'),
    401: failure('No key, or an unknown one'),
    403: failure('A JWT: it belongs to a person and expires'),
    404: failure('Latchkey-Account names another account than that of the key'),
    409: failure('Concurrent changes of this key; try again'),
    503: failure('A store did not answer; trying again is safe'),
  },
})

export function createSelfRevoke() {
  const router = createRouter()
  // Before the query is read: authentication precedes it.
  router.on('DELETE', mePath, async (c, next) => {
    c.set('actor', await presentedKey(c))
    await next()
  })
  return router.openapi(revokeSelf, async (c) => {
    const { actor } = c.var
    const caller = { actor, requestId: c.env.report.id }
    const settings = await keySettingsOf(c)
    const withSuccessors = c.req.valid('query').successors === 'true'
    const found = withSuccessors ? await findOwnSuccessors(c.env.db, [actor.id]) : []
    const stores = await c.env.changeStores()
    const ids = [actor.id, ...found.map(({ id }) => id)]
    const progress = withSuccessors
      ? await revokeOwn(stores, settings, caller, ids)
      : progressOf(await revokeKey(stores, settings, caller, actor.id))
    c.header('Cache-Control', 'no-store')
    const message = 'API key deleted successfully'
    return changeAnswer(c, progress, { message })
  })
}

/** The key of the token, in whatever state it is. @throws Problem 400, 401, 403, 404 or 503 */
async function presentedKey(c: Context<AppEnv>): Promise<KeyActor> {
  const credential = readCredential(c.req.raw.headers)
  refuseTokenInQuery(c.env.config, c.req.raw.url, credential.kind !== 'none')
  switch (credential.kind) {
    case 'none':
      throw missingCredential('Present the key to revoke as X-API-Key or as Authorization: Bearer.')
    case 'jwt':
      throw new Problem('forbidden', {
        detail: 'A JWT is not a key and cannot be revoked: it expires.',
      })
    case 'key':
      return actorOf(await recordOf(c, credential.token))
  }
}

async function recordOf(c: Context<AppEnv>, token: string): Promise<KeyRecord> {
  const verification = await verifyKey(c, token, { ...needsOf(), ip: null })
  recordCaller(c.env.report, verification, c.env.clock.now())
  const { verdict } = verification
  if (!('record' in verdict)) throw refusal(verdict)
  const other = refuseOtherAccount(c.req.raw.headers, verdict.record)
  if (other !== null) throw other
  return verdict.record
}

type KeyActor = Extract<Actor, { kind: 'key' }>

function actorOf({ id, accountId, createdBy }: KeyRecord): KeyActor {
  return { kind: 'key', id, accountId, scopes: [], createdBy, rootId: id, mayGrant: null }
}
