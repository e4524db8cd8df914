// GET /api/audit-events: the audit trail, newest first.

import { createRoute, z } from '@hono/zod-openapi'
import { type AuditEvent, listEvents } from '../../../storage/audit-log.ts'
import { reachOf } from '../../../storage/key-reach.ts'
import { invalidFields, type Problem } from '../../response/problem.ts'
import { timeField } from '../../routing/fields.ts'
import { defaultLimit, lookedThrough, pageOf, pageQuery, readCursor } from '../../routing/paging.ts'
import { idField } from '../../routing/requests.ts'
import { managementFailures, nextCursor, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byManager } from '../../routing/security.ts'
import { isoTime, time } from '../../routing/time.ts'

const event = z
  .object({
    id: z.uuid(),
    action: z.string().openapi({ example: 'key.revoked' }),
    actor: z.object({
      kind: z.enum(['person', 'key', 'system', 'platform']),
      id: z.string().nullable(),
      name: z.string().nullable(),
    }),
    key_id: z.uuid().nullable(),
    key_name: z
      .string()
      .nullable()
      .openapi({ description: 'null also where the caller does not read the key' }),
    subject_id: z.uuid().nullable().openapi({ description: 'The person concerned' }),
    subject_name: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()).nullable().openapi({
      description:
        'Of a change: `changed`, the fields as they are since, and `before`, as they were',
    }),
    request_id: z.uuid().nullable(),
    created_at: time,
  })
  .openapi('AuditEvent')

const list = createRoute({
  method: 'get',
  path: '/api/audit-events',
  operationId: 'listAuditEvents',
  tags: ['Audit'],
  security: byManager,
  summary: 'The audit trail of the account, newest first',
  description: `${lookedThrough} Here for more than one condition, and for a key with \`may_grant\`. A key of the platform reads in other accounts what concerns keys, and its own acts, without names of people.`,
  request: {
    query: pageQuery.extend({
      key_id: idField.optional(),
      actor_id: idField.optional(),
      action: z.string().max(64).optional(),
      from: timeField.optional().openapi({ description: 'Events at this time and later' }),
      to: timeField.optional().openapi({ description: 'Events before this time' }),
    }),
  },
  responses: {
    200: success('A page of events', z.array(event), nextCursor),
    ...managementFailures,
  },
})

export function createAuditRoutes() {
  return createRouter().openapi(list, async (c) => {
    const { limit = defaultLimit, cursor, key_id, actor_id, ...rest } = c.req.valid('query')
    if ((rest.from ?? -Infinity) > (rest.to ?? Infinity)) throw endsBeforeItBegins()
    const filter = { keyId: key_id, actorId: actor_id, ...rest }
    const page = { limit: limit + 1, after: readCursor(cursor, filter) }
    const { rows, lookedTo } = await listEvents(
      c.env.db,
      reachOf(c.var.actor, c.env.config, c.env.clock.now()),
      filter,
      page,
    )
    const { page: events, next_cursor } = pageOf(rows, limit, lookedTo, filter)
    return c.json({ status: 'success' as const, data: events.map(auditView), next_cursor }, 200)
  })
}

function endsBeforeItBegins(): Problem {
  return invalidFields([{ path: 'query.from', message: 'After `to`' }])
}

/** An event as responses show it. */
export function auditView(event: AuditEvent) {
  return {
    id: event.id,
    action: event.action,
    actor: { kind: event.actorKind, id: event.actorId, name: event.actorName },
    key_id: event.keyId,
    key_name: event.keyName,
    subject_id: event.subjectId,
    subject_name: event.subjectName,
    detail: event.detail,
    request_id: event.requestId,
    created_at: isoTime(event.createdAt),
  }
}
