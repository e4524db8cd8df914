// Who is about to change or remove a member, to cancel an invitation or to rename an account: written before Better Auth changes the row, read by the triggers that
// write the audit trail.

/** Longer than any request: after this, a claim was left behind by a crash and may be replaced. */
const claimMs = 60_000

const claimSql = `
INSERT INTO member_intent (member_id, actor_id, at)
SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM member WHERE id = ?1)
  OR EXISTS (SELECT 1 FROM invitation WHERE id = ?1 AND status = 'pending')
  OR EXISTS (SELECT 1 FROM organization WHERE id = ?1)
ON CONFLICT (member_id) DO UPDATE SET actor_id = excluded.actor_id, at = excluded.at
  WHERE member_intent.at <= ?4
RETURNING member_id`

export type MemberIntents = {
  /**
   * @param memberId of a membership, a pending invitation or an account.
   * @returns false while another change of it is in progress, and where there is none.
   */
  claim(memberId: string, actorId: string): Promise<boolean>
  /** Deletes the claims that no change used (the audit trigger deletes those it has read). */
  release(): Promise<void>
}

/** The claims of one request. */
export function createMemberIntents(d1: D1Database, now: () => number): MemberIntents {
  const held: { memberId: string; actorId: string }[] = []
  return {
    async claim(memberId, actorId) {
      const at = now()
      const row = await d1
        .prepare(claimSql)
        .bind(memberId, actorId, at, at - claimMs)
        .first()
      if (row !== null) held.push({ memberId, actorId })
      return row !== null
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
