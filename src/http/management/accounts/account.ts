// /api/account: the account of the caller, its export, and its deletion.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { auditEntry } from '../../../core/audit.ts'
import { closeAccount, reopenAccount } from '../../../keys/closing.ts'
import { recordEvent } from '../../../storage/account-store.ts'
import { findPlatformAccount, type PlatformAccount } from '../../../storage/platform-accounts.ts'
import type { AppEnv } from '../../app-env.ts'
import { Problem } from '../../response/problem.ts'
import { callerOf, keySettingsOf } from '../../routing/caller.ts'
import { changeAnswer, preferParameter, underway } from '../../routing/change-answer.ts'
import { refuseQuery } from '../../routing/query.ts'
import { bodyFailures, failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager, byOwner, byOwnerAfterStepUp } from '../../routing/security.ts'
import { time } from '../../routing/time.ts'
import { exportAccount } from './export.ts'
import { accountFields, accountView } from './platform-account-schema.ts'

const { id, name, is_platform, created_at, suspended_at, quotas, counts } = accountFields
const fields = {
  ...{ id, name, is_platform, created_at },
  suspended_at: suspended_at.openapi({
    description: 'Since when its keys fail and its people only read',
  }),
  closes_at: time.nullable().openapi({
    description:
      'When the account is deleted with everything in it; its keys are stopped until then',
  }),
  require_factor: z.boolean().openapi({
    description: 'Its people need a second factor; who has none can only enrol one',
  }),
  ...{ quotas, counts },
}
export const view = z.object(fields).openapi('Account')
const changed = z.object({ ...fields, ...underway })
const tags = ['Account']

const read = createRoute({
  method: 'get',
  path: '/api/account',
  operationId: 'getAccount',
  tags,
  security: byManager,
  summary: 'The account, and whether its deletion is scheduled',
  responses: {
    200: success('The account', view),
    ...managementFailures,
    404: failure('The account is gone'),
  },
})

const exporting = createRoute({
  method: 'get',
  path: '/api/account/export',
  operationId: 'exportAccount',
  tags,
  security: byOwnerAfterStepUp,
  summary: 'Export the data of the account as lines of JSON',
  description: `One object per line: \`type\` is \`account\`, \`member\`, \`key\`, \`audit_event\`, \`usage\` and finally \`end\`, with the
number of each. Without that line the export is incomplete. It contains no tokens, digests or passwords.`,
  responses: {
    200: {
      description: 'Lines of JSON, streamed',
      content: { 'application/x-ndjson': { schema: z.string() } },
    },
    ...managementFailures,
  },
})

const remove = createRoute({
  method: 'post',
  path: '/api/account/deletion',
  operationId: 'deleteAccount',
  tags,
  security: byOwnerAfterStepUp,
  summary: 'Stop every key of the account now and delete it in 14 days',
  parameters: [preferParameter],
  description: `For owners after step-up, with the name of the account. Responds 200 once every key is refused everywhere. Until
\`closes_at\` it can be cancelled. Then members, names, usage and the audit trail are deleted permanently; of each key its digest stays,
revoked, so that no token of it can ever work again.`,
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.strictObject({
            name: z.string().max(200).openapi({ description: 'The exact name of the account' }),
          }),
        },
      },
    },
  },
  responses: {
    200: success('Every key is stopped', changed),
    202: success('Every key is stopped, not yet known to be so everywhere', changed),
    ...managementFailures,
    ...bodyFailures,
    409: failure('The account that operates the deployment stays'),
  },
})

const keep = createRoute({
  method: 'delete',
  path: '/api/account/deletion',
  operationId: 'keepAccount',
  tags,
  security: byOwner,
  summary: 'Cancel the deletion: the keys work again as before',
  parameters: [preferParameter],
  responses: {
    200: success('Its keys work again', changed),
    202: success('Its keys work again, not yet known to do so everywhere', changed),
    ...managementFailures,
    409: failure('It is being deleted already'),
  },
})

export function createAccountRoutes() {
  const routes = createRouter()
  // Not `openapi()`: its types do not support lines of JSON.
  routes.openAPIRegistry.registerPath(exporting)
  routes.get(exporting.path, async (c) => {
    refuseQuery(c.req.raw.url)
    const { accountId } = c.var.actor
    const now = c.env.clock.now()
    await recordEvent(c.env.db, accountId, auditEntry(callerOf(c), 'account.exported', {}), now)
    const day = new Date(now).toISOString().slice(0, 10)
    const usage = await c.env.usageReader()
    return c.body(exportAccount(c.env.db, usage, accountId, c.env), 200, {
      'content-type': 'application/x-ndjson; charset=utf-8',
      'content-disposition': `attachment; filename="latchkey-${day}.ndjson"`,
    })
  })
  const settingsOf = async (c: Context<AppEnv>) =>
    [{ ...(await c.env.changeStores()), db: c.env.db }, await keySettingsOf(c)] as const
  return routes
    .openapi(read, async (c) =>
      c.json({ status: 'success' as const, data: ownView(await accountOf(c)) }, 200),
    )
    .openapi(remove, async (c) => {
      const body = c.req.valid('json')
      await confirm(c, body)
      if (c.var.standing.isPlatform) {
        throw new Problem('conflict', { detail: 'The platform account stays.' })
      }
      const progress = await closeAccount(...(await settingsOf(c)), callerOf(c))
      return changeAnswer(c, progress, ownView(await accountOf(c)))
    })
    .openapi(keep, async (c) => {
      const { closesAt } = await accountOf(c)
      if (closesAt !== null && closesAt <= c.env.clock.now()) {
        throw new Problem('conflict', { detail: 'The account is being deleted already.' })
      }
      const progress = await reopenAccount(...(await settingsOf(c)), callerOf(c))
      return changeAnswer(c, progress, ownView(await accountOf(c)))
    })
}

/** An accidental click must not suffice. @throws Problem 400 */
async function confirm(c: Context<AppEnv>, { name }: { name: string }) {
  const account = await accountOf(c)
  if (name.trim() === account.name.trim()) return
  const errors = [{ path: 'name', message: 'Not the name of this account' }]
  throw new Problem('invalid_request', { detail: 'name: not the name of this account', errors })
}

export async function accountOf(c: Context<AppEnv>): Promise<PlatformAccount> {
  const account = await findPlatformAccount(c.env.db, c.var.actor.accountId)
  if (account === null) throw new Problem('not_found', { detail: 'The account is gone.' })
  return account
}

/** As the platform sees it, but for what is the platform's alone. */
export function ownView(account: PlatformAccount): z.infer<typeof view> {
  const { status: _, has_owner: __, ...own } = accountView(account)
  return { ...own, require_factor: account.requiresFactor }
}
