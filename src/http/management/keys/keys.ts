// /api/api-keys/{id}: read, change, revoke.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { isVisible } from '../../../keys/powers.ts'
import { revokeKey } from '../../../keys/revoke.ts'
import { updateKey } from '../../../keys/update.ts'
import { findKey, type ListedKey } from '../../../storage/key-store.ts'
import type { AppEnv } from '../../app-env.ts'
import { callerOf, keySettingsOf } from '../../routing/caller.ts'
import { changeAnswer, preferParameter, underway } from '../../routing/change-answer.ts'
import {
  etagHeader,
  ifMatchOf,
  ifMatchParameter,
  preconditionFailures,
  tagAnswer,
} from '../../routing/if-match.ts'
import { idParam, json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byGrantor, byManager } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import { changesOf } from './key-input.ts'
import { type KeyView, keyFields, keySchema } from './key-schema.ts'
import { noSuchKey, progressOf } from './refusals.ts'
import { viewFor } from './views.ts'

export const path = '/api/api-keys'
export const idPath = `${path}/{id}` as const
const notFound = { 404: failure('No such key in this account') }
const conflict = { 409: failure('The key is not in a state for this') }

const read = createRoute({
  method: 'get',
  path: idPath,
  operationId: 'getKey',
  tags: ['API keys'],
  security: byManager,
  summary: 'Read a key',
  request: { params: idParam },
  responses: {
    200: { ...success('The key', keySchema), ...etagHeader },
    ...managementFailures,
    ...notFound,
  },
})

const revoked = z.object({ message: z.string(), ...underway })
const revoke = createRoute({
  method: 'delete',
  path: idPath,
  operationId: 'revokeKey',
  tags: ['API keys'],
  security: byManager,
  summary: 'Revoke a key permanently; responds once it is refused everywhere',
  description: 'A revoked key is answered with 200, whatever If-Match says.',
  request: { params: idParam },
  parameters: [ifMatchParameter, preferParameter],
  responses: {
    200: success('Revoked, in force everywhere', revoked),
    202: success('Revoked, not yet known to be in force everywhere', revoked),
    ...managementFailures,
    ...notFound,
    ...preconditionFailures,
  },
})

/** A key beyond the `may_grant` of the caller can be disabled, and is not shown. Clients' types are of the others. */
const disabledOnly = z.object({ id: z.uuid(), is_active: z.literal(false) })
const changedKey = z.union([keySchema, disabledOnly]) as unknown as typeof keySchema
const changingSchema = keySchema.extend(underway)
const changingKey = z.union([
  changingSchema,
  disabledOnly.extend(underway),
]) as unknown as typeof changingSchema

function updateOperation({ config, clock }: AppSettings) {
  const fields = z.object(keyFields(config, clock.now)).partial().shape
  return createRoute({
    method: 'patch',
    path: idPath,
    operationId: 'updateKey',
    tags: ['API keys'],
    security: byGrantor,
    summary: 'Change a key; null clears. Responds once it is in force everywhere',
    parameters: [ifMatchParameter, preferParameter],
    request: {
      params: idParam,
      ...json(
        z.strictObject({
          ...fields,
          is_active: z.boolean().optional(),
          needs_review: z.literal(false).optional(),
        }),
      ),
    },
    responses: {
      200: { ...success('The key as changed, in force everywhere', changedKey), ...etagHeader },
      202: {
        ...success('Changed, not yet known to be in force everywhere', changingKey),
        ...etagHeader,
      },
      ...managementFailures,
      ...bodyFailures,
      ...notFound,
      ...conflict,
      ...preconditionFailures,
    },
  })
}

export function createApiKeyRoutes(settings: AppSettings) {
  return createRouter()
    .openapi(read, async (c) => {
      const row = await existing(c, c.req.valid('param').id)
      const data = await viewFor(c, row)
      tagAnswer(c, row)
      return c.json({ status: 'success' as const, data }, 200)
    })
    .openapi(updateOperation(settings), async (c) => {
      const { id } = c.req.valid('param')
      const settings = await keySettingsOf(c)
      const changes = changesOf(c.req.valid('json'))
      const stores = await c.env.changeStores()
      const ifMatch = ifMatchOf(c)
      const changed = await updateKey(stores, settings, callerOf(c), id, changes, ifMatch)
      const progress = progressOf(changed)
      const row = await stored(c, id)
      // Who disables a key beyond its bounds does not read it.
      if (!isVisible(c.var.actor, row, c.env)) {
        return changeAnswer(c, progress, { id, is_active: false } as unknown as KeyView)
      }
      tagAnswer(c, row)
      return changeAnswer(c, progress, await viewFor(c, row))
    })
    .openapi(revoke, async (c) => {
      const { id } = c.req.valid('param')
      const settings = await keySettingsOf(c)
      const stores = await c.env.changeStores()
      const changed = await revokeKey(stores, settings, callerOf(c), id, () => ifMatchOf(c))
      return changeAnswer(c, progressOf(changed), { message: 'API key deleted successfully' })
    })
}

/** A key that the actor reads. @throws Problem 404 */
export async function existing(c: Context<AppEnv>, id: string): Promise<ListedKey> {
  const key = await stored(c, id)
  if (!isVisible(c.var.actor, key, c.env)) throw noSuchKey()
  return key
}

/** Also one that the actor only changes: after the change. */
export async function stored(c: Context<AppEnv>, id: string): Promise<ListedKey> {
  const key = await findKey(c.env.db, c.var.actor.accountId, id)
  if (key === null) throw noSuchKey()
  return key
}
