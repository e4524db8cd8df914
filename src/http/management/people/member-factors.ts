// GET /api/members/factors: who of the account has a second factor, for the owners who may require one.
import { createRoute, z } from '@hono/zod-openapi'
import { membersWithFactors } from '../../../storage/people-store.ts'
import { managementFailures, wholeList } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byOwner } from '../../routing/security.ts'

const list = createRoute({
  method: 'get',
  path: '/api/members/factors',
  operationId: 'getFactorsOfMembers',
  tags: ['Members'],
  security: byOwner,
  summary: 'Which members have a second factor',
  description: 'What kind it is stays with the member.',
  responses: {
    200: wholeList('Every member', z.object({ user_id: z.string(), has_factor: z.boolean() })),
    ...managementFailures,
  },
})

export function createMemberFactors() {
  return createRouter().openapi(list, async (c) => {
    const members = await membersWithFactors(c.env.db, c.var.actor.accountId)
    const data = members.map(({ userId, hasFactor }) => ({
      user_id: userId,
      has_factor: hasFactor,
    }))
    return c.json({ status: 'success' as const, data, next_cursor: null }, 200)
  })
}
