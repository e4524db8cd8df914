// /api/operations: operator endpoints that require the secret of the deployment; scripts/restore.ts calls them.
import { createRoute, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { credentialsOf } from '../../../contract/credentials.ts'
import { listFences } from '../../../storage/fence-registry.ts'
import type { AppEnv } from '../../app-env.ts'
import { isSetupToken } from '../../auth/guess.ts'
import { Problem } from '../../response/problem.ts'
import { missingCredential } from '../../response/refusals.ts'
import {
  bodyFailures,
  failure,
  managementFailures,
  success,
  wholeList,
} from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byOperator } from '../../routing/security.ts'

const name = z.string().regex(/^[a-z-]+\/\d+-of-\d+$/, 'Not the name of a fence')

const listed = createRoute({
  method: 'get',
  path: '/api/operations/fences',
  operationId: 'listFences',
  tags: ['Operations'],
  security: byOperator,
  summary: 'The fences that changes wait for; keep the list before D1 is restored',
  responses: { 200: wholeList('Their names', name), ...managementFailures },
})

const reset = createRoute({
  method: 'post',
  path: '/api/operations/fences/reset',
  operationId: 'resetFences',
  tags: ['Operations'],
  security: byOperator,
  summary: 'Part of restoring D1: every fence registers again. Only while CHANGES is "stopped"',
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.strictObject({
            fences: z.array(name).max(1_000).optional().openapi({
              description: 'Those that were listed before; none if left out',
            }),
          }),
        },
      },
    },
  },
  responses: {
    200: success(
      'Which fences were reset, and which did not answer: call again until there are none',
      z.object({ reset: z.array(name), missing: z.array(name) }),
    ),
    ...managementFailures,
    ...bodyFailures,
    409: failure('Changes are not stopped'),
  },
})

export function createOperationRoutes() {
  const routes = createRouter()
  routes.use('/api/operations/*', operatorOnly)
  return routes
    .openapi(listed, async (c) => {
      const data = await listFences(c.env.db)
      return c.json({ status: 'success' as const, data, next_cursor: null }, 200)
    })
    .openapi(reset, async (c) => {
      if (!c.env.changesStopped) {
        const detail = 'Stop changes first: deploy with CHANGES set to "stopped".'
        throw new Problem('conflict', { detail })
      }
      const { fences: before = [] } = c.req.valid('json')
      const names = [...new Set([...before, ...(await listFences(c.env.db)), ...c.env.fenceNames])]
      const missing = await c.env.resetFences(names)
      const data = { reset: names.filter((each) => !missing.includes(each)), missing }
      return c.json({ status: 'success' as const, data }, 200)
    })
}

const operatorOnly: MiddlewareHandler<AppEnv> = async function operatorOnly(c, next) {
  const presented = credentialsOf(c.req.raw.headers, 'bearer') || undefined
  if (presented === undefined) throw missingCredential('Present SETUP_TOKEN as a Bearer token.')
  if (!(await isSetupToken(c, presented))) {
    throw new Problem('forbidden', { detail: 'This is not the SETUP_TOKEN of the deployment.' })
  }
  await next()
}
