// GET /api/api-keys: the keys of the account, filtered, in an order, page by page.
import { createRoute, z } from '@hono/zod-openapi'
import type { Config } from '../../../core/config.ts'
import { environmentsOf } from '../../../core/environment.ts'
import { readKeyPrefix } from '../../../core/foreign.ts'
import { scopesThatCover } from '../../../core/scope-grants.ts'
import { type KeySort, keyStatuses, sortColumns } from '../../../storage/key-filter.ts'
import { listKeys } from '../../../storage/key-list.ts'
import { reachOf } from '../../../storage/key-reach.ts'
import { externalIdField, timeField } from '../../routing/fields.ts'
import { defaultLimit, lookedThrough, pageQuery } from '../../routing/paging.ts'
import { idField } from '../../routing/requests.ts'
import { managementFailures, nextCursor, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import { keySchema, scopeField } from './key-schema.ts'
import { path } from './keys.ts'
import { readListCursor, writeListCursor } from './list-cursor.ts'
import { viewsOf } from './views.ts'

const dayMs = 24 * 60 * 60 * 1000
const sorts = sortColumns.flatMap((column) => [column, `-${column}` as const])

const listQuery = (config: Config) =>
  pageQuery.extend({
    status: z.enum(keyStatuses).optional(),
    search: z.string().trim().max(100).optional().openapi({
      description:
        'Part of a name (in any case, `ß` as `ss`, composed or not), of an external id, or of `key_prefix`, with or without the prefix of its format and a closing `…`. Without `sort`, keys with exactly this external id or `key_prefix` come first',
    }),
    created_by: idField.optional(),
    external_id: externalIdField.optional(),
    environment: z.enum(environmentsOf(config)).optional().openapi({
      description: 'Of the format of the key; `live` also for a format that is gone',
      example: 'live',
    }),
    scope: scopeField(config).optional().openapi({
      description:
        'Keys that were granted it: by its name, by a wildcard that covers it, or, for one resource, by the whole scope. Keys that inherit are not among them',
      example: 'contacts:read',
    }),
    needs_review: z.literal('true').optional().openapi({
      description: 'Only unrevoked keys whose creator was demoted or removed',
    }),
    expires_before: timeField.optional(),
    unused_for: z
      .string()
      .regex(/^[1-9]\d{0,3}d$/, 'A number of days such as 90d')
      .optional()
      .openapi({
        description:
          'Days in which the key was neither used nor made; `last_used_at` may lag by hours',
        example: '90d',
      }),
    sort: z.enum(sorts).optional().openapi({
      description:
        '`-` for descending order; `-created_at` if left out. A key without expiry sorts after every expiry, one never used before every use, names in any case',
    }),
  })

const listOperation = (config: Config) =>
  createRoute({
    method: 'get',
    path,
    operationId: 'listKeys',
    tags: ['API keys'],
    security: byManager,
    summary: 'List the keys of the account; revoked keys are never deleted',
    description: `${lookedThrough} A cursor belongs to the filter and order of its list.`,
    request: { query: listQuery(config) },
    responses: {
      200: success('A page of keys', z.array(keySchema), nextCursor),
      ...managementFailures,
    },
  })

export function createKeyListRoute({ config, clock }: AppSettings) {
  return createRouter().openapi(listOperation(config), async (c) => {
    const { limit = defaultLimit, cursor, sort, ...wanted } = c.req.valid('query')
    const nowMs = clock.now()
    const { status, search, environment, scope } = wanted
    const filter = {
      ...{ status, search, keyPrefix: readKeyPrefix(search ?? '', config) },
      createdBy: wanted.created_by,
      externalId: wanted.external_id,
      needsReview: wanted.needs_review && true,
      expiresBefore: wanted.expires_before,
      environment: environment === undefined ? undefined : { name: environment, formats: config },
      scopes: scope === undefined ? undefined : scopesThatCover(scope, config.scopes),
      unusedSince: wanted.unused_for ? nowMs - daysOf(wanted.unused_for) * dayMs : undefined,
    }
    const shared = [sort ?? null, wanted]
    const { rows, next } = await listKeys(c.env.db, {
      ...{ reach: reachOf(c.var.actor, config, nowMs), filter, sort: sortOf(sort), limit, nowMs },
      after: readListCursor(shared, cursor),
    })
    const data = await viewsOf(c, rows)
    const next_cursor = next && writeListCursor(shared, next)
    return c.json({ status: 'success' as const, data, next_cursor }, 200)
  })
}

function daysOf(text: string): number {
  return Number(text.slice(0, -1))
}

function sortOf(sort: (typeof sorts)[number] | undefined): KeySort | undefined {
  if (sort === undefined) return undefined
  const isDescending = sort.startsWith('-')
  return { by: (isDescending ? sort.slice(1) : sort) as KeySort['by'], isDescending }
}
