// Endpoints and deliveries on the wire: schemas of requests and responses, and the views that fill them.
import { z } from '@hono/zod-openapi'
import { webhookTypes } from '../../../core/webhook-event.ts'
import { type TargetRules, webhookTarget } from '../../../core/webhook-target.ts'
import type { Delivery } from '../../../storage/webhook-deliveries.ts'
import type { Endpoint } from '../../../storage/webhook-endpoints.ts'
import { nameField } from '../../routing/fields.ts'
import { isoTime, time } from '../../routing/time.ts'

const eventType = z.enum(webhookTypes, { error: 'No such type of event' })

export const endpointSchema = z
  .object({
    id: z.uuid(),
    url: z.string().openapi({ example: 'https://example.com/hooks/latchkey' }),
    description: z.string().nullable(),
    events: z
      .array(z.string())
      .nullable()
      .openapi({ description: 'null: all, future ones included' }),
    is_active: z.boolean(),
    disabled_reason: z.enum(['gone', 'failing']).nullable().openapi({
      description: 'Why Latchkey disabled it: a 410 response, or failed attempts for days',
    }),
    previous_secret_until: time
      .nullable()
      .openapi({ description: 'Until then the previous secret signs as well' }),
    created_by: z.uuid().nullable(),
    created_at: time,
    last_success_at: time.nullable(),
    needs_review: z
      .boolean()
      .openapi({ description: 'Its creator was demoted or removed; an admin or owner clears it' }),
  })
  .openapi('WebhookEndpoint')

export const secretField = {
  secret: z.string().openapi({
    example: `whsec_${'A'.repeat(43)}=`,
    description: 'Verifies signatures; not shown again',
  }),
}

export const deliverySchema = z
  .object({
    id: z.uuid(),
    event_id: z.uuid().openapi({ description: 'The webhook-id of the message' }),
    type: z.string().openapi({ example: 'key.revoked' }),
    status: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int(),
    last_attempt_at: time.nullable(),
    last_status: z.int().nullable().openapi({ description: 'The status of the last response' }),
    last_error: z.string().nullable(),
    next_attempt_at: time.nullable(),
    created_at: time,
  })
  .openapi('WebhookDelivery')

/** The fields that a client sets. */
export function endpointFields(rules: TargetRules) {
  return {
    url: z
      .string()
      .trim()
      .transform((text, context) => {
        const target = webhookTarget(text, rules)
        if ('url' in target) return target.url
        context.addIssue({ code: 'custom', message: `The URL ${target.refused}` })
        return z.NEVER
      })
      .openapi({ type: 'string', format: 'uri', example: 'https://example.com/hooks/latchkey' }),
    description: nameField.nullable().openapi({ type: ['string', 'null'] }),
    events: z
      .array(eventType)
      .min(1, 'null means all')
      .transform((types) => [...new Set(types)])
      .nullable()
      .openapi({ description: 'null or omitted: all, future ones included' }),
  }
}

export function endpointView(endpoint: Endpoint, nowMs: number) {
  const { previousUntil, sealedPrevious } = endpoint
  const overlaps = sealedPrevious !== null && previousUntil !== null && previousUntil > nowMs
  return {
    id: endpoint.id,
    url: endpoint.url,
    description: endpoint.description,
    events: endpoint.events,
    is_active: endpoint.enabled,
    disabled_reason: endpoint.disabledReason,
    previous_secret_until: overlaps ? isoTime(previousUntil) : null,
    created_by: endpoint.createdBy,
    created_at: isoTime(endpoint.createdAt),
    last_success_at: orNull(endpoint.lastSuccessAt),
    needs_review: endpoint.needsReview,
  }
}

export function deliveryView(delivery: Delivery) {
  const { id, status, attempts, lastStatus, lastError } = delivery
  return {
    ...{ id, status, attempts },
    event_id: delivery.eventId,
    type: delivery.type,
    last_attempt_at: orNull(delivery.lastAttemptAt),
    last_status: lastStatus,
    last_error: lastError,
    next_attempt_at: status === 'pending' ? isoTime(delivery.nextAttemptAt) : null,
    created_at: isoTime(delivery.createdAt),
  }
}

function orNull(timeMs: number | null): string | null {
  return timeMs === null ? null : isoTime(timeMs)
}
