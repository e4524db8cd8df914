// /api/api-keys: list, create, read, change, revoke.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { readKeyPrefix } from '../../../core/foreign.ts'
import { issueKey } from '../../../keys/issue.ts'
import { isVisible } from '../../../keys/powers.ts'
import { revokeKey } from '../../../keys/revoke.ts'
import { updateKey } from '../../../keys/update.ts'
import { reachOf } from '../../../storage/key-reach.ts'
import { findKey, keyStatuses, type ListedKey, listKeys } from '../../../storage/key-store.ts'
import type { AppEnv } from '../../app-env.ts'
import { callerOf, keySettingsOf } from '../../routing/caller.ts'
import { changeAnswer, underway } from '../../routing/change-answer.ts'
import { defaultLimit, pageOf, pageQuery, readCursor } from '../../routing/paging.ts'
import { idField, idParam, json } from '../../routing/requests.ts'
import {
  bodyFailures,
  failure,
  managementFailures,
  nextCursor,
  success,
} from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import { attributesOf, changesOf } from './key-input.ts'
import { keyFields, keySchema } from './key-schema.ts'
import { checkNewLimits } from './limit-schema.ts'
import { noSuchKey, progressOf, refusedChange } from './refusals.ts'
import { viewFor, viewsOf } from './views.ts'

export const path = '/api/api-keys'
export const idPath = `${path}/{id}` as const
const notFound = { 404: failure('No such key in this account') }
const conflict = { 409: failure('The key is not in a state for this') }

const listQuery = pageQuery.extend({
  status: z.enum(keyStatuses).optional(),
  search: z.string().trim().max(100).optional().openapi({
    description:
      'Part of a name (in any case, `ß` as `ss`, composed or not), of an external id, or of `key_prefix`, with or without the prefix of its format and a closing `…`',
  }),
  created_by: idField.optional(),
})

const list = createRoute({
  method: 'get',
  path,
  operationId: 'listKeys',
  tags: ['API keys'],
  security: byManager,
  summary: 'List the keys of the account, newest first; revoked keys are never deleted',
  request: { query: listQuery },
  responses: {
    200: success('A page of keys', z.array(keySchema), nextCursor),
    ...managementFailures,
  },
})

const read = createRoute({
  method: 'get',
  path: idPath,
  operationId: 'getKey',
  tags: ['API keys'],
  security: byManager,
  summary: 'Read a key',
  request: { params: idParam },
  responses: { 200: success('The key', keySchema), ...managementFailures, ...notFound },
})

const revoked = z.object({ message: z.string(), ...underway })
const revoke = createRoute({
  method: 'delete',
  path: idPath,
  operationId: 'revokeKey',
  tags: ['API keys'],
  security: byManager,
  summary: 'Revoke a key permanently; responds once it is refused everywhere',
  request: { params: idParam },
  responses: {
    200: success('Revoked, in force everywhere', revoked),
    202: success('Revoked, not yet known to be in force everywhere', revoked),
    ...managementFailures,
    ...notFound,
  },
})

function createOperation({ config, clock }: AppSettings) {
  const { name, ...optional } = keyFields(config, clock.now)
  const formats = Object.keys(config.formats) as [string, ...string[]]
  const body = z
    .strictObject({
      name,
      ...z.object(optional).partial().shape,
      format: z.enum(formats).optional(),
    })
    .superRefine(checkNewLimits)
  return createRoute({
    method: 'post',
    path,
    operationId: 'createKey',
    tags: ['API keys'],
    security: byManager,
    summary: 'Create a key; only this response contains its token',
    request: json(body),
    responses: {
      201: success('The key with its token', keySchema.extend({ key: z.string() })),
      ...managementFailures,
      ...bodyFailures,
    },
  })
}

function updateOperation({ config, clock }: AppSettings) {
  const fields = z.object(keyFields(config, clock.now)).partial().shape
  return createRoute({
    method: 'patch',
    path: idPath,
    operationId: 'updateKey',
    tags: ['API keys'],
    security: byManager,
    summary: 'Change a key; null clears. Responds once it is in force everywhere',
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
      200: success('The key as changed, in force everywhere', keySchema),
      202: success('Changed, not yet known to be in force everywhere', keySchema.extend(underway)),
      ...managementFailures,
      ...bodyFailures,
      ...notFound,
      ...conflict,
    },
  })
}

export function createApiKeyRoutes(settings: AppSettings) {
  return createRouter()
    .openapi(list, async (c) => {
      const { limit = defaultLimit, cursor, created_by, ...filter } = c.req.valid('query')
      const page = { limit: limit + 1, after: readCursor(cursor), nowMs: settings.clock.now() }
      const reach = reachOf(c.var.actor, settings.clock.now())
      const keyPrefix = readKeyPrefix(filter.search ?? '', settings.config)
      const wanted = { ...filter, keyPrefix, createdBy: created_by }
      const rows = await listKeys(c.env.db, reach, wanted, page)
      const { page: keys, next_cursor } = pageOf(rows, limit)
      const data = await viewsOf(c.env, keys)
      return c.json({ status: 'success' as const, data, next_cursor }, 200)
    })
    .openapi(createOperation(settings), async (c) => {
      const body = c.req.valid('json')
      const issued = await issueKey(
        await c.env.changeStores(),
        await keySettingsOf(c),
        callerOf(c),
        { ...attributesOf(body), formatName: body.format ?? settings.config.defaultFormat },
      )
      if (issued.kind === 'refused') throw refusedChange(issued.refusal)
      const key = await viewFor(c.env, await stored(c, issued.id))
      c.header('Cache-Control', 'no-store')
      return c.json({ status: 'success' as const, data: { ...key, key: issued.token } }, 201)
    })
    .openapi(read, async (c) => {
      const data = await viewFor(c.env, await existing(c, c.req.valid('param').id))
      return c.json({ status: 'success' as const, data }, 200)
    })
    .openapi(updateOperation(settings), async (c) => {
      const { id } = c.req.valid('param')
      const settings = await keySettingsOf(c)
      const changes = changesOf(c.req.valid('json'))
      const stores = await c.env.changeStores()
      const changed = await updateKey(stores, settings, callerOf(c), id, changes)
      const progress = progressOf(changed)
      const key = await viewFor(c.env, await stored(c, id))
      return changeAnswer(c, progress, key)
    })
    .openapi(revoke, async (c) => {
      const { id } = c.req.valid('param')
      const settings = await keySettingsOf(c)
      const changed = await revokeKey(await c.env.changeStores(), settings, callerOf(c), id)
      const message = 'API key deleted successfully'
      return changeAnswer(c, progressOf(changed), { message })
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
