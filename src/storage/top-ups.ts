// The audit event of a top-up. The credits themselves are in the meter, not in D1.
import { sql } from 'drizzle-orm'
import type { AuditEntry } from '../core/audit.ts'
import { runBatch } from './database.ts'
import { auditEvent } from './schema.ts'
import { within } from './unavailable.ts'

export type TopUpEvent = {
  /** Derived from the top-up, so that a retry has the same id. */
  id: string
  accountId: string
  keyId: string
  actorKind: AuditEntry['actorKind']
  actorId: string | null
  requestId: string
  /** Credits that were added. */
  add: number
  /** When (ms). */
  atMs: number
}

const writeTimeoutMs = 10_000

/** Stores the event unless it exists: a retry writes nothing twice. */
export async function recordTopUp(d1: D1Database, event: TopUpEvent): Promise<void> {
  const { id, accountId, keyId, actorKind, actorId, requestId, add, atMs } = event
  // Not "on conflict do nothing": the trigger that refuses to replace events would fire first.
  const insert = sql`
    insert into ${auditEvent}
      (id, account_id, action, actor_kind, actor_id, key_id, detail, request_id, created_at)
    select ${id}, ${accountId}, 'key.credits_added', ${actorKind}, ${actorId}, ${keyId},
      ${JSON.stringify({ add })}, ${requestId}, ${atMs}
    where not exists (select 1 from ${auditEvent} where id = ${id})`
  await within('D1', writeTimeoutMs, runBatch(d1, [insert]))
}
