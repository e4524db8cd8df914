// GET /api/requests: the last requests of the account's keys, newest first, or as they arrive.
import { createRoute, z } from '@hono/zod-openapi'
import type { LogFilter } from '../../../usage/request-log.ts'
import { maxLogged, type Position } from '../../../usage/ring.ts'
import { invalidFields } from '../../response/problem.ts'
import {
  decodeCursor,
  defaultLimit,
  encodeCursor,
  fingerprint,
  notACursor,
  pageQuery,
} from '../../routing/paging.ts'
import { idField } from '../../routing/requests.ts'
import { managementFailures, nextCursor, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byAdmin } from '../../routing/security.ts'
import { entriesOf, loggedRequest } from './logged-request.ts'

const list = createRoute({
  method: 'get',
  path: '/api/requests',
  operationId: 'listRequests',
  tags: ['Account'],
  security: byAdmin,
  summary: `The account's last ${maxLogged.toLocaleString('en')} requests with known keys`,
  description:
    'Refusals first: all of them up to 10 a second and key in each isolate, a quarter of the log for one key at most; admitted requests are a sample. Kept for 7 days, and listed within about 20 seconds. No path, query or header is stored. With `follow=true` the answer is a stream of server-sent events (`event: request`, the entry as `data`), which ends after 5 minutes and when the caller may no longer read the log.',
  request: {
    query: pageQuery.extend({
      key_id: idField.optional(),
      code: z.string().max(64).optional().openapi({ example: 'rate_limited' }),
      follow: z.enum(['true', 'false']).optional(),
    }),
  },
  responses: {
    200: {
      ...success('A page of requests', z.array(loggedRequest), nextCursor),
      description: 'A page of requests, or with `follow=true` a stream of events',
    },
    ...managementFailures,
  },
})

export function createRequestRoutes() {
  return createRouter().openapi(list, async (c) => {
    const { limit = defaultLimit, cursor, key_id: keyId, code, follow } = c.req.valid('query')
    const filter = { keyId, code }
    if (follow === 'true') {
      if (cursor !== undefined) throw withFollow
      const { followRequests } = await import('./follow-requests.ts')
      return (await followRequests(c, filter)) as never
    }
    const { accountId } = c.var.actor
    const after = readLogCursor(filter, cursor)
    const logs = await c.env.requestLogs()
    const rows = await logs.list(accountId, filter, after, limit + 1)
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    const next_cursor =
      rows.length > limit && last !== undefined ? writeLogCursor(filter, last) : null
    const data = await entriesOf(c, page)
    return c.json({ status: 'success' as const, data, next_cursor }, 200)
  })
}

const withFollow = invalidFields([{ path: 'query.cursor', message: 'Not with follow=true' }])

/** @param list the filter, which a page shares with the next one. */
function writeLogCursor(list: LogFilter, { at, id }: Position): string {
  return encodeCursor([fingerprint(list), at, id].join('/'))
}

/** @throws Problem 400 for a cursor that this list did not make. */
function readLogCursor(list: LogFilter, cursor: string | undefined): Position | null {
  if (cursor === undefined) return null
  const [, at = '', id = ''] = decodeCursor(cursor).split('/')
  const isPlace = /^\d{1,15}$/.test(at) && /^[0-9a-f]{12}-[0-9a-f-]{36}\.\d{1,2}$/.test(id)
  const position = { at: Number(at), id }
  if (!isPlace || writeLogCursor(list, position) !== cursor) throw notACursor()
  return position
}
