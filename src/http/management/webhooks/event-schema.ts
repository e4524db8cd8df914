// The messages of webhooks: what core/webhook-event.ts writes. test/worker/webhooks.test.ts holds what was sent to them.
import { z } from '@hono/zod-openapi'
import type { WebhookType } from '../../../core/webhook-event.ts'
import { time } from '../../routing/time.ts'

const key = z
  .object({
    id: z.uuid(),
    name: z.string(),
    key_prefix: z.string(),
    format: z.string(),
    environment: z.string().openapi({ description: 'Of its format' }),
    scopes: z.array(z.string()).nullable().openapi({ description: 'null: inherits' }),
    external_id: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()).nullable(),
    created_by: z.uuid().nullable(),
    created_at: time,
    expires_at: time.nullable(),
    revoked_at: time.nullable(),
    revoked_by: z.uuid().nullable(),
    replaced_by: z.uuid().nullable(),
    is_active: z.boolean(),
  })
  .openapi('WebhookKey', { description: 'The key as it was after the change' })

const account = z.object({ id: z.uuid(), name: z.string() })

const changed = {
  account,
  key,
  actor: z.object({
    kind: z.enum(['person', 'key', 'system', 'platform']),
    id: z.string().nullable(),
  }),
  request_id: z.uuid().nullable(),
}

function message<Type extends WebhookType, Data extends z.ZodRawShape>(type: Type, data: Data) {
  const name = type.replaceAll(/(?:^|[._])([a-z])/g, (_, letter) => letter.toUpperCase())
  return z
    .object({ type: z.literal(type), timestamp: time, data: z.object(data) })
    .openapi(`${name}Event`)
}

/** By type. */
export const webhookMessages = {
  'key.created': message('key.created', changed),
  'key.imported': message('key.imported', changed),
  'key.updated': message('key.updated', {
    ...changed,
    changed: z.array(z.string()).openapi({ description: 'The fields' }),
  }),
  'key.rotated': message('key.rotated', { ...changed, overlap_seconds: z.int() }),
  'key.revoked': message('key.revoked', {
    ...changed,
    reason: z.string().nullable().openapi({ description: '`leaked`, or null', example: 'leaked' }),
  }),
  'key.leaked': message('key.leaked', {
    ...changed,
    url: z.string().nullable().openapi({ description: 'Where the token was found' }),
    source: z.string().nullable().openapi({ example: 'commit' }),
  }),
  'key.expiring': message('key.expiring', { account, key, within_days: z.int() }),
  'key.credits_low': message('key.credits_low', {
    account,
    key,
    credits: z.object({
      remaining: z.int(),
      mark: z.int().openapi({ description: 'Less than this is low' }),
    }),
  }),
  ping: message('ping', { account, endpoint_id: z.uuid() }),
} satisfies Record<WebhookType, z.ZodType>

export const webhookMessage = z
  .union(Object.values(webhookMessages))
  .openapi('WebhookEvent', { description: 'The body of a message' })
