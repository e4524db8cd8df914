// POST /api/v1/portal/keys/{id}/rotate: a customer replaces the token of a key.
import { createRoute, z } from '@hono/zod-openapi'
import { refuseRotating, rotateKey } from '../../../keys/rotate.ts'
import { callerOf, keySettingsOf } from '../../routing/caller.ts'
import { changeAnswer, preferParameter, underway } from '../../routing/change-answer.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import {
  etagHeader,
  ifMatchOf,
  ifMatchParameter,
  preconditionFailures,
  tagAnswer,
} from '../../routing/if-match.ts'
import { idParam } from '../../routing/requests.ts'
import { bodyFailures, failure, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byPortalSession } from '../../routing/security.ts'
import { rotationBody } from '../keys/actions.ts'
import { stored } from '../keys/keys.ts'
import { refusePast } from '../keys/refusals.ts'
import { repeatedKey, settleAgain } from '../keys/repeated.ts'
import { customerKey, customerStores, keyPath, newCustomerView } from './customer-keys.ts'
import { customerFailures, notDoneForCustomer } from './failures.ts'
import { portalKeySchema } from './schema.ts'

const rotated = portalKeySchema.extend({ key: z.string(), ...underway })
const rotate = createRoute({
  tags: ['Portal'],
  security: byPortalSession,
  method: 'post',
  path: `${keyPath}/rotate`,
  operationId: 'rotatePortalKey',
  summary: 'Give a key of the customer a new token; the old one expires after the overlap',
  parameters: [...idempotent.parameters, ifMatchParameter, preferParameter],
  request: { params: idParam, body: { content: { 'application/json': { schema: rotationBody } } } },
  responses: {
    201: { ...success('The new key with its token', rotated), ...etagHeader },
    202: { ...success('Rotated, not yet known to be in force everywhere', rotated), ...etagHeader },
    ...customerFailures,
    ...bodyFailures,
    404: failure('The customer has no such key'),
    409: failure(
      'The key is revoked, disabled, expired or already rotated (`replaced_by`), or the request was executed before: rotate `key_id` for a new token',
    ),
    ...preconditionFailures,
    ...idempotentFailures,
  },
})

export function createPortalRotation() {
  return createRouter().openapi(rotate, async (c) => {
    const { id } = c.req.valid('param')
    const { overlap_seconds = 0, expires_at } = c.req.valid('json') ?? {}
    const expiry = expires_at === undefined ? {} : { expires_at }
    const settings = await keySettingsOf(c)
    const stores = await customerStores(c)
    return once(c, {
      ...{ route: rotate, payload: { overlap_seconds, ...expiry } },
      async authorize() {
        const wanted = { expiresAt: expires_at }
        const refused = await refuseRotating(stores, settings, callerOf(c), id, wanted)
        if (refused !== null) throw notDoneForCustomer(refused)
      },
      async execute(request) {
        refusePast(expires_at, settings.clock.now())
        const rotation = await rotateKey(stores, settings, callerOf(c), id, {
          ...{ overlapMs: overlap_seconds * 1000, expiresAt: expires_at },
          ...{ ifMatch: ifMatchOf(c), request },
        })
        if (rotation.kind !== 'done') throw notDoneForCustomer(rotation)
        const row = await stored(c, rotation.id)
        const data = { ...(await newCustomerView(c, row)), key: rotation.token }
        tagAnswer(c, row)
        c.header('Cache-Control', 'no-store')
        return changeAnswer(c, rotation.progress, data, 201)
      },
      async repeat(made) {
        await settleAgain(c, (await customerKey(c, id)).digest)
        return repeatedKey(c, made)
      },
    })
  })
}
