// /api/v1/portal/keys: a customer lists and reads their own keys.
import { createRoute, z } from '@hono/zod-openapi'
import { keyStatuses } from '../../../storage/key-filter.ts'
import { listKeys } from '../../../storage/key-list.ts'
import { wholeAccount } from '../../../storage/key-reach.ts'
import { etagHeader, tagAnswer } from '../../routing/if-match.ts'
import { defaultLimit, lookedThrough, pageQuery } from '../../routing/paging.ts'
import { idParam } from '../../routing/requests.ts'
import { failure, nextCursor, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byPortalSession } from '../../routing/security.ts'
import { readListCursor, writeListCursor } from '../keys/list-cursor.ts'
import { customerKey, customerView, customerViews, keyPath, keysPath } from './customer-keys.ts'
import { customerFailures } from './failures.ts'
import { portalKeySchema } from './schema.ts'

const common = { tags: ['Portal'], security: byPortalSession }
const notFound = { 404: failure('The customer has no such key') }

const list = createRoute({
  ...common,
  method: 'get',
  path: keysPath,
  operationId: 'listPortalKeys',
  summary: 'List the keys of the customer, newest first; revoked keys are never deleted',
  description: lookedThrough,
  request: { query: pageQuery.extend({ status: z.enum(keyStatuses).optional() }) },
  responses: {
    200: success('A page of keys', z.array(portalKeySchema), nextCursor),
    ...customerFailures,
  },
})

const read = createRoute({
  ...common,
  method: 'get',
  path: keyPath,
  operationId: 'getPortalKey',
  summary: 'Read a key of the customer',
  request: { params: idParam },
  responses: {
    200: { ...success('The key', portalKeySchema), ...etagHeader },
    ...customerFailures,
    ...notFound,
  },
})

export function createPortalKeys() {
  return createRouter()
    .openapi(list, async (c) => {
      const { limit = defaultLimit, cursor, status } = c.req.valid('query')
      const { accountId, externalId } = c.var.customer.session
      const shared = ['portal', externalId, status ?? null]
      const { rows, next } = await listKeys(c.env.db, {
        ...{ reach: wholeAccount(accountId), filter: { externalId, status }, limit },
        ...{ nowMs: c.env.clock.now(), after: readListCursor(shared, cursor) },
      })
      const data = await customerViews(c, rows)
      const next_cursor = next && writeListCursor(shared, next)
      return c.json({ status: 'success' as const, data, next_cursor }, 200)
    })
    .openapi(read, async (c) => {
      const key = await customerKey(c, c.req.valid('param').id)
      const data = await customerView(c, key)
      tagAnswer(c, key)
      return c.json({ status: 'success' as const, data }, 200)
    })
}
