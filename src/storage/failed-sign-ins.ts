// Sign-ins that failed, in the audit trail of the accounts of the person whose address it was.
import { sql } from 'drizzle-orm'
import type { FactorKind } from '../core/factors.ts'
import { runBatch } from './database.ts'
import type { Acting } from './factor-notice.ts'
import { member, user } from './people-schema.ts'
import { insertPersonEvent } from './person-audit.ts'
import { auditEvent } from './schema.ts'
import { within } from './unavailable.ts'

const timeoutMs = 5_000
/** One event of a person and method in this time, so that who guesses does not fill the trail. */
const windowMs = 15 * 60_000

export type FailedSignIn = Acting & {
  /** As it was typed, in lower case: nobody need have it, and the statement is the same. */
  email: string
  /** What was wrong. */
  method: 'password' | FactorKind
}

/** @throws StoreUnavailable */
export async function recordFailedSignIn(
  d1: D1Database,
  { email, method, client, requestId, nowMs }: FailedSignIn,
): Promise<void> {
  const action = 'person.sign_in_failed'
  const userId = sql`(select id from ${user} where email = ${email})`
  const isKnown = sql`exists (select 1 from ${auditEvent} as known
    where known.account_id = ${member.organizationId} and known.action = ${action}
      and known.created_at > ${nowMs - windowMs} and known.subject_id = ${member.userId}
      and known.detail ->> 'method' = ${method})`
  const actor = { kind: 'system', id: null } as const
  const detail = { method }
  const event = { userId, action, actor, client, detail, requestId, nowMs } as const
  const recording = runBatch(d1, [insertPersonEvent(event, sql`not ${isKnown}`)])
  await within('D1', timeoutMs, recording)
}
