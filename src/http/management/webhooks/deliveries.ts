// /api/webhook-endpoints/{id}: its deliveries, resending one, sending a ping.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { webhookBody } from '../../../core/webhook-event.ts'
import { findDelivery, listDeliveries } from '../../../storage/webhook-deliveries.ts'
import type { Endpoint } from '../../../storage/webhook-endpoints.ts'
import { pending, pingEndpoint, type Requested, resendDelivery } from '../../../webhooks/resend.ts'
import type { AppEnv } from '../../app-env.ts'
import { Problem } from '../../response/problem.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import { defaultLimit, pageOf, pageQuery, readCursor } from '../../routing/paging.ts'
import { idField, idParam } from '../../routing/requests.ts'
import { failure, managementFailures, nextCursor, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import type { AppSettings } from '../../services.ts'
import { endpointOf, endpointPath, noEndpoint, webhookRoute } from './endpoints.ts'
import { webhookMessage } from './event-schema.ts'
import { deliverySchema, deliveryView } from './schema.ts'

const deliveriesPath = `${endpointPath}/deliveries` as const
const deliveryPath = `${deliveriesPath}/{delivery_id}` as const
const deliveryParams = idParam.extend({ delivery_id: idField })
const disabled = { 409: failure('The endpoint is disabled') }
const payload = { payload: webhookMessage }

const list = createRoute({
  ...webhookRoute,
  method: 'get',
  path: deliveriesPath,
  operationId: 'listWebhookDeliveries',
  summary: 'The messages to an endpoint, newest first; kept for 30 days',
  request: {
    params: idParam,
    query: pageQuery.extend({ status: z.enum(['pending', 'delivered', 'failed']).optional() }),
  },
  responses: {
    200: success('A page of deliveries', z.array(deliverySchema), nextCursor),
    ...managementFailures,
    ...noEndpoint,
  },
})

const read = createRoute({
  ...webhookRoute,
  method: 'get',
  path: deliveryPath,
  operationId: 'getWebhookDelivery',
  summary: 'Read a delivery with its payload',
  request: { params: deliveryParams },
  responses: {
    200: success('The delivery', deliverySchema.extend(payload)),
    ...managementFailures,
    ...noEndpoint,
  },
})

const resend = createRoute({
  ...webhookRoute,
  method: 'post',
  path: `${deliveryPath}/resend`,
  operationId: 'resendWebhookDelivery',
  summary: 'Send a message again, with the same webhook-id and from the first attempt on',
  request: { params: deliveryParams },
  responses: {
    202: success('The pending delivery', deliverySchema),
    ...managementFailures,
    ...noEndpoint,
    ...disabled,
  },
})

const test = createRoute({
  ...webhookRoute,
  method: 'post',
  path: `${endpointPath}/test`,
  operationId: 'testWebhookEndpoint',
  summary: 'Send a `ping` to an endpoint: one attempt; its delivery shows the outcome',
  ...idempotent,
  request: { params: idParam },
  responses: {
    202: success('The pending delivery', deliverySchema),
    ...managementFailures,
    ...noEndpoint,
    ...disabled,
    ...idempotentFailures,
  },
})

export function createWebhookDeliveries({ clock }: AppSettings) {
  return createRouter()
    .openapi(list, async (c) => {
      const { id } = await endpointOf(c, c.req.valid('param').id)
      const { limit = defaultLimit, cursor, status } = c.req.valid('query')
      const page = { limit: limit + 1, after: readCursor(cursor, { id, status }) }
      const rows = await listDeliveries(c.env.db, id, status, page)
      const { page: deliveries, next_cursor } = pageOf(rows, limit, null, { id, status })
      const data = deliveries.map(deliveryView)
      return c.json({ status: 'success' as const, data, next_cursor }, 200)
    })
    .openapi(read, async (c) => {
      const { id, delivery_id } = c.req.valid('param')
      const { delivery, event } = await deliveryOf(c, await endpointOf(c, id), delivery_id)
      const view = deliveryView({ ...delivery, type: event.type })
      const data = { ...view, payload: JSON.parse(webhookBody(event, c.env.config)) }
      return c.json({ status: 'success' as const, data }, 200)
    })
    .openapi(resend, async (c) => {
      const { id, delivery_id } = c.req.valid('param')
      const endpoint = await endpointOf(c, id)
      return accepted(c, await resendDelivery(c.env.db, endpoint, delivery_id, clock.now()))
    })
    .openapi(test, async (c) => {
      const endpoint = await endpointOf(c, c.req.valid('param').id)
      return once(c, {
        ...{ route: test, payload: {} },
        execute: async (request) =>
          accepted(c, await pingEndpoint(c.env.db, endpoint, clock.now(), request)),
        repeat: async (made) => accepted(c, await pending(c.env.db, endpoint, made)),
      })
    })
}

function accepted(c: Context<AppEnv>, requested: Requested) {
  switch (requested.kind) {
    case 'pending': {
      const { delivery, event } = requested
      const data = deliveryView({ ...delivery, type: event.type })
      return c.json({ status: 'success' as const, data }, 202)
    }
    case 'not_found':
      throw noDelivery()
    case 'disabled':
      throw new Problem('conflict', { detail: 'The endpoint is disabled: enable it first.' })
  }
}

async function deliveryOf(c: Context<AppEnv>, endpoint: Endpoint, id: string) {
  const found = await findDelivery(c.env.db, endpoint.id, id)
  if (found !== null) return found
  throw noDelivery()
}

function noDelivery(): Problem {
  return new Problem('not_found', { detail: 'There is no such delivery to this endpoint.' })
}
