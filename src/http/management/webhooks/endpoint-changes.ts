// /api/webhook-endpoints: create, change, delete.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { entry } from '../../../keys/manage.ts'
import {
  createEndpoint,
  deleteEndpoint,
  type Endpoint,
  type EndpointPatch,
  maxEndpoints,
  updateEndpoint,
} from '../../../storage/webhook-endpoints.ts'
import { newSecret } from '../../../webhooks/secret.ts'
import type { Isolate } from '../../../worker/context.ts'
import { targetRules, webhookKeys } from '../../../worker/queues.ts'
import type { AppEnv } from '../../app-env.ts'
import { Problem } from '../../response/problem.ts'
import { callerOf } from '../../routing/caller.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { idParam, json } from '../keys/keys.ts'
import { endpointOf, endpointPath, endpointsPath, noEndpoint, webhookRoute } from './endpoints.ts'
import { endpointFields, endpointSchema, endpointView, secretField } from './schema.ts'

// What is allowed depends on the deployment: the handler judges the URL again, with its rules.
const fields = endpointFields({ localhost: true, ownHost: '' })
const { url, description, events } = fields

const create = createRoute({
  ...webhookRoute,
  method: 'post',
  path: endpointsPath,
  operationId: 'createWebhookEndpoint',
  summary: 'Add an endpoint; the answer holds its secret, this once only',
  request: json(
    z.strictObject({ url, description: description.optional(), events: events.optional() }),
  ),
  responses: {
    201: success('The endpoint with its secret', endpointSchema.extend(secretField)),
    ...managementFailures,
    ...bodyFailures,
    409: failure(`The account has ${maxEndpoints} endpoints already`),
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
    ...json(z.strictObject(z.object({ ...fields, is_active: z.boolean() }).partial().shape)),
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
  summary: 'Delete an endpoint with its log; what was under way to it is not sent',
  request: { params: idParam },
  responses: {
    200: success('Deleted', z.object({ message: z.string() })),
    ...managementFailures,
    ...noEndpoint,
  },
})

export function createWebhookEndpointChanges({ clock }: Isolate) {
  const answer = async (c: Context<AppEnv>, id: string) =>
    endpointView(await endpointOf(c, id), clock.now())

  return createRouter()
    .openapi(create, async (c) => {
      const { url, description = null, events = null } = c.req.valid('json')
      assertAllowed(c, url)
      const id = crypto.randomUUID()
      const secret = await newSecret(await webhookKeys(c.env), id, (bytes) =>
        crypto.getRandomValues(bytes),
      )
      await store(c, { id, url, description, events, ...secret }, clock.now())
      c.header('Cache-Control', 'no-store')
      const data = { ...(await answer(c, id)), secret: secret.secret }
      return c.json({ status: 'success' as const, data }, 201)
    })
    .openapi(update, async (c) => {
      const { is_active, ...wished } = c.req.valid('json')
      const endpoint = await endpointOf(c, c.req.valid('param').id)
      if (wished.url !== undefined) assertAllowed(c, wished.url)
      const patch = differences(endpoint, { ...wished, enabled: is_active })
      if (Object.keys(patch).length > 0) {
        const audit = entry(callerOf(c), 'webhook_endpoint.updated', { changed: patch })
        const reason = patch.enabled === undefined ? {} : { disabledReason: null }
        await updateEndpoint(c.env.DB, endpoint, { ...patch, ...reason }, audit, clock.now())
      }
      return c.json({ status: 'success' as const, data: await answer(c, endpoint.id) }, 200)
    })
    .openapi(remove, async (c) => {
      const endpoint = await endpointOf(c, c.req.valid('param').id)
      const audit = entry(callerOf(c), 'webhook_endpoint.deleted', {})
      await deleteEndpoint(c.env.DB, endpoint, audit, clock.now())
      const data = { message: 'Webhook endpoint deleted' }
      return c.json({ status: 'success' as const, data }, 200)
    })
}

type Drafted = Pick<Endpoint, 'id' | 'url' | 'description' | 'events' | 'sealedSecret'>

async function store(c: Context<AppEnv>, drafted: Drafted, now: number): Promise<void> {
  const { actor } = c.var
  const { id, url, description, events, sealedSecret } = drafted
  const endpoint = {
    ...{ id, url, description, events, sealedSecret },
    accountId: actor.accountId,
    createdBy: actor.kind === 'person' ? actor.id : actor.createdBy,
    createdAt: now,
  }
  const audit = entry(callerOf(c), 'webhook_endpoint.created', { events })
  if (await createEndpoint(c.env.DB, endpoint, audit)) return
  throw new Problem('conflict', { detail: `An account may have ${maxEndpoints} endpoints.` })
}

/** @throws Problem 400 for a URL that this deployment does not send to. */
function assertAllowed(c: Context<AppEnv>, url: string): void {
  const judged = endpointFields(targetRules(c.env)).url.safeParse(url)
  if (judged.success) return
  const message = judged.error.issues[0]?.message ?? ''
  throw new Problem('invalid_request', {
    detail: `url: ${message}`,
    errors: [{ path: 'url', message }],
  })
}

/** Of the wished changes, those that change anything. */
function differences(
  endpoint: Endpoint,
  wished: { [Field in keyof EndpointPatch]?: EndpointPatch[Field] | undefined },
): EndpointPatch {
  const present = endpoint as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(wished).filter(
      ([field, value]) =>
        value !== undefined && JSON.stringify(value) !== JSON.stringify(present[field]),
    ),
  )
}
