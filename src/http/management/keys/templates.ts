// GET /api/api-keys/templates: what latchkey.config.ts offers to fill in for a new key.
import { createRoute, z } from '@hono/zod-openapi'
import { managementFailures, wholeList } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import { path } from './keys.ts'
import { rateLimitOut, rateLimitView } from './limit-schema.ts'

const template = z
  .object({
    template: z.string().openapi({ description: 'Its name', example: 'Read-only' }),
    description: z.string(),
    name: z.string().nullable(),
    scopes: z.array(z.string()).nullable(),
    format: z.string().nullable(),
    expires_in_days: z.int().nullable(),
    never_expires: z.boolean(),
    allowed_ips: z.array(z.string()).nullable(),
    rate_limit: rateLimitOut,
    metadata: z.record(z.string(), z.unknown()).nullable(),
  })
  .openapi('KeyTemplate', { description: 'Fields of a new key; null: left to whoever creates it' })

const listTemplates = createRoute({
  method: 'get',
  path: `${path}/templates`,
  operationId: 'listKeyTemplates',
  tags: ['Catalogue'],
  security: byManager,
  summary: 'Templates of new keys, which fill in the form of the dashboard',
  responses: {
    200: wholeList('As the configuration lists them', template),
    ...managementFailures,
  },
})

export function createKeyTemplates({ config }: AppSettings) {
  const data = Object.entries(config.templates ?? {}).map(([name, given]) => ({
    template: name,
    description: given.description,
    name: given.name ?? null,
    scopes: given.scopes ? [...given.scopes] : null,
    format: given.format ?? null,
    expires_in_days: given.expiresInDays ?? null,
    never_expires: given.expiresInDays === null,
    allowed_ips: given.allowedIps ? [...given.allowedIps] : null,
    rate_limit: rateLimitView(
      given.rateLimit?.map((window) => ({ name: `${window.windowSeconds}s`, ...window })) ?? null,
    ),
    metadata: given.metadata ?? null,
  }))
  return createRouter().openapi(listTemplates, (c) =>
    c.json({ status: 'success' as const, data, next_cursor: null }, 200),
  )
}
