// POST /api/members/{user_id}/reset-link: a link by which a member sets a new password, for an owner to hand over.
import { createRoute, z } from '@hono/zod-openapi'
import { makeOwnersLink } from '../../../identity/reset.ts'
import { actingOf } from '../../auth/acting.ts'
import { Problem } from '../../response/problem.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import { idField } from '../../routing/requests.ts'
import { failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byOwnerAfterStepUp } from '../../routing/security.ts'
import { isoTime, time } from '../../routing/time.ts'

const create = createRoute({
  ...idempotent,
  method: 'post',
  path: '/api/members/{user_id}/reset-link',
  operationId: 'createResetLink',
  tags: ['Members'],
  security: byOwnerAfterStepUp,
  summary: 'Make a link by which a member sets a new password',
  description: `For a member or admin who belongs to this account alone, while it is made and when it is used. It works once, within 30 minutes, needs no mail, and
is shown once: a repeated request is a 409. Everybody else resets by mail, or asks who operates the deployment.`,
  request: { params: z.object({ user_id: idField }) },
  responses: {
    201: success(
      'The link, to be handed to the member',
      z.object({
        url: z.url().openapi({ example: 'https://keys.example.com/reset-password#TOKEN' }),
        expires_at: time,
      }),
    ),
    ...managementFailures,
    ...idempotentFailures,
    404: failure('Not a member, an owner, or a member of another account too'),
    409: failure('The request was executed before'),
  },
})

export function createResetLinkRoutes() {
  return createRouter().openapi(create, async (c) => {
    const { user_id: userId } = c.req.valid('param')
    const { actor } = c.var
    return once(c, {
      ...{ route: create, payload: {} },
      async execute(request) {
        const owner = { kind: 'person', id: actor.id } as const
        const of = { userId, accountId: actor.accountId, owner, request }
        const made = await makeOwnersLink(c.env.people, of, actingOf(c, c.env.clock.now()))
        if (made === null) throw noSuchMember()
        const data = { url: made.url, expires_at: isoTime(made.expiresAt) }
        const headers = { 'cache-control': 'no-store' }
        return c.json({ status: 'success' as const, data }, 201, headers)
      },
      async repeat(): Promise<never> {
        const detail = 'This request was executed before: its link is not shown again.'
        throw new Problem('conflict', { detail })
      },
    })
  })
}

function noSuchMember(): Problem {
  const detail =
    'There is no such member whose password an owner may reset: they belong to this account alone, and are no owner.'
  return new Problem('not_found', { detail })
}
