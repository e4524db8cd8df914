// The requests that Latchkey sends, by the type of their event: `webhooks` of the document.
import { type RouteConfig, z } from '@hono/zod-openapi'
import { type WebhookType, webhookEvents } from '../../core/webhook-event.ts'
import { webhookMessages } from '../management/webhooks/event-schema.ts'
import { anonymous } from '../routing/security.ts'

const summaries: Record<WebhookType, string> = {
  ...webhookEvents,
  ping: 'A test was requested',
}

const headers = z.object({
  'webhook-id': z.string().openapi({
    description: 'The same for every attempt: drop a message whose id you have handled',
  }),
  'webhook-timestamp': z.string().openapi({ description: 'Of the attempt, seconds since 1970' }),
  'webhook-signature': z.string().openapi({
    description: 'Standard Webhooks: verify it with the secret of the endpoint and the raw body',
    example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  }),
})

export const webhookOperations: readonly RouteConfig[] = Object.entries(webhookMessages).map(
  ([type, schema]) => ({
    method: 'post',
    path: type,
    operationId: `on${nameOf(type)}`,
    tags: ['Webhooks'],
    security: anonymous,
    summary: summaries[type as WebhookType],
    request: {
      headers,
      body: { required: true, content: { 'application/json': { schema } } },
    },
    responses: {
      '2XX': { description: 'Received, within 20 s; the body of the answer is not read' },
      410: { description: 'The endpoint is gone: it is disabled' },
      default: { description: 'Failed: the message is sent again, ten attempts in all' },
    },
  }),
)

function nameOf(type: string): string {
  return type.replaceAll(/(?:^|[._])([a-z])/g, (_, letter) => letter.toUpperCase())
}
