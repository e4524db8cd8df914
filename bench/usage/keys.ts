// Keys that were never used, without audit events: what is measured here is added to them.
import type { DatabaseSync } from 'node:sqlite'
import { bigAccount, creator } from '../support/key-rows.ts'

/** Inserts keys 1 to `keys`. Triggers and indexes are dropped meanwhile and recreated. */
export function fillKeys(database: DatabaseSync, keys: number): void {
  database.exec(
    'PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA cache_size = -400000',
  )
  const resting = database
    .prepare(
      `SELECT type, name, sql FROM sqlite_master
       WHERE tbl_name = 'api_key' AND sql IS NOT NULL AND type IN ('index', 'trigger')`,
    )
    .all()
  for (const { type, name } of resting) database.exec(`DROP ${type} ${name}`)
  database.exec(insertKeys(1, keys))
  for (const { sql } of resting) database.exec(String(sql))
}

/** The statement that inserts keys `from` to `to`, one of twenty revoked. */
export function insertKeys(from: number, to: number): string {
  return `
    WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
    INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, disabled, external_id,
      created_by, created_at, revoked_at)
    SELECT printf('%08x-0000-4000-8000-%012x', i, i), lower(hex(randomblob(32))), 1, '${bigAccount}',
      'Key number ' || i, 'key number ' || i, 'whm', lower(hex(randomblob(4))), 0, 'customer-' || (i / 10),
      '${creator}', 1700000000000 + i, CASE WHEN i % 20 = 0 THEN 1700000000000 + i END
    FROM n`
}
