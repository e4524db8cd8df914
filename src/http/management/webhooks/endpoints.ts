// /api/webhook-endpoints: list, read, and the types of events.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { webhookEvents } from '../../../core/webhook-event.ts'
import { type Endpoint, findEndpoint, listEndpoints } from '../../../storage/webhook-endpoints.ts'
import type { AppEnv } from '../../app-env.ts'
import { Problem } from '../../response/problem.ts'
import { defaultLimit, pageOf, pageQuery, readCursor } from '../../routing/paging.ts'
import { idParam } from '../../routing/requests.ts'
import {
  failure,
  managementFailures,
  nextCursor,
  success,
  wholeList,
} from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import { endpointSchema, endpointView } from './schema.ts'

export const endpointsPath = '/api/webhook-endpoints'
export const endpointPath = `${endpointsPath}/{id}` as const
export const webhookRoute = { tags: ['Webhooks'], security: byManager }
export const noEndpoint = { 404: failure('No such endpoint in this account') }

const list = createRoute({
  ...webhookRoute,
  method: 'get',
  path: endpointsPath,
  operationId: 'listWebhookEndpoints',
  summary: 'The webhook endpoints of the account, newest first',
  request: { query: pageQuery },
  responses: {
    200: success('A page of endpoints', z.array(endpointSchema), nextCursor),
    ...managementFailures,
  },
})

const listEvents = createRoute({
  ...webhookRoute,
  method: 'get',
  path: `${endpointsPath}/events`,
  operationId: 'listWebhookEvents',
  summary: 'The types of events that an endpoint can subscribe to',
  responses: {
    200: wholeList('The types', z.object({ type: z.string(), description: z.string() })),
    ...managementFailures,
  },
})

const read = createRoute({
  ...webhookRoute,
  method: 'get',
  path: endpointPath,
  operationId: 'getWebhookEndpoint',
  summary: 'Read an endpoint',
  request: { params: idParam },
  responses: { 200: success('The endpoint', endpointSchema), ...managementFailures, ...noEndpoint },
})

export function createWebhookEndpoints({ clock }: AppSettings) {
  const types = Object.entries(webhookEvents).map(([type, text]) => ({ type, description: text }))
  return createRouter()
    .openapi(list, async (c) => {
      const { limit = defaultLimit, cursor } = c.req.valid('query')
      const page = { limit: limit + 1, after: readCursor(cursor) }
      const rows = await listEndpoints(c.env.db, c.var.actor.accountId, page)
      const { page: endpoints, next_cursor } = pageOf(rows, limit)
      const data = endpoints.map((each) => endpointView(each, clock.now()))
      return c.json({ status: 'success' as const, data, next_cursor }, 200)
    })
    .openapi(listEvents, (c) =>
      c.json({ status: 'success' as const, data: types, next_cursor: null }, 200),
    )
    .openapi(read, async (c) => {
      const endpoint = await endpointOf(c, c.req.valid('param').id)
      const data = endpointView(endpoint, clock.now())
      return c.json({ status: 'success' as const, data }, 200)
    })
}

/** An endpoint of the caller's account. @throws Problem 404 */
export async function endpointOf(c: Context<AppEnv>, id: string): Promise<Endpoint> {
  const { accountId } = c.var.actor
  const endpoint = await findEndpoint(c.env.db, { accountId, id })
  if (endpoint !== null) return endpoint
  throw new Problem('not_found', { detail: 'There is no such webhook endpoint in this account.' })
}
