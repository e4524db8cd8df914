// Limits attempts (at a password, for example), counted in D1 so that the count holds across isolates and locations.
// An attempt is counted before it is made, so that concurrent ones cannot all find a low count.
import { within } from './unavailable.ts'

export type Allowance = { max: number; windowMs: number }

const writeTimeoutMs = 2_000

const countSql = `
INSERT INTO attempt (key, count, ends_at) VALUES (?1, 1, ?2 + ?3)
ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN ends_at <= ?2 THEN 1 ELSE count + 1 END,
  ends_at = CASE WHEN ends_at <= ?2 THEN ?2 + ?3 ELSE ends_at END
RETURNING count, ends_at`

/**
 * Counts an attempt of `key` in its window.
 * @returns null when the attempt is allowed, else the seconds until the next one is
 * @throws StoreUnavailable
 */
export async function countAttempt(
  d1: D1Database,
  key: string,
  { max, windowMs }: Allowance,
  now: number,
): Promise<number | null> {
  const counting = d1
    .prepare(countSql)
    .bind(key, now, windowMs)
    .first<{ count: number; ends_at: number }>()
  const row = await within('D1', writeTimeoutMs, counting)
  if (row === null || row.count <= max) return null
  return Math.max(1, Math.ceil((row.ends_at - now) / 1000))
}

/** Takes back the count of an attempt that succeeded. */
export async function uncountAttempt(d1: D1Database, key: string): Promise<void> {
  const uncounting = d1
    .prepare('UPDATE attempt SET count = count - 1 WHERE key = ? AND count > 0')
    .bind(key)
  await within('D1', writeTimeoutMs, uncounting.run())
}

/** Deletes windows that have ended, up to 5,000 per call. */
export async function pruneAttempts(d1: D1Database, now: number): Promise<void> {
  const pruning = d1
    .prepare(
      'DELETE FROM attempt WHERE key IN (SELECT key FROM attempt WHERE ends_at <= ? LIMIT 5000)',
    )
    .bind(now)
  await within('D1', writeTimeoutMs, pruning.run())
}
