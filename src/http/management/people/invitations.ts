// /api/invitations/{id}: joining an account for people who have no user yet. The unguessable id is the
// credential. People with a user sign in and accept through the endpoint of Better Auth.

import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { roles } from '../../../core/role.ts'
import { hashPassword } from '../../../identity/password.ts'
import { suspendedDetail } from '../../../identity/suspended.ts'
import {
  acceptInvitation,
  type InvitationView,
  invitationView,
} from '../../../storage/people-store.ts'
import type { AppEnv } from '../../app-env.ts'
import { countGuess } from '../../auth/guess.ts'
import { Problem } from '../../response/problem.ts'
import { nameField } from '../../routing/fields.ts'
import { idParam } from '../../routing/requests.ts'
import { bodyFailures, failure, openFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { anonymous } from '../../routing/security.ts'
import { password } from './fields.ts'

const view = createRoute({
  method: 'get',
  path: '/api/invitations/{id}',
  operationId: 'getInvitation',
  security: anonymous,
  tags: ['Members'],
  summary: 'Read an invitation by the id in its link',
  request: { params: idParam },
  responses: {
    200: success(
      'The invitation',
      z.object({
        email: z.string(),
        account: z.string(),
        role: z.enum(roles),
        status: z.enum(['pending', 'accepted', 'rejected', 'canceled', 'expired']),
      }),
    ),
    ...openFailures,
    404: failure('No such invitation'),
  },
})

const accept = createRoute({
  method: 'post',
  path: '/api/invitations/{id}/accept',
  operationId: 'acceptInvitation',
  security: anonymous,
  tags: ['Members'],
  summary: 'Join by invitation as a new user',
  request: {
    params: idParam,
    body: {
      required: true,
      content: { 'application/json': { schema: z.strictObject({ name: nameField, password }) } },
    },
  },
  responses: {
    201: success(
      'Joined',
      z.object({ user: z.object({ id: z.uuid(), name: z.string(), email: z.string() }) }),
    ),
    ...openFailures,
    ...bodyFailures,
    403: failure('The account is suspended'),
    404: failure('No such invitation'),
    409: failure('Not open any more, or a user with this address exists'),
    429: failure(
      'Too many requests from this address, or the account has as many members as it may (`quota_exceeded`)',
    ),
  },
})

export function createInvitationRoutes() {
  return createRouter()
    .openapi(view, async (c) => {
      const found = await guessedInvitation(c, c.req.valid('param').id)
      const { email, accountName: account, role, status } = found
      const data = { email, account, role, status }
      return c.json({ status: 'success' as const, data }, 200, { 'cache-control': 'no-store' })
    })
    .openapi(accept, async (c) => {
      const { id } = c.req.valid('param')
      const body = c.req.valid('json')
      const found = await guessedInvitation(c, id)
      // Checked first only to avoid the hash and to give the reason; the batch decides.
      const closed = new Problem('conflict', { detail: 'The invitation is not open any more' })
      if (found.status !== 'pending') throw closed
      if (found.isSuspended) throw new Problem('forbidden', { detail: suspendedDetail })
      if (found.hasUser) throw new Problem('conflict', { detail: 'Sign in to accept' })
      const user = { id: crypto.randomUUID(), name: body.name, email: found.email }
      const passwordHash = await hashPassword(body.password)
      const person = { userId: user.id, name: user.name, passwordHash }
      const outcome = await acceptInvitation(c.env.db, id, person, Date.now())
      if (outcome === 'refused') throw closed
      const data = { user }
      return c.json({ status: 'success' as const, data }, 201, { 'cache-control': 'no-store' })
    })
}

/** The id is a secret: a guess is counted, and a right one is taken back. @throws Problem 404, 429 */
async function guessedInvitation(c: Context<AppEnv>, id: string): Promise<InvitationView> {
  const { db, signInPerMinute } = c.env.people
  const right = await countGuess(c, 'invitation', signInPerMinute)
  const found = await invitationView(db, id, Date.now())
  if (found === null) throw new Problem('not_found')
  await right()
  return found
}
