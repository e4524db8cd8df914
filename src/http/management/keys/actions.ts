// POST /api/api-keys/{id}/rotate and /api/api-keys/revoke.
import { createRoute, z } from '@hono/zod-openapi'
import { revokeKeys } from '../../../keys/revoke.ts'
import { refuseRotating, rotateKey } from '../../../keys/rotate.ts'
import { reachOf } from '../../../storage/key-reach.ts'
import { rootOf } from '../../../storage/key-store.ts'
import { missingFrom } from '../../../storage/named-keys.ts'
import { revokePath } from '../../paths.ts'
import { callerOf, keySettingsOf } from '../../routing/caller.ts'
import { changeAnswer, preferParameter, underway } from '../../routing/change-answer.ts'
import { externalIdField } from '../../routing/fields.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import {
  etagHeader,
  ifMatchOf,
  ifMatchParameter,
  preconditionFailures,
  tagAnswer,
} from '../../routing/if-match.ts'
import { idField, idParam, json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byGrantor, byManager } from '../../routing/security.ts'
import { expiryField, keySchema } from './key-schema.ts'
import { idPath, stored } from './keys.ts'
import { notDone, refusePast } from './refusals.ts'
import { repeatedKey, settleAgain } from './repeated.ts'
import { newKeyView } from './views.ts'

const maxOverlapSeconds = 30 * 24 * 60 * 60
const maxIds = 1_000

export const rotationBody = z.strictObject({
  overlap_seconds: z.int().min(0).max(maxOverlapSeconds).optional().openapi({
    description: 'The old token works for so long; 0 if left out',
  }),
  // A repeated request may name a time that has passed: a new one is checked when it is executed.
  expires_at: expiryField.optional().openapi({
    description:
      'Of the new key, in the future; null: never; left out: as the old one has it. A later one is a grant',
  }),
})

const rotated = keySchema.extend({ key: z.string(), ...underway })
const rotate = createRoute({
  method: 'post',
  path: `${idPath}/rotate`,
  operationId: 'rotateKey',
  tags: ['API keys'],
  security: byGrantor,
  summary: 'Give a key a new token; the old one expires after the overlap',
  description:
    'The new key has the powers of the old one, its limits and its environment. It has the format of the old one; where that is foreign or no longer configured, another of the same environment.',
  parameters: [...idempotent.parameters, ifMatchParameter, preferParameter],
  request: {
    params: idParam,
    body: { content: { 'application/json': { schema: rotationBody } } },
  },
  responses: {
    201: {
      ...success('The new key with its token, and when the old one expires', rotated),
      ...etagHeader,
    },
    202: { ...success('Rotated, not yet known to be in force everywhere', rotated), ...etagHeader },
    ...managementFailures,
    ...bodyFailures,
    404: failure('No such key in this account'),
    409: failure(
      'The key is revoked, disabled, expired or already rotated (`replaced_by`), no token format has its environment, or the request was executed before: rotate `key_id` for a new token',
    ),
    ...preconditionFailures,
    ...idempotentFailures,
  },
})

const oneSelection = 'Give one of ids, created_by, made_by and external_id'
const selection = z
  .strictObject({
    ids: z.array(idField).min(1).max(maxIds).optional(),
    created_by: idField.optional(),
    made_by: idField.optional().openapi({
      description: 'A person or a key; of one that was rotated, any of its rotations',
    }),
    external_id: externalIdField.optional(),
  })
  .refine((body) => Object.keys(body).length === 1, { error: oneSelection })

const missing = z.array(z.string()).openapi({
  description:
    'What named no key of the account: ids, or the `created_by`, `made_by` or `external_id`. Empty when all did',
})
const counted = z.object({ revoked: z.int(), missing, ...underway })
const revokeMany = createRoute({
  method: 'post',
  path: revokePath,
  operationId: 'revokeKeys',
  tags: ['API keys'],
  security: byManager,
  summary: 'Revoke many keys with one wait',
  parameters: [preferParameter],
  request: json(selection),
  responses: {
    200: success('How many keys were revoked', counted),
    202: success('Revoked, not yet known to be in force everywhere', counted),
    ...managementFailures,
    ...bodyFailures,
  },
})

export function createApiKeyActions() {
  return createRouter()
    .openapi(rotate, async (c) => {
      const { id } = c.req.valid('param')
      const { overlap_seconds = 0, expires_at } = c.req.valid('json') ?? {}
      const expiry = expires_at === undefined ? {} : { expires_at }
      const settings = await keySettingsOf(c)
      const stores = await c.env.changeStores()
      return once(c, {
        ...{ route: rotate, payload: { overlap_seconds, ...expiry } },
        async authorize() {
          const wanted = { expiresAt: expires_at }
          const refused = await refuseRotating(stores, settings, callerOf(c), id, wanted)
          if (refused !== null) throw notDone(refused)
        },
        async execute(request) {
          refusePast(expires_at, settings.clock.now())
          const rotation = await rotateKey(stores, settings, callerOf(c), id, {
            ...{ overlapMs: overlap_seconds * 1000, expiresAt: expires_at },
            ...{ ifMatch: ifMatchOf(c), request },
          })
          if (rotation.kind !== 'done') throw notDone(rotation)
          const row = await stored(c, rotation.id)
          const successor = await newKeyView(c, row)
          tagAnswer(c, row)
          c.header('Cache-Control', 'no-store')
          return changeAnswer(c, rotation.progress, { ...successor, key: rotation.token }, 201)
        },
        async repeat(made) {
          await settleAgain(c, (await stored(c, id)).digest)
          return repeatedKey(c, made)
        },
      })
    })
    .openapi(revokeMany, async (c) => {
      const settings = await keySettingsOf(c)
      const given = c.req.valid('json')
      const selection = await selectionOf(c.env.db, given)
      const stores = await c.env.changeStores()
      const { count, progress } = await revokeKeys(stores, settings, callerOf(c), selection)
      const reach = reachOf(c.var.actor, c.env.config, c.env.clock.now())
      const unnamed = await missingFrom(c.env.db, reach, selection, count)
      const missing = unnamed.map((value) => given.made_by ?? value)
      return changeAnswer(c, progress, { revoked: count, missing })
    })
}

async function selectionOf(
  db: D1Database,
  { ids, created_by, made_by, external_id }: z.output<typeof selection>,
) {
  if (ids !== undefined) return { by: 'ids', ids } as const
  if (created_by !== undefined) return { by: 'creator', createdBy: created_by } as const
  // People see the id of the newest key, and what it made names the first of its rotations.
  if (made_by !== undefined) return { by: 'maker', madeBy: await rootOf(db, made_by) } as const
  return { by: 'externalId', externalId: external_id ?? '' } as const
}
