// GET /api/accounts: all accounts of the deployment, for the platform.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import {
  accountStatuses,
  findPlatformAccount,
  listAccounts,
  type PlatformAccount,
} from '../../../storage/platform-accounts.ts'
import type { AppEnv } from '../../app-env.ts'
import { noSuchAccount } from '../../auth/named-account.ts'
import { defaultLimit, lookedThrough, pageOf, pageQuery, readCursor } from '../../routing/paging.ts'
import { idParam } from '../../routing/requests.ts'
import { failure, managementFailures, nextCursor, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byPlatform } from '../../routing/security.ts'
import { accountSchema, accountView } from './platform-account-schema.ts'

export const accountsPath = '/api/accounts'
const tags = ['Accounts']

const list = createRoute({
  method: 'get',
  path: accountsPath,
  operationId: 'listAccounts',
  tags,
  security: byPlatform,
  summary: 'The accounts of the deployment, newest first',
  description: lookedThrough,
  request: {
    query: pageQuery.extend({
      search: z.string().trim().min(1).max(100).normalize('NFC').optional().openapi({
        description: 'Part of a name, or an id',
      }),
      status: z.enum(accountStatuses).optional(),
    }),
  },
  responses: {
    200: success('A page of accounts', z.array(accountSchema), nextCursor),
    ...managementFailures,
  },
})

const read = createRoute({
  method: 'get',
  path: `${accountsPath}/{id}`,
  operationId: 'readAccount',
  tags,
  security: byPlatform,
  summary: 'One account',
  request: { params: idParam },
  responses: {
    200: success('The account', accountSchema),
    ...managementFailures,
    404: failure('There is no such account'),
  },
})

export function createPlatformAccounts() {
  return createRouter()
    .openapi(list, async (c) => {
      const { limit = defaultLimit, cursor, ...filter } = c.req.valid('query')
      const page = { limit: limit + 1, after: readCursor(cursor, filter) }
      const { rows, lookedTo } = await listAccounts(c.env.db, filter, page)
      const { page: shown, next_cursor } = pageOf(rows, limit, lookedTo, filter)
      const data = shown.map(accountView)
      return c.json({ status: 'success' as const, data, next_cursor }, 200)
    })
    .openapi(read, async (c) => {
      const data = accountView(await accountOf(c, c.req.valid('param').id))
      return c.json({ status: 'success' as const, data }, 200)
    })
}

/** @throws Problem 404 */
export async function accountOf(c: Context<AppEnv>, id: string): Promise<PlatformAccount> {
  const account = await findPlatformAccount(c.env.db, id)
  if (account === null) throw noSuchAccount()
  return account
}
