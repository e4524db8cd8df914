// GET /api/api-keys/{id}/usage: the requests of a key by result code, by hour or by day.
import { createRoute, z } from '@hono/zod-openapi'
import { idParam } from '../../routing/requests.ts'
import { failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import { existing, idPath } from '../keys/keys.ts'
import { keptText, requestedSpan, usageFields, usageQuery, usageView } from './usage-query.ts'

const readUsage = createRoute({
  method: 'get',
  path: `${idPath}/usage`,
  operationId: 'getKeyUsage',
  tags: ['API keys'],
  security: byManager,
  summary: 'Requests of a key by result code, by hour or by day',
  description: keptText,
  request: { params: idParam, query: usageQuery },
  responses: {
    200: success(
      'Requests by the code that they were answered with',
      z.object(usageFields).openapi('Usage'),
    ),
    ...managementFailures,
    404: failure('No such key in this account'),
  },
})

export function createApiKeyUsage({ clock }: AppSettings) {
  return createRouter().openapi(readUsage, async (c) => {
    const { id } = c.req.valid('param')
    const span = requestedSpan(c.req.valid('query'), clock.now())
    const { accountId } = await existing(c, id)
    const usage = await c.env.usageReader()
    const data = usageView(span, await usage.ofKey(accountId, id, span))
    return c.json({ status: 'success' as const, data }, 200)
  })
}
