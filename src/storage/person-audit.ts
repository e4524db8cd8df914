// Audit events of people: a statement for the batch of the change itself. Webhooks receive none of them.
import { type SQL, sql } from 'drizzle-orm'
import type { AuditEntry } from '../core/audit.ts'
import type { PersonAction, PersonClient } from '../core/person-event.ts'
import { newUuid } from './database.ts'
import { member } from './people-schema.ts'
import { auditEvent } from './schema.ts'

export type PersonEvent = {
  /** The person concerned: an id, or a query that finds it. */
  userId: string | SQL
  action: PersonAction
  /** Who acts; left out: the person. */
  actor?: { kind: AuditEntry['actorKind']; id: string | null }
  /** From where; null: from nowhere that a request came from. */
  client: PersonClient | null
  /** What else there is to know, never a token. */
  detail?: Record<string, string | number | boolean | null>
  requestId: string | null
  nowMs: number
}

/** Inserts the event into each account of the person. @param where only then, in terms of `member` or of none */
export function insertPersonEvent(event: PersonEvent, where: SQL = sql`1`): SQL {
  const { userId, action, actor, client, detail, requestId, nowMs } = event
  const known = JSON.stringify({ ...detail, ...client })
  const actorId = actor === undefined ? sql`${member.userId}` : sql`${actor.id}`
  return sql`insert into ${auditEvent}
    (id, account_id, action, actor_kind, actor_id, subject_id, detail, request_id, created_at)
    select ${newUuid}, ${member.organizationId}, ${action}, ${actor?.kind ?? 'person'}, ${actorId},
      ${member.userId}, ${known}, ${requestId}, ${nowMs}
    from ${member} where ${member.userId} = ${userId} and ${where}`
}
