// The D1 tables of keys, in drizzle. Times are milliseconds since 1970. Rows of api_key are never deleted, so that
// the digest of a revoked key cannot be stored again.
import { sql } from 'drizzle-orm'
import { check, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { MayGrant } from '../core/actor.ts'
import { type CreditTerms, limitOwners, type Window } from '../core/limits.ts'

export const apiKey = sqliteTable(
  'api_key',
  {
    id: text().primaryKey(),
    /** SHA-256 of the token, 64 lower-case hex digits; the token itself is not stored. */
    digest: text().notNull().unique(),
    /** The sequence of its last change. */
    seq: integer().notNull(),
    accountId: text('account_id').notNull(),
    name: text().notNull(),
    /**
     * The name as searches compare it (`foldForSearch`), written with every name. null: not folded yet, in a row
     * from before this column or from SQL by hand; the reconciler folds it.
     */
    nameFolded: text('name_folded'),
    format: text().notNull(),
    keyPrefix: text('key_prefix').notNull(),
    /** null: the key inherits from the role of its creator. */
    scopes: text({ mode: 'json' }).$type<string[]>(),
    disabled: integer({ mode: 'boolean' }).notNull().default(false),
    allowedIps: text('allowed_ips', { mode: 'json' }).$type<string[]>(),
    externalId: text('external_id'),
    metadata: text({ mode: 'json' }).$type<Record<string, unknown>>(),
    rateLimit: text('rate_limit', { mode: 'json' }).$type<Window[]>(),
    credits: text({ mode: 'json' }).$type<CreditTerms>(),
    /** Whether its limits are its own or shared by all keys with its external id. */
    limitsBy: text('limits_by', { enum: limitOwners }).notNull().default('key'),
    /** The first of the keys that it replaced, whose meter it continues; null: its own meter. */
    meterId: text('meter_id'),
    /** Of a key that manages keys: what it may grant. */
    mayGrant: text('may_grant', { mode: 'json' }).$type<MayGrant>(),
    createdBy: text('created_by'),
    /** The person or the key that made it; those of a closed account are erased. */
    madeBy: text('made_by'),
    /** The person whose grant was the last, for keys that manage others. */
    grantedBy: text('granted_by'),
    /** Its creator was demoted or removed, and it has scopes of its own. */
    needsReview: integer('needs_review', { mode: 'boolean' }).notNull().default(false),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at'),
    lastUsedAt: integer('last_used_at'),
    revokedAt: integer('revoked_at'),
    revokedBy: text('revoked_by'),
    replacedBy: text('replaced_by'),
  },
  (table) => [
    // Every index ends with the rowid, which orders rows of the same value as they were inserted.
    // The keys of an account in each order of the list.
    index('api_key_by_account').on(table.accountId, table.createdAt),
    index('api_key_by_name').on(table.accountId, table.nameFolded),
    index('api_key_by_end').on(table.accountId, table.expiresAt),
    index('api_key_by_use').on(table.accountId, table.lastUsedAt),
    // Its keys in a state, also where that is rare: `disabled` is not of revoked keys.
    index('api_key_unrevoked').on(table.accountId, table.createdAt).where(sql`revoked_at is null`),
    index('api_key_revoked')
      .on(table.accountId, table.createdAt)
      .where(sql`revoked_at is not null`),
    index('api_key_disabled')
      .on(table.accountId, table.createdAt)
      .where(sql`disabled = 1 and revoked_at is null`),
    index('api_key_for_review')
      .on(table.accountId, table.createdAt)
      .where(sql`needs_review = 1 and revoked_at is null`),
    // What is revoked in bulk, and found by a filter.
    index('api_key_by_creator').on(table.accountId, table.createdBy, table.revokedAt),
    index('api_key_of_maker').on(table.accountId, table.madeBy, table.revokedAt),
    index('api_key_by_external_id')
      .on(table.accountId, table.externalId, table.revokedAt)
      .where(sql`external_id is not null`),
    index('api_key_by_prefix').on(table.accountId, table.keyPrefix),
    index('api_key_by_format').on(
      table.accountId,
      table.format,
      table.revokedAt,
      table.disabled,
      table.expiresAt,
    ),
    // The `max_keys` of a key counts the keys that it made without reading the rows.
    index('api_key_by_maker').on(table.madeBy, table.revokedAt, table.replacedBy, table.meterId),
    // What a change of a person concerns.
    index('api_key_inheriting').on(table.accountId, table.createdBy).where(sql`scopes is null`),
    index('api_key_by_grantor')
      .on(table.accountId, table.grantedBy)
      .where(sql`granted_by is not null`),
    // The keys that one batch changed.
    index('api_key_by_seq').on(table.seq),
    // Keys about to expire, of all accounts.
    index('api_key_by_expiry').on(table.expiresAt).where(sql`revoked_at is null`),
    // Those that changed lately, whose expiry may have been moved.
    index('api_key_with_expiry_by_seq')
      .on(table.seq)
      .where(sql`revoked_at is null and expires_at is not null`),
    // Names that are not folded yet: empty but for the first minutes after the upgrade that adds the column.
    index('api_key_not_folded').on(table.id).where(sql`name_folded is null`),
  ],
)

/** One row with the counter that every change of a key bumps in its batch. */
export const sequence = sqliteTable(
  'sequence',
  { id: integer().primaryKey(), value: integer().notNull() },
  (table) => [check('sequence_has_one_row', sql`${table.id} = 1`)],
)

/** The fences that a change waits for. */
export const fence = sqliteTable('fence', {
  name: text().primaryKey(),
  region: text().notNull(),
  /** The sequence of its registration. */
  seq: integer().notNull(),
})

/** Raises that a fence has not acknowledged, of digests and of groups of accounts (core/subject.ts). */
export const pendingRaise = sqliteTable(
  'pending_raise',
  {
    fence: text().notNull(),
    subject: text().notNull(),
    seq: integer().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.subject, table.fence] }),
    index('pending_raise_by_age').on(table.createdAt),
  ],
)

