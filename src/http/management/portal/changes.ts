// /api/v1/portal/keys/{id}: a customer disables, rotates and revokes a key of theirs, by the changes of every other key.
import { createRoute, z } from '@hono/zod-openapi'
import { revokeKey } from '../../../keys/revoke.ts'
import { updateKey } from '../../../keys/update.ts'
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
import { bodyFailures, failure, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byPortalSession } from '../../routing/security.ts'
import {
  customerKey,
  customerStores,
  customerView,
  keyPath,
  progressForCustomer,
} from './customer-keys.ts'
import { customerFailures } from './failures.ts'
import { portalKeySchema } from './schema.ts'

const common = { tags: ['Portal'], security: byPortalSession }
const notFound = { 404: failure('The customer has no such key') }
const changing = portalKeySchema.extend(underway)

const disable = createRoute({
  ...common,
  method: 'patch',
  path: keyPath,
  operationId: 'disablePortalKey',
  summary: 'Disable a key of the customer, who cannot enable it again',
  parameters: [ifMatchParameter, preferParameter],
  request: { params: idParam, ...json(z.strictObject({ is_active: z.literal(false) })) },
  responses: {
    200: { ...success('The key, disabled everywhere', portalKeySchema), ...etagHeader },
    202: {
      ...success('Disabled, not yet known to be in force everywhere', changing),
      ...etagHeader,
    },
    ...customerFailures,
    ...bodyFailures,
    ...notFound,
    409: failure('The key is revoked'),
    ...preconditionFailures,
  },
})

const revoked = z.object({ message: z.string(), ...underway })
const revoke = createRoute({
  ...common,
  method: 'delete',
  path: keyPath,
  operationId: 'revokePortalKey',
  summary: 'Revoke a key of the customer permanently; responds once it is refused everywhere',
  request: { params: idParam },
  parameters: [ifMatchParameter, preferParameter],
  responses: {
    200: success('Revoked, in force everywhere', revoked),
    202: success('Revoked, not yet known to be in force everywhere', revoked),
    ...customerFailures,
    ...notFound,
    ...preconditionFailures,
  },
})

export function createPortalChanges() {
  return createRouter()
    .openapi(disable, async (c) => {
      const { id } = c.req.valid('param')
      const settings = await keySettingsOf(c)
      const stores = await customerStores(c)
      const edits = { disabled: true }
      const changed = await updateKey(stores, settings, callerOf(c), id, edits, ifMatchOf(c))
      const progress = progressForCustomer(changed)
      const row = await customerKey(c, id)
      const data = await customerView(c, row)
      tagAnswer(c, row)
      return changeAnswer(c, progress, data)
    })
    .openapi(revoke, async (c) => {
      const { id } = c.req.valid('param')
      const settings = await keySettingsOf(c)
      const stores = await customerStores(c)
      const changed = await revokeKey(stores, settings, callerOf(c), id, () => ifMatchOf(c))
      const message = 'API key deleted successfully'
      return changeAnswer(c, progressForCustomer(changed), { message })
    })
}
