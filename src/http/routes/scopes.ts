// GET /api/scopes: the catalogue that a key's scopes are chosen from.
import { createRoute, z } from '@hono/zod-openapi'
import { reservedScopes } from '../../core/scopes.ts'
import { managementFailures, success } from '../answers.ts'
import { createRouter } from '../openapi.ts'
import type { Isolate } from '../wiring.ts'

const scope = z.object({
  scope: z.string(),
  description: z.string(),
  reserved: z.boolean().openapi({ description: 'Granted by an owner alone, never inherited' }),
})

const list = createRoute({
  method: 'get',
  path: '/api/scopes',
  summary: 'The scopes that a key can hold',
  responses: { 200: success('The catalogue', z.array(scope)), ...managementFailures },
})

export function createScopeRoutes({ config }: Isolate) {
  const data = Object.entries(config.scopes).map(([name, description]) => ({
    scope: name,
    description,
    reserved: Object.hasOwn(reservedScopes, name),
  }))
  return createRouter().openapi(list, (c) => c.json({ status: 'success' as const, data }, 200))
}