/** Requests with an Idempotency-Key, each inserted in the batch of its change. Kept for 24 hours. */
export const idempotency = sqliteTable(
  'idempotency',
  {
    /** SHA-256 of account, actor, method, route, path ids and the header. */
    hash: text().primaryKey(),
    accountId: text('account_id').notNull(),
    /** SHA-256 of the body. */
    payload: text().notNull(),
    /** The id of what was made. */
    made: text().notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    index('idempotency_by_expiry').on(table.expiresAt),
    // What the deletion of an account reads.
    index('idempotency_by_account').on(table.accountId),
  ],
)

/** The audit trail, written in the batch of each change; triggers refuse UPDATE and DELETE. */
export const auditEvent = sqliteTable(
  'audit_event',
  {
    id: text().primaryKey(),
    accountId: text('account_id').notNull(),
    action: text().notNull(),
    actorKind: text('actor_kind', { enum: ['person', 'key', 'system', 'platform'] }).notNull(),
    actorId: text('actor_id'),
    keyId: text('key_id'),
    /** The person whom a change of membership concerns. */
    subjectId: text('subject_id'),
    /** What changed, never a token or a digest. */
    detail: text({ mode: 'json' }).$type<Record<string, unknown>>(),
    requestId: text('request_id'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    // Each ends with the rowid, which orders the events of one millisecond.
    index('audit_event_by_account').on(table.accountId, table.createdAt),
    index('audit_event_by_key').on(table.accountId, table.keyId, table.createdAt),
    index('audit_event_by_actor').on(table.accountId, table.actorId, table.createdAt),
    index('audit_event_by_action').on(table.accountId, table.action, table.createdAt),
  ],
)

/**
 * The verdicts of one region on the canary's key. `after`: of a reader with the record in memory, and of one whose KV is
 * stale.
 */
export type RegionProbe = {
  region: string
  /** Its fence had not acknowledged: the revocation was answered with 202. */
  isPending: boolean
  before: string
  after: string[]
}

/** The runs of the canary. Kept for a week. */
export const canaryRun = sqliteTable('canary_run', {
  startedAt: integer('started_at').primaryKey(),
  endedAt: integer('ended_at').notNull(),
  /** `broken`: a revoked key passed. `unfinished`: the run shows neither. */
  outcome: text({ enum: ['held', 'broken', 'unfinished'] }).notNull(),
  /** How long the revocation took until it was in force; null: it was not made. */
  revocationMs: integer('revocation_ms'),
  regions: text({ mode: 'json' }).$type<RegionProbe[]>().notNull(),
  problem: text(),
})
