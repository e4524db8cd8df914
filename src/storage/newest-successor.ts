// The newest key of a chain of rotations.
import { sql } from 'drizzle-orm'
import { openPrimary } from './database.ts'
import { apiKey } from './schema.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000

/** The key itself where it was not rotated; null where the account has no such key. @throws StoreUnavailable */
export async function newestSuccessor(
  d1: D1Database,
  accountId: string,
  id: string,
): Promise<{ id: string; isRevoked: boolean } | null> {
  const query = openPrimary(d1).get<{ id: string; isRevoked: number } | undefined>(sql`
    with recursive successor (id, next, revokedAt) as (
      select id, replaced_by, revoked_at from ${apiKey} where id = ${id} and account_id = ${accountId}
      union
      select later.id, later.replaced_by, later.revoked_at
        from successor join ${apiKey} as later on later.id = successor.next
    )
    select id, revokedAt is not null as isRevoked from successor where next is null`)
  const found = await within('D1', readTimeoutMs, query)
  return found ? { id: found.id, isRevoked: found.isRevoked === 1 } : null
}
