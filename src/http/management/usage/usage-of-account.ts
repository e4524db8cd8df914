// GET /api/accounts/{id}/usage: how much an account uses, for the platform.
import { createRoute, z } from '@hono/zod-openapi'
import { standingOf } from '../../../storage/standing.ts'
import { noSuchAccount } from '../../auth/named-account.ts'
import { idParam } from '../../routing/requests.ts'
import { failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byPlatform } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import { keptText, requestedSpan, usageFields, usageQuery, usageView } from './usage-query.ts'

const readUsage = createRoute({
  method: 'get',
  path: '/api/accounts/{id}/usage',
  operationId: 'readAccountUsage',
  tags: ['Accounts'],
  security: byPlatform,
  summary: 'Requests of all keys of an account by result code, by hour or by day',
  description: keptText,
  request: { params: idParam, query: usageQuery },
  responses: {
    200: success('Requests by the code that they were answered with', z.object(usageFields)),
    ...managementFailures,
    404: failure('There is no such account'),
  },
})

export function createUsageOfAccount({ clock }: AppSettings) {
  return createRouter().openapi(readUsage, async (c) => {
    const span = requestedSpan(c.req.valid('query'), clock.now())
    const { id } = c.req.valid('param')
    if ((await standingOf(c.env.db, id)) === null) throw noSuchAccount()
    const reader = await c.env.usageReader()
    const data = usageView(span, await reader.ofAccount(id, span))
    return c.json({ status: 'success' as const, data }, 200)
  })
}
