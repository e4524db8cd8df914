// Guesses, counted in D1 so that the count holds across isolates and places. A guess is counted before it is
// tried: a thousand at once cannot all find the count low.
import { within } from './unavailable.ts'

export type Allowance = { max: number; windowMs: number }

const writeLimitMs = 2_000

const takeSql = `
INSERT INTO attempt (key, count, ends_at) VALUES (?1, 1, ?2 + ?3)
ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN ends_at <= ?2 THEN 1 ELSE count + 1 END,
  ends_at = CASE WHEN ends_at <= ?2 THEN ?2 + ?3 ELSE ends_at END
RETURNING count, ends_at`

/**
 * Takes one of the attempts that `key` has in a window.
 * @returns null when there was one left, else the seconds until there is again.
 * @throws StoreUnavailable
 */
export async function takeAttempt(
  d1: D1Database,
  key: string,
  { max, windowMs }: Allowance,
  now: number,
): Promise<number | null> {
  const taking = d1
    .prepare(takeSql)
    .bind(key, now, windowMs)
    .first<{ count: number; ends_at: number }>()
  const row = await within('D1', writeLimitMs, taking)
  if (row === null || row.count <= max) return null
  return Math.max(1, Math.ceil((row.ends_at - now) / 1000))
}

/** Gives back one that was no guess: whoever knew the answer. */
export async function giveBackAttempt(d1: D1Database, key: string): Promise<void> {
  const giving = d1
    .prepare('UPDATE attempt SET count = count - 1 WHERE key = ? AND count > 0')
    .bind(key)
  await within('D1', writeLimitMs, giving.run())
}

/** Forgets windows that are over, some thousands a call. */
export async function forgetAttempts(d1: D1Database, now: number): Promise<void> {
  const forgetting = d1
    .prepare(
      'DELETE FROM attempt WHERE key IN (SELECT key FROM attempt WHERE ends_at <= ? LIMIT 5000)',
    )
    .bind(now)
  await within('D1', writeLimitMs, forgetting.run())
}
