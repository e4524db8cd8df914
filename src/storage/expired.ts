// What has expired and nobody reads: sessions, verifications, reset links, portal sessions, answered challenges of passkeys, and
// counts of attempts whose window has ended. Each is deleted once a day, since few indexes know what has expired.
import { within } from './unavailable.ts'

const dayMinutes = 24 * 60
/** 03:10 UTC. */
const dueMinute = 190
/** Of one table: rows of a statement, and statements of a day. */
const maxRows = 5_000
const maxStatements = 40
const timeoutMs = 20_000

const expiries = {
  session: 'expires_at',
  verification: 'expires_at',
  reset_link: 'expires_at',
  spent_challenge: 'expires_at',
  portal_session: 'expires_at',
  attempt: 'ends_at',
}

/** Once a day, of a schedule that runs every minute. */
export function isExpiryDue(nowMs: number): boolean {
  return Math.floor(nowMs / 60_000) % dayMinutes === dueMinute
}

/** What one day leaves behind, the next deletes. @throws StoreUnavailable */
export async function pruneExpired(d1: D1Database, nowMs: number): Promise<void> {
  for (const [table, column] of Object.entries(expiries)) {
    const statement = d1
      .prepare(
        `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${column} <= ? LIMIT ${maxRows})`,
      )
      .bind(nowMs)
    for (let count = 0; count < maxStatements; count++) {
      const { meta } = await within('D1', timeoutMs, statement.run())
      if (meta.changes < maxRows) break
    }
  }
}
