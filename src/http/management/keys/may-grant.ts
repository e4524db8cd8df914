// `may_grant`: what a key with keys:manage or keys:portal may grant. A field that is null or left out is unbounded.
import { z } from '@hono/zod-openapi'
import type { MayGrant } from '../../../core/actor.ts'
import type { Config } from '../../../core/config.ts'
import { environmentsOf } from '../../../core/environment.ts'
import { heldRefusal } from '../../../core/scope-matcher.ts'
import { reservedScopes } from '../../../core/scopes.ts'
import { externalIdField } from '../../routing/fields.ts'
import { rateLimitField, rateLimitOut, rateLimitView } from './limit-schema.ts'

const maxListed = 200
const maxLifetimeSeconds = 100 * 365 * 24 * 60 * 60
const maxKeys = 1_000_000

export function mayGrantField(config: Pick<Config, 'scopes' | 'formats' | 'foreign'>) {
  // A wildcard covers no reserved scope.
  const isGrantable = (text: string) =>
    heldRefusal(text, config.scopes) === null && !Object.hasOwn(reservedScopes, text)
  const scope = z.string().refine(isGrantable, { error: 'No scope that a key may grant' })
  const environment = z.enum(environmentsOf(config), { error: 'No such environment' })
  return z
    .strictObject({
      scopes: z.array(scope).max(maxListed).nullish(),
      environments: z.array(environment).max(maxListed).nullish(),
      external_ids: z.array(externalIdField).max(maxListed).nullish(),
      max_lifetime: z.int().min(1).max(maxLifetimeSeconds).nullish().openapi({
        description: 'Seconds',
      }),
      rate_limit: rateLimitField.optional(),
      max_keys: z.int().min(0).max(maxKeys).nullish().openapi({
        description: 'Unrevoked keys whose `made_by` is this key',
      }),
    })
    .transform(
      (given): MayGrant => ({
        scopes: given.scopes ?? null,
        environments: given.environments ?? null,
        externalIds: given.external_ids ?? null,
        maxLifetime: given.max_lifetime ?? null,
        rateLimit: given.rate_limit ?? null,
        maxKeys: given.max_keys ?? null,
      }),
    )
    .nullable()
    .openapi({
      description:
        'What a key with keys:manage, keys:portal or platform:manage may grant; null: nothing. A field that is null or left out is unbounded. Set by owners',
    })
}

export const mayGrantOut = z
  .object({
    scopes: z.array(z.string()).nullable(),
    environments: z.array(z.string()).nullable(),
    external_ids: z.array(z.string()).nullable(),
    max_lifetime: z.int().nullable(),
    rate_limit: rateLimitOut,
    max_keys: z.int().nullable(),
  })
  .nullable()

export function mayGrantView(bounds: MayGrant | null): z.infer<typeof mayGrantOut> {
  if (bounds === null) return null
  const { scopes, environments, externalIds, maxLifetime, rateLimit, maxKeys } = bounds
  return {
    scopes: scopes && [...scopes],
    environments: environments && [...environments],
    external_ids: externalIds && [...externalIds],
    max_lifetime: maxLifetime,
    rate_limit: rateLimitView(rateLimit),
    max_keys: maxKeys,
  }
}
