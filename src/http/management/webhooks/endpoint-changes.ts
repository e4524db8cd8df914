// /api/webhook-endpoints: create, change, delete.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { maxEndpoints } from '../../../storage/webhook-endpoints.ts'
import {
  type Created,
  changeEndpoint,
  createEndpoint,
  removeEndpoint,
} from '../../../webhooks/endpoints.ts'
import type { AppEnv } from '../../app-env.ts'
import { Problem } from '../../response/problem.ts'
import { callerOf } from '../../routing/caller.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import { idParam, json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import type { AppSettings } from '../../services.ts'
import { endpointOf, endpointPath, endpointsPath, noEndpoint, webhookRoute } from './endpoints.ts'
import { endpointFields, endpointSchema, endpointView, secretField } from './schema.ts'
import { secretSettings } from './secrets.ts'

// Which URLs are allowed depends on the deployment: its rules are applied again when the endpoint is written.
const fields = endpointFields({ localhost: true, ownHost: '' })
const { url, description, events } = fields

const create = createRoute({
  ...webhookRoute,
  method: 'post',
  path: endpointsPath,
  operationId: 'createWebhookEndpoint',
  summary: 'Create an endpoint; the response contains its secret, which is not shown again',
  ...idempotent,
  request: json(
    z.strictObject({ url, description: description.optional(), events: events.optional() }),
  ),
  responses: {
    200: success('Executed before: the endpoint as it is, without its secret', endpointSchema),
    201: success('The endpoint with its secret', endpointSchema.extend(secretField)),
    ...managementFailures,
    ...bodyFailures,
    404: failure('Executed before, and the endpoint is gone'),
    409: failure(`The account has ${maxEndpoints} endpoints already`),
    ...idempotentFailures,
  },
})

const update = createRoute({
  ...webhookRoute,
  method: 'patch',
  path: endpointPath,
  operationId: 'updateWebhookEndpoint',
  summary: 'Change an endpoint, disable or enable it; null clears',
  request: {
    params: idParam,
    ...json(
      z.strictObject(
        z.object({ ...fields, is_active: z.boolean(), needs_review: z.literal(false) }).partial()
          .shape,
      ),
    ),
  },
  responses: {
    200: success('The endpoint as changed', endpointSchema),
    ...managementFailures,
    ...bodyFailures,
    ...noEndpoint,
  },
})

const remove = createRoute({
  ...webhookRoute,
  method: 'delete',
  path: endpointPath,
  operationId: 'deleteWebhookEndpoint',
  summary: 'Delete an endpoint with its deliveries; pending ones are not sent',
  request: { params: idParam },
  responses: {
    200: success('Deleted', z.object({ message: z.string() })),
    ...managementFailures,
    ...noEndpoint,
  },
})

export function createWebhookEndpointChanges({ clock }: AppSettings) {
  const view = async (c: Context<AppEnv>, id: string) =>
    endpointView(await endpointOf(c, id), clock.now())

  return createRouter()
    .openapi(create, async (c) => {
      const payload = c.req.valid('json')
      return once(c, {
        ...{ route: create, payload },
        async execute(request) {
          const { url, description = null, events = null } = payload
          const settings = { rules: await c.env.webhookTargets(), ...(await secretSettings(c.env)) }
          const input = { url, description, events }
          const created = await createEndpoint(c.env.db, settings, callerOf(c), input, request)
          if (created.kind !== 'created') throw refusal(created)
          c.header('Cache-Control', 'no-store')
          const data = { ...(await view(c, created.id)), secret: created.secret }
          return c.json({ status: 'success' as const, data }, 201)
        },
        repeat: async (made) =>
          c.json({ status: 'success' as const, data: await view(c, made) }, 200),
      })
    })
    .openapi(update, async (c) => {
      const { is_active, needs_review, ...edits } = c.req.valid('json')
      const endpoint = await endpointOf(c, c.req.valid('param').id)
      const settings = { rules: await c.env.webhookTargets(), now: clock.now }
      const changed = await changeEndpoint(c.env.db, settings, callerOf(c), endpoint, {
        ...edits,
        enabled: is_active,
        needsReview: needs_review,
      })
      if (changed.kind !== 'changed') throw refusal(changed)
      return c.json({ status: 'success' as const, data: await view(c, endpoint.id) }, 200)
    })
    .openapi(remove, async (c) => {
      const endpoint = await endpointOf(c, c.req.valid('param').id)
      await removeEndpoint(c.env.db, callerOf(c), endpoint, clock.now())
      const data = { message: 'Webhook endpoint deleted' }
      return c.json({ status: 'success' as const, data }, 200)
    })
}

function refusal(outcome: Exclude<Created, { kind: 'created' }>): Problem {
  switch (outcome.kind) {
    case 'too_many':
      return new Problem('conflict', { detail: `An account may have ${maxEndpoints} endpoints.` })
    case 'url_refused': {
      const message = `The URL ${outcome.refused}`
      const errors = [{ path: 'url', message }]
      return new Problem('invalid_request', { detail: `url: ${message}`, errors })
    }
  }
}
