// PATCH /api/account: whether the people of the account need a second factor.
import { createRoute, z } from '@hono/zod-openapi'
import { auditEntry } from '../../../core/audit.ts'
import { hasFactor } from '../../../core/factors.ts'
import { requireFactor } from '../../../storage/account-store.ts'
import { enrolledFactors } from '../../../storage/factor-store.ts'
import { Problem } from '../../response/problem.ts'
import { callerOf } from '../../routing/caller.ts'
import { json } from '../../routing/requests.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byOwnerAfterStepUp } from '../../routing/security.ts'
import { accountOf, ownView, view } from './account.ts'

const change = createRoute({
  method: 'patch',
  path: '/api/account',
  operationId: 'updateAccount',
  tags: ['Account'],
  security: byOwnerAfterStepUp,
  summary: 'Require a second factor of the people of the account',
  description:
    'In force with the answer, for sessions and JWTs alike, those of another issuer included: who has no second factor gets 403 for everything of the account. Keys are not concerned.',
  request: json(z.strictObject({ require_factor: z.boolean() })),
  responses: {
    200: success('The account', view),
    ...managementFailures,
    ...bodyFailures,
    404: failure('The account is gone'),
    409: failure('The owner who requires it has none'),
  },
})

export function createFactorRequirement() {
  return createRouter().openapi(change, async (c) => {
    const { require_factor: isRequired } = c.req.valid('json')
    const caller = callerOf(c)
    const { id: ownerId, accountId } = caller.actor
    if (isRequired && !hasFactor(await enrolledFactors(c.env.db, ownerId))) throw hasNoFactor()
    const audit = auditEntry(caller, 'account.factor_requirement_changed', {
      require_factor: isRequired,
    })
    const change = { accountId, ownerId, isRequired }
    // Of a factor that is removed at the same time, this decides.
    const isDone = await requireFactor(c.env.db, change, audit, c.env.clock.now())
    if (!isDone) throw hasNoFactor()
    const data = ownView(await accountOf(c))
    return c.json({ status: 'success' as const, data }, 200)
  })
}

function hasNoFactor(): Problem {
  return new Problem('conflict', { detail: 'Enrol a second factor yourself first.' })
}
