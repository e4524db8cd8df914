// Reads the audit trail. The batch of each change writes it.
import { and, desc, eq, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { openPrimary } from './database.ts'
import { type Reach, readable } from './key-reach.ts'
import { user } from './people-schema.ts'
import { apiKey, auditEvent } from './schema.ts'
import { within } from './unavailable.ts'

export type AuditEvent = typeof auditEvent.$inferSelect & {
  actorName: string | null
  subjectName: string | null
  keyName: string | null
}

export type AuditFilter = {
  keyId?: string | undefined
  actorId?: string | undefined
  action?: string | undefined
}

// Current names; people who were deleted have none.
const actor = alias(user, 'actor')
const subject = alias(user, 'subject')
const actingKey = alias(apiKey, 'acting_key')

/** SQLite numbers rows as they are inserted, which orders the events of one millisecond. */
const insertion = sql`${auditEvent}.rowid`

const readTimeoutMs = 2_000

/** Up to `limit` events of the account, newest first, beginning after a position. */
export async function listEvents(
  d1: D1Database,
  reach: Reach,
  { keyId, actorId, action }: AuditFilter,
  page: { limit: number; after: { createdAt: number; id: string } | null },
): Promise<AuditEvent[]> {
  const { after, limit } = page
  const query = openPrimary(d1)
    .select({
      event: auditEvent,
      actorName: sql<string | null>`coalesce(${actor.name}, ${actingKey.name})`,
      subjectName: subject.name,
      keyName: apiKey.name,
    })
    .from(auditEvent)
    .leftJoin(actor, eq(actor.id, auditEvent.actorId))
    .leftJoin(actingKey, eq(actingKey.id, auditEvent.actorId))
    .leftJoin(subject, eq(subject.id, auditEvent.subjectId))
    .leftJoin(apiKey, eq(apiKey.id, auditEvent.keyId))
    .where(
      and(
        eq(auditEvent.accountId, reach.accountId),
        ofReach(reach),
        keyId === undefined ? undefined : eq(auditEvent.keyId, keyId),
        actorId === undefined ? undefined : eq(auditEvent.actorId, actorId),
        action === undefined ? undefined : eq(auditEvent.action, action),
        after === null
          ? undefined
          : sql`(${auditEvent.createdAt}, ${insertion}) <
              (${after.createdAt}, (select rowid from ${auditEvent} where ${auditEvent.id} = ${after.id}))`,
      ),
    )
    .orderBy(desc(auditEvent.createdAt), desc(insertion))
    .limit(limit)
    .all()
  const rows = await within('D1', readTimeoutMs, query)
  return rows.map(({ event, ...names }) => ({ ...event, ...names }))
}

/** A managing key with bounds reads what concerns the keys that it reads, and its own acts. */
function ofReach(reach: Reach): SQL | undefined {
  const keys = readable(reach)
  if (keys === undefined || reach.manager === null) return undefined
  return or(keys, eq(auditEvent.actorId, reach.manager.id))
}
