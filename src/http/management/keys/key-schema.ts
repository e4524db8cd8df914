// A key on the wire: its schemas in requests and its view in responses.
import { z } from '@hono/zod-openapi'
import { readAddressOrBlock } from '../../../core/address.ts'
import type { Config } from '../../../core/config.ts'
import { environmentOf } from '../../../core/environment.ts'
import { limitOwners } from '../../../core/limits.ts'
import { heldRefusal } from '../../../core/scope-matcher.ts'
import { keyStatuses } from '../../../storage/key-filter.ts'
import { type ListedKey, statusOf } from '../../../storage/key-store.ts'
import { externalIdField, metadataField, nameField, timeField } from '../../routing/fields.ts'
import { isoTime, time } from '../../routing/time.ts'
import type { AppSettings } from '../../services.ts'
import {
  creditsField,
  creditsOut,
  creditsView,
  limitsByField,
  rateLimitField,
  rateLimitOut,
  rateLimitView,
} from './limit-schema.ts'
import { mayGrantField, mayGrantOut, mayGrantView } from './may-grant.ts'

const maxAddresses = 50

export const keySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    key_prefix: z.string().openapi({ example: 'a1b2c3d4' }),
    format: z.string().openapi({ example: 'whm' }),
    environment: z.string().openapi({ description: 'Of its format', example: 'live' }),
    scopes: z
      .array(z.string())
      .nullable()
      .openapi({ description: 'null: inherits the scopes of the creator' }),
    status: z.enum(keyStatuses),
    is_active: z.boolean(),
    external_id: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()).nullable(),
    allowed_ips: z.array(z.string()).nullable(),
    rate_limit: rateLimitOut,
    credits: creditsOut,
    limits_by: z.enum(limitOwners),
    may_grant: mayGrantOut,
    made_by: z.string().nullable().openapi({
      description:
        'The person or the key that made it; of a rotated key, the first of its rotations',
    }),
    created_by: z.uuid().nullable(),
    created_by_name: z.string().nullable(),
    created_at: time,
    expires_at: time.nullable(),
    last_used_at: time.nullable(),
    revoked_at: time.nullable(),
    revoked_by: z.uuid().nullable(),
    replaced_by: z.uuid().nullable(),
    needs_review: z
      .boolean()
      .openapi({ description: 'Its creator was demoted or removed; an admin or owner clears it' }),
  })
  .openapi('Key')

export type KeyView = z.infer<typeof keySchema>

/**
 * A key as responses show it, without token and digest. `balance`: the credits in its meter, null when it has
 * none or they are unknown.
 */
export function viewOf(
  key: ListedKey,
  balance: number | null,
  { config, clock }: AppSettings,
): KeyView {
  return {
    id: key.id,
    name: key.name,
    key_prefix: key.keyPrefix,
    format: key.format,
    environment: environmentOf(key.format, config),
    scopes: key.scopes,
    status: statusOf(key, clock.now()),
    is_active: key.revokedAt === null && !key.disabled,
    external_id: key.externalId,
    metadata: key.metadata,
    allowed_ips: key.allowedIps,
    rate_limit: rateLimitView(key.rateLimit),
    credits: creditsView(key.credits, balance),
    limits_by: key.limitsBy,
    may_grant: mayGrantView(key.mayGrant),
    made_by: key.madeBy,
    created_by: key.createdBy,
    created_by_name: key.creatorName,
    created_at: isoTime(key.createdAt),
    expires_at: nullable(key.expiresAt),
    last_used_at: nullable(key.lastUsedAt),
    revoked_at: nullable(key.revokedAt),
    revoked_by: key.revokedBy,
    replaced_by: key.replacedBy,
    needs_review: key.needsReview,
  }
}

function nullable(timeMs: number | null): string | null {
  return timeMs === null ? null : isoTime(timeMs)
}

/** For a schema whose type is set by hand. */
const orNull = { type: ['string' as const, 'null' as const] }

/** In canonical form. */
const addressField = z
  .string()
  .transform((text, context) => {
    const reading = readAddressOrBlock(text)
    if ('block' in reading) return reading.block
    context.addIssue(reading.error)
    return z.NEVER
  })
  .openapi({ type: 'string', example: '192.0.2.0/24' })

/** In the past too; null: never. */
export const expiryField = timeField
  .nullable()
  .openapi({ type: ['string', 'null'], format: 'date-time', example: '2027-12-31T23:59:59Z' })

/** What a key can hold. */
export function scopeField({ scopes }: Pick<Config, 'scopes'>) {
  return z.string().superRefine((text, context) => {
    const refusal = heldRefusal(text, scopes)
    if (refusal !== null) context.addIssue(refusal)
  })
}

/** The fields that a client sets, checked against the configuration and a clock. */
export function keyFields(
  config: Pick<Config, 'scopes' | 'formats' | 'foreign'>,
  now: () => number,
) {
  const scope = scopeField(config)
  return {
    name: nameField,
    expires_at: expiryField.refine((timeMs) => timeMs === null || timeMs > now(), {
      error: 'Not in the future',
    }),
    scopes: z
      .array(scope)
      .max(200)
      .transform((scopes) => [...new Set(scopes)])
      .nullable()
      .openapi({
        description:
          'A scope; a wildcard (`contacts:*`), which covers all scopes that begin so, also those to come; or a scope for one resource (`contacts:read#42`). null or omitted: inherits the scopes of its creator',
      }),
    allowed_ips: z
      .array(addressField)
      .min(1, 'null allows any address')
      .max(maxAddresses)
      .nullable(),
    rate_limit: rateLimitField,
    credits: creditsField,
    limits_by: limitsByField,
    external_id: externalIdField.nullable().openapi(orNull),
    metadata: metadataField.nullable(),
    may_grant: mayGrantField(config),
  }
}
