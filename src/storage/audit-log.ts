// The audit trail, as it is read; it is written in the batches of the changes themselves.
import { and, desc, eq, sql } from 'drizzle-orm'
import { openPrimary, within } from './database.ts'
import { auditEvent } from './schema.ts'

export type AuditEvent = typeof auditEvent.$inferSelect

export type AuditFilter = {
  keyId?: string | undefined
  actorId?: string | undefined
  action?: string | undefined
}

const readLimitMs = 2_000

/** Up to `limit` events of the account after a position, newest first. */
export function listEvents(
  d1: D1Database,
  accountId: string,
  { keyId, actorId, action }: AuditFilter,
  page: { limit: number; after: { createdAt: number; id: string } | null },
): Promise<AuditEvent[]> {
  const { after, limit } = page
  const query = openPrimary(d1)
    .select()
    .from(auditEvent)
    .where(
      and(
        eq(auditEvent.accountId, accountId),
        keyId === undefined ? undefined : eq(auditEvent.keyId, keyId),
        actorId === undefined ? undefined : eq(auditEvent.actorId, actorId),
        action === undefined ? undefined : eq(auditEvent.action, action),
        after === null
          ? undefined
          : sql`(${auditEvent.createdAt}, ${auditEvent.id}) < (${after.createdAt}, ${after.id})`,
      ),
    )
    .orderBy(desc(auditEvent.createdAt), desc(auditEvent.id))
    .limit(limit)
    .all()
  return within('D1', readLimitMs, query)
}
