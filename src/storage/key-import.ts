// Imports keys of another system by their digests: one batch, with an audit event for each stored key.
import { sql } from 'drizzle-orm'
import type { AuditEntry } from '../core/audit.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { runBatch } from './database.ts'
import { recordRequest } from './idempotency.ts'
import { folded, type NewKey, recordChanges } from './key-changes.ts'
import { maxKeysOf, roomForKeys } from './quotas.ts'
import { apiKey } from './schema.ts'
import { bump, changedNow, currentSequence } from './sequence.ts'
import { within } from './unavailable.ts'

export type Imported = {
  /** By digest: the id of the key that has it now. None where no room was left for it. */
  ids: ReadonlyMap<string, string>
  /** How many keys the account may have. */
  maxKeys: number
}

export type KeyImport = {
  /**
   * Stores keys of one account in their order, as many as its quota leaves room for; a digest that exists in any account
   * is skipped.
   */
  store(
    keys: readonly NewKey[],
    audit: AuditEntry,
    nowMs: number,
    request?: IdempotentRequest | null,
  ): Promise<Imported>
}

const writeTimeoutMs = 10_000

export function createKeyImport(d1: D1Database): KeyImport {
  return {
    async store(keys, audit, nowMs, request = null) {
      const detail = sql`json_object('name', ${apiKey.name}, 'scopes', json(${apiKey.scopes}), 'format', ${apiKey.format})`
      const stored = runBatch<Stored>(d1, [
        bump(nowMs),
        insertUnknown(keys),
        recordChanges(audit, nowMs, detail),
        ...recordRequest(request, importedIds, nowMs),
        readStored(keys),
      ])
      const rows = await within('D1', writeTimeoutMs, stored)
      const ids = rows.flatMap(({ digest, id }) => (id === null ? [] : [[digest, id] as const]))
      return { ids: new Map(ids), maxKeys: rows[0]?.maxKeys ?? 0 }
    },
  }
}

type Stored = { digest: string; id: string | null; maxKeys: number }

function readStored(keys: readonly NewKey[]) {
  const digests = JSON.stringify(keys.map(({ digest }) => digest))
  return sql`select value as digest, (select id from ${apiKey} where digest = value) as id,
    ${maxKeysOf(keys[0]?.accountId ?? '')} as maxKeys from json_each(${digests})`
}

const importedIds = sql`(select json_group_array(id) from ${apiKey} where ${changedNow})`

// All rows in one bound parameter: D1 allows 100 per statement. No raise is needed, as for a new key: no cache
// holds a record of a digest that was never stored.
function insertUnknown(keys: readonly NewKey[]) {
  // Of two keys with one digest the second would take room for nothing.
  const first = new Map(keys.toReversed().map((key) => [key.digest, flat(key)]))
  const rows = JSON.stringify([...first.values()].reverse())
  return sql`
    insert into ${apiKey} (id, digest, seq, account_id, name, name_folded, format, key_prefix, scopes, disabled,
      allowed_ips, external_id, metadata, rate_limit, credits, limits_by, made_by, granted_by, created_by, created_at,
      expires_at)
    select value ->> 'id', value ->> 'digest', ${currentSequence}, value ->> 'accountId',
      value ->> 'name', value ->> 'nameFolded', value ->> 'format', value ->> 'keyPrefix', value ->> 'scopes', 0,
      value ->> 'allowedIps', value ->> 'externalId', value ->> 'metadata', value ->> 'rateLimit',
      value ->> 'credits', value ->> 'limitsBy', value ->> 'madeBy', value ->> 'grantedBy', value ->> 'createdBy', value ->> 'createdAt',
      value ->> 'expiresAt'
    from json_each(${rows})
    where not exists (select 1 from ${apiKey} where digest = value ->> 'digest')
    order by json_each.key limit ${roomForKeys(keys[0]?.accountId ?? '')}`
}

/** JSON columns as text: SQLite stops at depth 1,000, where one key would fail the whole batch. */
function flat(key: NewKey): Record<string, unknown> {
  const text = (value: unknown) => (value == null ? null : JSON.stringify(value))
  const { scopes, allowedIps, metadata, rateLimit, credits } = key
  return {
    ...key,
    ...folded(key),
    scopes: text(scopes),
    allowedIps: text(allowedIps),
    metadata: text(metadata),
    rateLimit: text(rateLimit),
    credits: text(credits),
  }
}
