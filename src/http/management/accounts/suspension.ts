// Suspending, resuming and deleting an account, by the owners of the platform.
import { createRoute } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { deleteAccountLater, resumeAccount, suspendAccount } from '../../../keys/accounts.ts'
import type { AppEnv } from '../../app-env.ts'
import { Problem } from '../../response/problem.ts'
import { callerOf, keySettingsOf } from '../../routing/caller.ts'
import { changeAnswer, preferParameter } from '../../routing/change-answer.ts'
import { idParam } from '../../routing/requests.ts'
import { failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byPlatformOwnerAfterStepUp } from '../../routing/security.ts'
import { accountView, changedSchema } from './platform-account-schema.ts'
import { accountOf, accountsPath } from './platform-accounts.ts'

const common = {
  tags: ['Accounts'],
  security: byPlatformOwnerAfterStepUp,
  parameters: [preferParameter],
  request: { params: idParam },
  responses: {
    200: success('In force everywhere', changedSchema),
    202: success('Not yet known to be in force everywhere', changedSchema),
    ...managementFailures,
    404: failure('There is no such account'),
    409: failure('The platform, or an account that is being deleted'),
  },
}

const suspend = createRoute({
  ...common,
  method: 'post',
  path: `${accountsPath}/{id}/suspend`,
  operationId: 'suspendAccount',
  summary: 'Stop every key of an account; its people may read',
})

const resume = createRoute({
  ...common,
  method: 'post',
  path: `${accountsPath}/{id}/resume`,
  operationId: 'resumeAccount',
  summary: 'Let the keys of an account work again, and take back its deletion by the platform',
})

const remove = createRoute({
  ...common,
  method: 'delete',
  path: `${accountsPath}/{id}`,
  operationId: 'removeAccount',
  summary: 'Suspend an account now and delete it in 14 days',
  description: 'Until `closes_at` the platform can resume it. Its own owner cannot.',
})

type Change = typeof suspendAccount

export function createSuspensions() {
  const run = async (c: Context<AppEnv>, id: string, change: Change) => {
    const { isPlatform, closesAt } = await accountOf(c, id)
    if (isPlatform) throw new Problem('conflict', { detail: 'The platform account stays.' })
    if (closesAt !== null && closesAt <= c.env.clock.now()) {
      throw new Problem('conflict', { detail: 'The account is being deleted already.' })
    }
    const stores = { ...(await c.env.changeStores()), db: c.env.db }
    return change(stores, await keySettingsOf(c), callerOf(c), id)
  }
  const viewOf = async (c: Context<AppEnv>, id: string) => accountView(await accountOf(c, id))
  return createRouter()
    .openapi(suspend, async (c) => {
      const { id } = c.req.valid('param')
      const progress = await run(c, id, suspendAccount)
      return changeAnswer(c, progress, await viewOf(c, id))
    })
    .openapi(resume, async (c) => {
      const { id } = c.req.valid('param')
      const progress = await run(c, id, resumeAccount)
      return changeAnswer(c, progress, await viewOf(c, id))
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid('param')
      const progress = await run(c, id, deleteAccountLater)
      return changeAnswer(c, progress, await viewOf(c, id))
    })
}
