// Who is about to change or remove a member, to cancel an invitation or to rename an account: written before Better Auth changes the row, read by the triggers that
// write the audit trail.
import { type SQL, sql } from 'drizzle-orm'
import type { Acting } from './factor-notice.ts'
import { memberIntent } from './people-schema.ts'

/** Longer than any request: after this, a claim was left behind by a crash and may be replaced. */
const claimMs = 60_000

const claimSql = `
INSERT INTO member_intent (member_id, actor_id, at, client, request_id)
SELECT ?1, ?2, ?3, ?5, ?6 WHERE EXISTS (SELECT 1 FROM member WHERE id = ?1)
  OR EXISTS (SELECT 1 FROM invitation WHERE id = ?1 AND status = 'pending')
  OR EXISTS (SELECT 1 FROM organization WHERE id = ?1)
ON CONFLICT (member_id) DO UPDATE SET actor_id = excluded.actor_id, at = excluded.at,
  client = excluded.client, request_id = excluded.request_id
  WHERE member_intent.at <= ?4
RETURNING member_id`

const pendingSql = `SELECT 1 FROM invitation WHERE id = ? AND status = 'pending'`
const answerSql = `
INSERT OR REPLACE INTO member_intent (member_id, actor_id, at, client, request_id)
VALUES (?, ?, ?, ?, ?)`

/** Beside the claims of who cancels it. */
const answerOf = (invitationId: string, actorId: string) => `answer/${invitationId}/${actorId}`

export type MemberIntents = {
  /**
   * @param memberId of a membership, a pending invitation or an account.
   * @returns false while another change of it is in progress, and where there is none.
   */
  claim(memberId: string, actorId: string): Promise<boolean>
  /** Says from where a person accepts or rejects a pending invitation. Of somebody else's the trigger reads nothing. */
  answer(invitationId: string, actorId: string): Promise<void>
  /** Deletes the claims that no change used (the audit trigger deletes those it has read). */
  release(): Promise<void>
}

/** The claims of one request. */
export function createMemberIntents(
  d1: D1Database,
  acting: Acting,
  now: () => number,
): MemberIntents {
  const client = JSON.stringify(acting.client)
  const { requestId } = acting
  const held: { memberId: string; actorId: string }[] = []
  return {
    async claim(memberId, actorId) {
      const at = now()
      const row = await d1
        .prepare(claimSql)
        .bind(memberId, actorId, at, at - claimMs, client, requestId)
        .first()
      if (row !== null) held.push({ memberId, actorId })
      return row !== null
    },
    async answer(invitationId, actorId) {
      // A request that will be refused runs no statement that writes.
      if ((await d1.prepare(pendingSql).bind(invitationId).first()) === null) return
      const memberId = answerOf(invitationId, actorId)
      await d1.prepare(answerSql).bind(memberId, actorId, now(), client, requestId).run()
      held.push({ memberId, actorId })
    },
    async release() {
      const rows = held.splice(0)
      if (rows.length === 0) return
      const remove = d1.prepare('DELETE FROM member_intent WHERE member_id = ? AND actor_id = ?')
      await d1.batch(rows.map(({ memberId, actorId }) => remove.bind(memberId, actorId)))
    },
  }
}

/** The id of a membership in an account, by the same id or by that of its user. */
export async function memberIdOf(
  d1: D1Database,
  accountId: string,
  memberOrUserId: string,
): Promise<string | null> {
  const row = await d1
    .prepare('SELECT id FROM member WHERE organization_id = ?1 AND (id = ?2 OR user_id = ?2)')
    .bind(accountId, memberOrUserId)
    .first<{ id: string }>()
  return row?.id ?? null
}

/** Who is about to change an invitation, as a statement for the batch of the change. @param which the ids of invitations */
export function intendInvitation(
  which: SQL,
  actorId: string,
  { client, requestId, nowMs }: Acting,
): SQL {
  return sql`insert or replace into ${memberIntent} (member_id, actor_id, at, client, request_id)
    select id, ${actorId}, ${nowMs}, ${JSON.stringify(client)}, ${requestId} from (${which})`
}

/** As `answer`, as a statement for the batch of the change. */
export function intendAnswer(
  invitationId: string,
  actorId: string,
  { client, requestId, nowMs }: Acting,
  where: SQL,
): SQL {
  const memberId = answerOf(invitationId, actorId)
  return sql`insert or replace into ${memberIntent} (member_id, actor_id, at, client, request_id)
    select ${memberId}, ${actorId}, ${nowMs}, ${JSON.stringify(client)}, ${requestId} where ${where}`
}
