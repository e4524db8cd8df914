// GET /api/usage: the requests of all keys of the account, by result code, and by what they share.
import { createRoute, z } from '@hono/zod-openapi'
import { readKeyNames } from '../../../storage/key-names.ts'
import { TooManyValues } from '../../../usage/largest.ts'
import { largestCodes, totalOf, without } from '../../../usage/series.ts'
import type { GroupTotal } from '../../../usage/usage-calls.ts'
import { failure, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import type { AppSettings, Services } from '../../services.ts'
import {
  countsSchema,
  keptText,
  requestedSpan,
  usageFields,
  usageQuery,
  usageView,
  wrong,
} from './usage-query.ts'

export const usagePath = '/api/usage'
const groupings = ['key', 'external_id', 'code', 'environment'] as const
type Grouping = (typeof groupings)[number]
const maxGroups = 100

const query = usageQuery.extend({
  group_by: z.enum(groupings).optional().openapi({
    description: 'Adds `groups` and `other`. Left out: the whole account only',
  }),
})

const total = z.int().openapi({ description: 'Requests' })
const group = z.object({
  value: z.string().nullable().openapi({
    description:
      'The id of the key, the external id (null: keys without one), the code or the environment, as it was when the request was counted',
  }),
  name: z.string().optional().openapi({ description: 'Of a key, as it is now' }),
  key_prefix: z.string().optional().openapi({ description: 'Of a key' }),
  total,
  counts: countsSchema,
})

const usage = z
  .object({
    ...usageFields,
    groups: z
      .array(group)
      .max(maxGroups)
      .optional()
      .openapi({
        description: `With \`group_by\`: the ${maxGroups} values with the most requests, largest first`,
      }),
    other: z.object({ total, counts: countsSchema }).optional().openapi({
      description:
        'With `group_by`: all requests that are in none of the groups, so that both together make the total',
    }),
  })
  .openapi('AccountUsage')

const readUsage = createRoute({
  method: 'get',
  path: usagePath,
  operationId: 'getUsage',
  tags: ['Account'],
  security: byManager,
  summary: 'Requests of all keys of the account by result code, by hour or by day, and by group',
  description: `${keptText} Not for keys whose \`may_grant\` has bounds, which read the usage of each key within them.`,
  request: { query },
  responses: {
    200: success('Requests by the code that they were answered with', usage),
    ...managementFailures,
    403: failure('The `may_grant` of this key has bounds'),
  },
})

export function createAccountUsage({ clock }: AppSettings) {
  return createRouter().openapi(readUsage, async (c) => {
    const { group_by, ...asked } = c.req.valid('query')
    const span = requestedSpan(asked, clock.now())
    const { accountId } = c.var.actor
    const reader = await c.env.usageReader()
    // Before the account: counts only grow, so that no group has more than the whole.
    const groups =
      group_by === undefined || group_by === 'code'
        ? []
        : await reader.byGroup(accountId, group_by, span, maxGroups).catch(refuseTooMany)
    const whole = usageView(span, await reader.ofAccount(accountId, span))
    if (group_by === undefined) return c.json({ status: 'success' as const, data: whole }, 200)
    const shown = group_by === 'code' ? largestCodes(whole.counts, maxGroups) : groups
    const counts = without(whole.counts, shown)
    const data = {
      ...whole,
      groups: await groupViews(c.env, accountId, group_by, shown),
      other: { total: totalOf(counts), counts },
    }
    return c.json({ status: 'success' as const, data }, 200)
  })
}

/** @throws Problem 400 when there are more values than one answer can add up. */
function refuseTooMany(error: unknown): never {
  if (!(error instanceof TooManyValues)) throw error
  throw wrong('Too many values in this span: ask for a shorter one')
}

async function groupViews(
  { db }: Pick<Services, 'db'>,
  accountId: string,
  grouping: Grouping,
  groups: readonly GroupTotal[],
): Promise<z.infer<typeof group>[]> {
  const views = groups.map(({ value, counts }) => ({ value, total: totalOf(counts), counts }))
  if (grouping !== 'key') return views
  const ids = views.flatMap(({ value }) => value ?? [])
  const names = await readKeyNames(db, accountId, ids)
  return views.map((view) => ({ ...view, ...names.get(view.value ?? '') }))
}
