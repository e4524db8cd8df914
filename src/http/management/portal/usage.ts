// GET /api/v1/portal/keys/{id}/usage: the requests of a key of the customer.
import { createRoute, z } from '@hono/zod-openapi'
import { idParam } from '../../routing/requests.ts'
import { failure, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byPortalSession } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import {
  keptText,
  requestedSpan,
  usageFields,
  usageQuery,
  usageView,
} from '../usage/usage-query.ts'
import { customerKey, keyPath } from './customer-keys.ts'
import { customerFailures } from './failures.ts'

const readUsage = createRoute({
  method: 'get',
  path: `${keyPath}/usage`,
  operationId: 'getPortalKeyUsage',
  tags: ['Portal'],
  security: byPortalSession,
  summary: 'Requests of a key of the customer by result code, by hour or by day',
  description: keptText,
  request: { params: idParam, query: usageQuery },
  responses: {
    200: success(
      'Requests by the code that they were answered with',
      z.object(usageFields).openapi('Usage'),
    ),
    ...customerFailures,
    404: failure('The customer has no such key'),
  },
})

export function createPortalUsage({ clock }: AppSettings) {
  return createRouter().openapi(readUsage, async (c) => {
    const { id } = c.req.valid('param')
    const span = requestedSpan(c.req.valid('query'), clock.now())
    const { accountId } = await customerKey(c, id)
    const usage = await c.env.usageReader()
    const data = usageView(span, await usage.ofKey(accountId, id, span))
    return c.json({ status: 'success' as const, data }, 200)
  })
}
