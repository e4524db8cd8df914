// `last_used_at` in D1, which usage objects raise as they fold.
import { sql } from 'drizzle-orm'
import { runBatch } from './database.ts'
import { apiKey } from './schema.ts'
import { within } from './unavailable.ts'

/** Keys a statement: what waits behind it waits for milliseconds. */
const maxKeys = 200
const timeoutMs = 20_000

/** Raises the time of the last use of each key, never lowers it. The sequence stays: no record changes. */
export async function raiseLastUsed(
  d1: D1Database,
  uses: readonly [string, number][],
): Promise<void> {
  for (let at = 0; at < uses.length; at += maxKeys) {
    const list = JSON.stringify(uses.slice(at, at + maxKeys))
    const statement = sql`update ${apiKey} set last_used_at = used.at
      from (select value ->> 0 as key_id, value ->> 1 as at from json_each(${list})) as used
      where ${apiKey.id} = used.key_id and coalesce(${apiKey.lastUsedAt}, 0) < used.at`
    await within('D1', timeoutMs, runBatch(d1, [statement]))
  }
}
