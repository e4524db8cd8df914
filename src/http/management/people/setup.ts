// /api/setup: the first account and its owner, once, with the secret SETUP_TOKEN.
import { createRoute, z } from '@hono/zod-openapi'
import { email } from '../../../identity/email.ts'
import { hashPassword } from '../../../identity/password.ts'
import { createFirstOwner, needsFirstOwner } from '../../../storage/people-store.ts'
import { isSetupToken, refuseFlood } from '../../auth/guess.ts'
import { Problem } from '../../response/problem.ts'
import { nameField } from '../../routing/fields.ts'
import { bodyFailures, failure, openFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { anonymous } from '../../routing/security.ts'
import { password } from './fields.ts'

const status = createRoute({
  method: 'get',
  path: '/api/setup',
  operationId: 'getSetup',
  security: anonymous,
  tags: ['People'],
  summary: 'Whether the first owner has yet to be created',
  responses: {
    200: success('Whether set-up is required', z.object({ needed: z.boolean() })),
    ...openFailures,
  },
})

const setup = createRoute({
  method: 'post',
  path: '/api/setup',
  operationId: 'setUp',
  security: anonymous,
  tags: ['People'],
  summary: 'Create the first account and its owner',
  description: 'Works once. `setup_token` is the secret SETUP_TOKEN of the deployment.',
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.strictObject({
            setup_token: z.string().max(1_000),
            account: nameField,
            name: nameField,
            email,
            password,
          }),
        },
      },
    },
  },
  responses: {
    201: success(
      'Made',
      z.object({
        account: z.object({ id: z.uuid(), name: z.string() }),
        user: z.object({ id: z.uuid(), name: z.string(), email: z.string() }),
      }),
    ),
    ...openFailures,
    ...bodyFailures,
    403: failure('Wrong set-up token'),
    409: failure('Set up already'),
  },
})

export function createSetupRoutes() {
  return createRouter()
    .openapi(status, async (c) => {
      const { memory } = c.env.people
      if (!memory.hasOwner) {
        await refuseFlood(c)
        memory.hasOwner = !(await needsFirstOwner(c.env.db))
      }
      const data = { needed: !memory.hasOwner }
      return c.json({ status: 'success' as const, data }, 200, { 'cache-control': 'no-store' })
    })
    .openapi(setup, async (c) => {
      const body = c.req.valid('json')
      if (!(await isSetupToken(c, body.setup_token.trim())))
        throw new Problem('forbidden', { detail: 'The set-up token is wrong' })
      const done = new Problem('conflict', { detail: 'The first owner exists already' })
      // Checked first only to avoid the hash; the lock in the batch decides.
      if (!(await needsFirstOwner(c.env.db))) throw done
      const account = { id: crypto.randomUUID(), name: body.account }
      const user = { id: crypto.randomUUID(), name: body.name, email: body.email }
      const outcome = await createFirstOwner(
        c.env.db,
        {
          userId: user.id,
          name: user.name,
          email: user.email,
          passwordHash: await hashPassword(body.password),
          accountId: account.id,
          accountName: account.name,
        },
        Date.now(),
      )
      if (outcome === 'taken') throw done
      const data = { account, user }
      return c.json({ status: 'success' as const, data }, 201, { 'cache-control': 'no-store' })
    })
}
