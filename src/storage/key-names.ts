// The names of keys, for lists that know their ids.
import { and, sql } from 'drizzle-orm'
import { openPrimary } from './database.ts'
import { listed } from './key-reach.ts'
import { apiKey } from './schema.ts'
import { within } from './unavailable.ts'

export type KeyName = { name: string; key_prefix: string }

const readTimeoutMs = 2_000

/** By id, of keys of the account. */
export async function readKeyNames(
  d1: D1Database,
  accountId: string,
  ids: readonly string[],
): Promise<Map<string, KeyName>> {
  if (ids.length === 0) return new Map()
  const query = openPrimary(d1)
    .select({ id: apiKey.id, name: apiKey.name, key_prefix: apiKey.keyPrefix })
    .from(apiKey)
    // The + keeps SQLite from choosing the account's index, which would read all keys of the account.
    .where(and(sql`+${apiKey.accountId} = ${accountId}`, sql`${apiKey.id} in ${listed(ids)}`))
    .all()
  const rows = await within('D1', readTimeoutMs, query)
  return new Map(rows.map(({ id, ...name }) => [id, name]))
}
