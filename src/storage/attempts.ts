// Limits attempts (at a password, for example), counted in D1 so that the count holds across isolates and locations.
// An attempt is counted before it is made, so that concurrent ones cannot all find a low count.
import { within } from './unavailable.ts'

/** What an attempt is counted by: at most `max` in a window of `windowMs` for each key. */
export type Counter = { key: string; max: number; windowMs: number }

export type Attempt =
  | {
      kind: 'counted'
      /** Takes the count back, of an attempt that succeeded. Best effort: an outage does not undo the success. */
      takeBack(): Promise<void>
    }
  /** Nothing was written, so that refused attempts prolong no window. */
  | { kind: 'refused'; seconds: number }

const timeoutMs = 2_000

// One statement for all counters: each is counted, or none is where one of them is used up.
const countSql = `
WITH given AS (
  SELECT value ->> 'key' AS key, value ->> 'max' AS max, value ->> 'windowMs' AS window
  FROM json_each(?2)
)
INSERT INTO attempt (key, count, ends_at)
SELECT key, 1, ?1 + window FROM given WHERE NOT EXISTS (
  SELECT 1 FROM given AS other JOIN attempt AS used ON used.key = other.key
  WHERE used.ends_at > ?1 AND used.count >= other.max
)
ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN ends_at <= ?1 THEN 1 ELSE count + 1 END,
  ends_at = CASE WHEN ends_at <= ?1 THEN excluded.ends_at ELSE ends_at END
RETURNING key, ends_at`

const endOfRefusalSql = `
SELECT max(used.ends_at) AS ends_at
FROM attempt AS used JOIN json_each(?2) AS given ON used.key = given.value ->> 'key'
WHERE used.ends_at > ?1 AND used.count >= given.value ->> 'max'`

// Only within the window that counted it: the next one has counts of its own.
const takeBackSql = `
UPDATE attempt SET count = count - 1
WHERE count > 0 AND (key, ends_at) IN (SELECT value ->> 'key', value ->> 'ends_at' FROM json_each(?))`

/** Counts an attempt by each of the counters, or by none of them. @throws StoreUnavailable */
export async function countAttempt(
  d1: D1Database,
  counters: readonly Counter[],
  now: number,
): Promise<Attempt> {
  const given = JSON.stringify(counters)
  const counting = d1.prepare(countSql).bind(now, given).all<{ key: string; ends_at: number }>()
  const { results } = await within('D1', timeoutMs, counting)
  if (results.length > 0) return { kind: 'counted', takeBack: () => takeBack(d1, results) }
  const reading = d1.prepare(endOfRefusalSql).bind(now, given).first<number>('ends_at')
  const endsAt = (await within('D1', timeoutMs, reading)) ?? now
  return { kind: 'refused', seconds: Math.max(1, Math.ceil((endsAt - now) / 1000)) }
}

async function takeBack(d1: D1Database, counted: readonly object[]): Promise<void> {
  const taking = d1.prepare(takeBackSql).bind(JSON.stringify(counted)).run()
  await within('D1', timeoutMs, taking).catch(() => {})
}
