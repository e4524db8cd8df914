// POST /api/webhook-endpoints/{id}/rotate-secret.
import { createRoute, z } from '@hono/zod-openapi'
import { type EndpointSettings, rotateSecret } from '../../../webhooks/endpoints.ts'
import { callerOf } from '../../routing/caller.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import { idParam } from '../../routing/requests.ts'
import { bodyFailures, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import type { AppSettings, Services } from '../../services.ts'
import { endpointOf, endpointPath, noEndpoint, webhookRoute } from './endpoints.ts'
import { endpointSchema, endpointView, secretField } from './schema.ts'

const daySeconds = 24 * 60 * 60
const maxOverlapSeconds = 7 * daySeconds

const rotate = createRoute({
  ...webhookRoute,
  method: 'post',
  path: `${endpointPath}/rotate-secret`,
  operationId: 'rotateWebhookSecret',
  summary: 'Give an endpoint a new secret; both sign until the overlap ends',
  ...idempotent,
  request: {
    params: idParam,
    body: {
      content: {
        'application/json': {
          schema: z.strictObject({
            overlap_seconds: z
              .int()
              .min(0)
              .max(maxOverlapSeconds)
              .optional()
              .openapi({
                description: `The previous secret signs for so long; ${daySeconds}, a day, if left out`,
              }),
          }),
        },
      },
    },
  },
  responses: {
    200: success(
      'The endpoint with its new secret, which is absent where the request was executed before',
      endpointSchema.extend(z.object(secretField).partial().shape),
    ),
    ...managementFailures,
    ...bodyFailures,
    ...noEndpoint,
    ...idempotentFailures,
  },
})

export function createWebhookSecrets({ clock }: AppSettings) {
  return createRouter().openapi(rotate, async (c) => {
    const endpoint = await endpointOf(c, c.req.valid('param').id)
    const { overlap_seconds = daySeconds } = c.req.valid('json') ?? {}
    const answer = async (secret: { secret?: string }) => {
      const view = endpointView(await endpointOf(c, endpoint.id), clock.now())
      return c.json({ status: 'success' as const, data: { ...view, ...secret } }, 200)
    }
    return once(c, {
      ...{ route: rotate, payload: { overlap_seconds } },
      async execute(request) {
        const settings = await secretSettings(c.env)
        const secret = await rotateSecret(
          c.env.db,
          settings,
          callerOf(c),
          endpoint,
          overlap_seconds,
          request,
        )
        c.header('Cache-Control', 'no-store')
        return answer({ secret })
      },
      repeat: () => answer({}),
    })
  })
}

/** Dependencies for generating and sealing a secret. */
export async function secretSettings(services: Services): Promise<Omit<EndpointSettings, 'rules'>> {
  return {
    sealingKeys: await services.webhookSealingKeys(),
    randomBytes: (bytes) => crypto.getRandomValues(bytes),
    newId: () => crypto.randomUUID(),
    now: services.clock.now,
  }
}
