// GET /api/scopes and /api/formats: the available scopes and token formats.
import { createRoute, z } from '@hono/zod-openapi'
import { environmentOf } from '../../../core/environment.ts'
import { roles } from '../../../core/role.ts'
import { readEntry } from '../../../core/scope-matcher.ts'
import { isOfPlatform, powersOfRole, reservedScopes } from '../../../core/scopes.ts'
import { managementFailures, wholeList } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'

const scope = z.object({
  scope: z.string(),
  description: z.string(),
  reserved: z.boolean().openapi({ description: 'Granted only by owners, never inherited' }),
  resource: z.boolean().openapi({
    description: 'A key may hold it for one resource: `contacts:read#42`',
  }),
  wildcard: z.boolean().openapi({ description: 'A wildcard such as `contacts:*` covers it' }),
  roles: z.array(z.enum(roles)).openapi({ description: 'Roles that include it' }),
})

const format = z.object({
  format: z.string().openapi({ example: 'whm' }),
  prefix: z.string().openapi({ example: 'whm_' }),
  alphabet: z.enum(['hex', 'base62']),
  length: z.int().openapi({ description: 'Characters after the prefix' }),
  environment: z.string().openapi({ description: 'Of its keys', example: 'live' }),
  default: z.boolean(),
})

const listScopes = createRoute({
  method: 'get',
  path: '/api/scopes',
  operationId: 'listScopes',
  tags: ['Catalogue'],
  security: byManager,
  summary: 'The scopes that a key can hold',
  responses: { 200: wholeList('The catalogue', scope), ...managementFailures },
})

const listFormats = createRoute({
  method: 'get',
  path: '/api/formats',
  operationId: 'listFormats',
  tags: ['Catalogue'],
  security: byManager,
  summary: 'The formats that a token can have',
  responses: { 200: wholeList('The formats', format), ...managementFailures },
})

export function createScopeRoutes({ config }: AppSettings) {
  const scopes = Object.entries(config.scopes).map(([name, entry]) => ({
    scope: name,
    ...readEntry(entry),
    ...(Object.hasOwn(reservedScopes, name) && { wildcard: false }),
    reserved: Object.hasOwn(reservedScopes, name),
    roles: roles.filter((role) => powersOfRole(role, config).scopes.includes(name)),
  }))
  const formats = Object.entries(config.formats).map(([name, { prefix, alphabet, length }]) => ({
    ...{ format: name, prefix, alphabet, length, environment: environmentOf(name, config) },
    default: name === config.defaultFormat,
  }))
  return createRouter()
    .openapi(listScopes, (c) => {
      const { isPlatform } = c.var.standing
      const data = scopes.filter(({ scope }) => isPlatform || !isOfPlatform(scope))
      return c.json({ status: 'success' as const, data, next_cursor: null }, 200)
    })
    .openapi(listFormats, (c) =>
      c.json({ status: 'success' as const, data: formats, next_cursor: null }, 200),
    )
}
