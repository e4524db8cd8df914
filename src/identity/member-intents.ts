// Who is about to change or remove a member. Claimed before Better Auth writes, in one statement that also
// holds what Better Auth only checks beforehand: an account never loses its last owner, even when two owners
// demote one another at the same moment.

/** A claim outlives any request; one left behind by a crash stops counting after this. */
const claimMs = 60_000

const isOwner = (alias: string) =>
  `(',' || replace(${alias}.role, ' ', '') || ',') LIKE '%,owner,%'`

// An owner whose own change is under way does not count as one who remains.
const claimSql = `
INSERT INTO member_intent (member_id, actor_id, at)
SELECT target.id, ?2, ?3 FROM member AS target
WHERE target.id = ?1 AND (?4 OR NOT ${isOwner('target')} OR EXISTS (
  SELECT 1 FROM member AS other
  WHERE other.organization_id = target.organization_id AND other.id <> target.id AND ${isOwner('other')}
    AND NOT EXISTS (SELECT 1 FROM member_intent AS busy WHERE busy.member_id = other.id AND busy.at > ?5)))
ON CONFLICT (member_id) DO UPDATE SET actor_id = excluded.actor_id, at = excluded.at
  WHERE member_intent.at <= ?5
RETURNING member_id`

export type MemberIntents = {
  /** False when it would leave no owner, or when another change of that member is under way. */
  claim(memberId: string, actorId: string, options: { staysOwner: boolean }): Promise<boolean>
  /** Gives back the claims that no change has used up (the audit trigger deletes those it has read). */
  release(): Promise<void>
}

/** The claims of one request. */
export function memberIntents(d1: D1Database, now: () => number): MemberIntents {
  const held: { memberId: string; actorId: string }[] = []
  return {
    async claim(memberId, actorId, { staysOwner }) {
      const at = now()
      const row = await d1
        .prepare(claimSql)
        .bind(memberId, actorId, at, staysOwner ? 1 : 0, at - claimMs)
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

/** The membership in an account, by its own id or its user's. */
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
