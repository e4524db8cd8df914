// GET /api/api-keys/usage: the requests of several keys, such as those of a page of the list, in one answer.
import { createRoute, z } from '@hono/zod-openapi'
import { readId } from '../../../core/id.ts'
import { reachOf } from '../../../storage/key-reach.ts'
import { unreadableIds } from '../../../storage/named-keys.ts'
import { managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import { isoTime } from '../../routing/time.ts'
import type { AppSettings } from '../../services.ts'
import { path } from '../keys/keys.ts'
import { keptText, requestedSpan, usageFields, usageQuery, usageView } from './usage-query.ts'

const maxIds = 100

const ids = z
  .string()
  .transform((text, context) => {
    const read = text.split(',').map(readId)
    const known = read.filter((id) => id !== null)
    if (known.length < read.length) context.addIssue('UUIDs, separated by commas')
    else if (known.length > maxIds) context.addIssue(`At most ${maxIds}`)
    return [...new Set(known)]
  })
  .openapi({
    type: 'string',
    description: `Up to ${maxIds} ids of keys, separated by commas`,
    example: '0b0c8a52-4a8e-4d0c-9a55-6a1d0f6f6a01,5f0d5f3e-5a3c-4f43-9f4b-8a5a4f4f1b7e',
  })

const { total, counts, series, ...span } = usageFields

const usage = z
  .object({
    ...span,
    keys: z.array(z.object({ id: z.uuid(), total, counts, series })).openapi({
      description: 'In the order of `ids`',
    }),
    missing: z.array(z.string()).openapi({
      description: 'The ids that name no key of the account',
    }),
  })
  .openapi('UsageOfKeys')

const readUsage = createRoute({
  method: 'get',
  path: `${path}/usage`,
  operationId: 'getUsageOfKeys',
  tags: ['API keys'],
  security: byManager,
  summary: 'Requests of several keys by result code, by hour or by day',
  description: keptText,
  request: { query: usageQuery.extend({ ids }) },
  responses: {
    200: success('Requests by the code that they were answered with', usage),
    ...managementFailures,
  },
})

export function createUsageOfKeys({ config, clock }: AppSettings) {
  return createRouter().openapi(readUsage, async (c) => {
    const { ids, ...asked } = c.req.valid('query')
    const nowMs = clock.now()
    const span = requestedSpan(asked, nowMs)
    const { actor } = c.var
    const missing = await unreadableIds(c.env.db, reachOf(actor, config, nowMs), ids)
    const found = ids.filter((id) => !missing.includes(id))
    const reader = await c.env.usageReader()
    const byKey = await reader.ofKeys(actor.accountId, found, span)
    const keys = found.map((id) => {
      const { total, counts, series } = usageView(span, byKey.get(id) ?? [])
      return { id, total, counts, series }
    })
    const { granularity, from, to } = span
    const data = { granularity, from: isoTime(from), to: isoTime(to), keys, missing }
    return c.json({ status: 'success' as const, data }, 200)
  })
}
