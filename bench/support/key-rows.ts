// Keys in bulk, written directly to the database with its columns, indexes and triggers.
import type { DatabaseSync } from 'node:sqlite'
import { applyMigrations } from '../../test/simulation/sqlite.ts'

export const bigAccount = 'aaaaaaaa-0000-4000-8000-000000000000'
export const creator = 'bbbbbbbb-0000-4000-8000-000000000000'
export const rareActor = 'bbbbbbbb-0000-4000-8000-000000000001'
/** The maximum of keys in the measured account; further keys belong to 10,000 others. */
export const maxOfOneAccount = 1_000_000

export function migrate(db: DatabaseSync): void {
  applyMigrations(db)
  db.exec(`INSERT INTO organization (id, name, slug, created_at) VALUES ('${bigAccount}', 'Big', 'big', 0);
    INSERT INTO user (id, name, email, email_verified, created_at, updated_at)
      VALUES ('${creator}', 'Ada', 'ada@bench.test', 1, 0, 0);
    INSERT INTO member (id, organization_id, user_id, role, created_at)
      VALUES ('cccccccc-0000-4000-8000-000000000000', '${bigAccount}', '${creator}', 'owner', 0);
    INSERT OR IGNORE INTO sequence (id, value) VALUES (1, 1);`)
  for (const region of [
    'wnam',
    'enam',
    'sam',
    'weur',
    'eeur',
    'apac',
    'apac-ne',
    'oc',
    'afr',
    'me',
  ]) {
    db.exec(`INSERT INTO fence (name, region, seq) VALUES ('${region}/0-of-1', '${region}', 1)`)
  }
}

type Schema = { type: string; name: string; sql: string }

/**
 * Inserts rows `from` (counted from 1) to `to`, of the measured account with an audit event each. Triggers and indexes
 * are dropped meanwhile and recreated. Half of the keys expire, a third of those before now; a third were never used; one of
 * 100,000 is of the environment test; a quarter have scopes of their own.
 */
export function fill(db: DatabaseSync, from: number, to: number): void {
  const [day, nowMs] = [86_400_000, Date.now()]
  db.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA cache_size = -400000')
  const resting = db
    .prepare(
      `SELECT type, name, sql FROM sqlite_master
       WHERE tbl_name IN ('api_key', 'audit_event') AND sql IS NOT NULL AND type IN ('index', 'trigger')`,
    )
    .all() as Schema[]
  const isBulk = to - from > 50_000
  const kept = resting.filter(({ type }) => isBulk || type === 'trigger')
  for (const { type, name } of kept) db.exec(`DROP ${type} ${name}`)
  db.exec(`
    WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
    INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, disabled, external_id,
      created_by, created_at, revoked_at, expires_at, last_used_at, scopes)
    SELECT printf('%08x-0000-4000-8000-%012x', i, i), lower(hex(randomblob(32))), 1,
      CASE WHEN i <= ${maxOfOneAccount} THEN '${bigAccount}'
        ELSE printf('dddddddd-0000-4000-8000-%012x', i % 10000) END,
      'Key number ' || i, 'key number ' || i, iif(i % 100000 = 3, 'wacrm_test', 'whm'), lower(hex(randomblob(4))), 0, 'customer-' || (i / 10),
      '${creator}', 1700000000000 + i, CASE WHEN i % 20 = 0 THEN 1700000000000 + i END,
      CASE WHEN i % 2 = 0 THEN ${nowMs} + (i / 2 % 90 - 30) * ${day} + i END,
      CASE WHEN i % 3 > 0 THEN ${nowMs} - i % 200 * ${day} END,
      CASE WHEN i % 4 = 1 THEN '["messages:read","contacts:write"]' END
    FROM n;
    WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${Math.min(to, maxOfOneAccount)})
    INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, key_id, created_at)
    SELECT printf('%08x-0000-4000-9000-%012x', i, i), '${bigAccount}',
      CASE WHEN i % 100000 = 1 THEN 'key.rotated' ELSE 'key.created' END, 'person',
      CASE WHEN i % 100000 = 2 THEN '${rareActor}' ELSE '${creator}' END,
      printf('%08x-0000-4000-8000-%012x', i, i), 1700000000000 + i
    FROM n WHERE i <= ${maxOfOneAccount}`)
  for (const { sql } of kept) db.exec(sql)
}

export function digestsOf(db: DatabaseSync, ids: readonly number[]): string[] {
  const find = db.prepare('SELECT digest FROM api_key WHERE id = ?')
  return ids.map((id) => (find.get(idOf(id)) as { digest: string }).digest)
}

export function idOf(i: number): string {
  const hex = i.toString(16)
  return `${hex.padStart(8, '0')}-0000-4000-8000-${hex.padStart(12, '0')}`
}
