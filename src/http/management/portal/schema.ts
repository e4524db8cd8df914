// Portal sessions and the keys of their customers on the wire.
import { z } from '@hono/zod-openapi'
import type { Config } from '../../../core/config.ts'
import { environmentsOf } from '../../../core/environment.ts'
import { heldRefusal } from '../../../core/scope-matcher.ts'
import { reservedScopes } from '../../../core/scopes.ts'
import { isOrigin } from '../../../core/text.ts'
import { isConcrete, type SessionInput } from '../../../keys/portal.ts'
import { externalIdField } from '../../routing/fields.ts'
import { type KeyView, keySchema } from '../keys/key-schema.ts'
import { rateLimitField } from '../keys/limit-schema.ts'

const maxListed = 200
const maxLifetimeSeconds = 100 * 365 * 24 * 60 * 60
const maxKeys = 10_000
const defaultMaxKeys = 10

const limits = z.strictObject({
  rate_limit: rateLimitField.openapi({
    description:
      'Of each key that the customer makes, and of all of them together. null: unlimited',
  }),
  limits_by: z.literal('external_id').optional().openapi({
    description: 'The keys of the customer share their limits, whether or not this is there',
  }),
  max_lifetime: z.int().min(1).max(maxLifetimeSeconds).nullish().openapi({
    description: 'Of a key, in seconds; null or left out: any, also without an expiry',
  }),
})

const origin = z
  .string()
  .refine(isReturnOrigin, { error: 'An exact origin, such as https://app.example.com' })
  .openapi({
    description: 'Of your page, to which the portal leads back; http on loopback only',
    example: 'https://app.example.com',
  })

export function sessionBody(config: Pick<Config, 'scopes' | 'formats'>) {
  const isGrantable = (text: string) =>
    heldRefusal(text, config.scopes) === null &&
    isConcrete(text) &&
    !Object.hasOwn(reservedScopes, text)
  const scope = z.string().refine(isGrantable, { error: 'No scope that a customer may grant' })
  const minted = { formats: config.formats, foreign: {} }
  const environment = z.enum(environmentsOf(minted), { error: 'No such environment' })
  return z.strictObject({
    external_id: externalIdField.openapi({
      description: 'Whose keys they are: of your own session, never from a request of the customer',
    }),
    scopes: z
      .array(scope)
      .min(1)
      .max(maxListed)
      .transform((scopes) => [...new Set(scopes)])
      .openapi({
        description:
          'What the keys of the customer can hold: scopes, or scopes for one resource; no wildcards',
        example: ['contacts:read'],
      }),
    limits,
    origin: origin.nullish(),
    environments: z
      .array(environment)
      .min(1)
      .max(maxListed)
      .transform((all) => [...new Set(all)])
      .optional()
      .openapi({
        description: '`live` alone if left out',
      }),
    max_keys: z
      .int()
      .min(0)
      .max(maxKeys)
      .optional()
      .openapi({
        description: `Unrevoked keys with this external_id, whoever made them; of a rotation the newest. ${defaultMaxKeys} if left out`,
      }),
  })
}

/** http stays on the machine. */
function isReturnOrigin(text: string): boolean {
  if (!isOrigin(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}

export function sessionInputOf(body: z.output<ReturnType<typeof sessionBody>>): SessionInput {
  const { rate_limit, max_lifetime } = body.limits
  return {
    externalId: body.external_id,
    scopes: body.scopes,
    environments: body.environments ?? ['live'],
    rateLimit: rate_limit,
    maxLifetime: max_lifetime ?? null,
    maxKeys: body.max_keys ?? defaultMaxKeys,
    origin: body.origin ?? null,
  }
}

/** What a customer sees of a key: no metadata, addresses or creators. */
export const portalKeySchema = keySchema
  .pick({
    ...{ id: true, name: true, key_prefix: true, environment: true, scopes: true, status: true },
    ...{
      is_active: true,
      rate_limit: true,
      created_at: true,
      expires_at: true,
      last_used_at: true,
    },
    ...{ revoked_at: true, replaced_by: true },
  })
  .extend({
    read_only: z.boolean().openapi({
      description: 'Beyond the bounds of the session: it cannot be changed in the portal',
    }),
  })
  .openapi('PortalKey')

export function portalViewOf(view: KeyView, read_only: boolean): z.infer<typeof portalKeySchema> {
  return { ...portalKeySchema.omit({ read_only: true }).parse(view), read_only }
}
