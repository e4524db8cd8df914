// /api/invitations/{id}: joining an account for people who have no user yet. Where it was mailed, the token of its link is the
// credential; else its unguessable id is. People with a user sign in and accept through the endpoint of Better Auth.

import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { roles } from '../../../core/role.ts'
import { type Join, join } from '../../../identity/join.ts'
import { suspendedDetail } from '../../../identity/suspended.ts'
import { type InvitationView, invitationView } from '../../../storage/joining.ts'
import type { AppEnv } from '../../app-env.ts'
import { actingOf } from '../../auth/acting.ts'
import { countGuess, type RightGuess } from '../../auth/guess.ts'
import { Problem } from '../../response/problem.ts'
import { nameField } from '../../routing/fields.ts'
import { idParam } from '../../routing/requests.ts'
import { bodyFailures, failure, openFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { anonymous } from '../../routing/security.ts'
import { password, token } from './fields.ts'

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
        mailed: z.boolean().openapi({ description: 'Accepting it needs the token of its link' }),
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
      content: {
        'application/json': {
          schema: z.strictObject({ name: nameField, password, token: token.optional() }),
        },
      },
    },
  },
  responses: {
    201: success(
      'Joined',
      z.object({ user: z.object({ id: z.uuid(), name: z.string(), email: z.string() }) }),
    ),
    ...openFailures,
    ...bodyFailures,
    403: failure(
      'It was mailed and this is not the token of its link, or the account is suspended',
    ),
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
      const { found, right } = await guessedInvitation(c, c.req.valid('param').id)
      await right()
      const { email, accountName: account, role, status, tokenDigest } = found
      const data = { email, account, role, status, mailed: tokenDigest !== null }
      return c.json({ status: 'success' as const, data }, 200, { 'cache-control': 'no-store' })
    })
    .openapi(accept, async (c) => {
      const { id } = c.req.valid('param')
      const { found, right } = await guessedInvitation(c, id)
      const outcome = await join(c.env.db, id, found, c.req.valid('json'), actingOf(c))
      if (outcome.kind !== 'wrong_token') await right()
      if (outcome.kind !== 'joined') throw refusalOf(outcome.kind)
      const data = { user: outcome.user }
      return c.json({ status: 'success' as const, data }, 201, { 'cache-control': 'no-store' })
    })
}

function refusalOf(kind: Exclude<Join['kind'], 'joined'>): Problem {
  switch (kind) {
    case 'closed':
      return new Problem('conflict', { detail: 'The invitation is not open any more' })
    case 'suspended':
      return new Problem('forbidden', { detail: suspendedDetail })
    case 'wrong_token':
      return new Problem('forbidden', { detail: mailedDetail })
    case 'has_user':
      return new Problem('conflict', { detail: hasUserDetail })
  }
}

const mailedDetail = 'This invitation was mailed: open the link in the last message about it.'
const hasUserDetail =
  'Sign in to accept: this address has a user. If the password is forgotten, reset it first.'

/** The id and the token are secrets: a guess is counted, and a right one is taken back. @throws Problem 404, 429 */
async function guessedInvitation(
  c: Context<AppEnv>,
  id: string,
): Promise<{ found: InvitationView; right: RightGuess }> {
  const { db, signInPerMinute } = c.env.people
  const right = await countGuess(c, 'invitation', signInPerMinute)
  const found = await invitationView(db, id, Date.now())
  if (found === null) throw new Problem('not_found')
  return { found, right }
}
