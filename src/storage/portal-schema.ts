// The D1 table of portal sessions, in drizzle. Times are milliseconds since 1970.
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Window } from '../core/limits.ts'

/** Deleted by signing out, by a revocation of its external id, with its account, or once it has expired. */
export const portalSession = sqliteTable(
  'portal_session',
  {
    id: text().primaryKey(),
    /** SHA-256 of its code until that is exchanged, of its token since. Neither is stored. */
    digest: text().notNull().unique(),
    accountId: text('account_id').notNull(),
    /** The key that opened it. */
    keyId: text('key_id').notNull(),
    externalId: text('external_id').notNull(),
    scopes: text({ mode: 'json' }).$type<string[]>().notNull(),
    environments: text({ mode: 'json' }).$type<string[]>().notNull(),
    rateLimit: text('rate_limit', { mode: 'json' }).$type<Window[]>(),
    /** Of its keys, in seconds; null: any. */
    maxLifetime: integer('max_lifetime'),
    maxKeys: integer('max_keys').notNull(),
    /** Of the page that the customer came from. */
    origin: text(),
    createdAt: integer('created_at').notNull(),
    /** When its code was exchanged; null: it was not. */
    openedAt: integer('opened_at'),
    /** Of its code, then of its token. */
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    // What a revocation by external id, and the deletion of an account, read.
    index('portal_session_by_external_id').on(table.accountId, table.externalId),
  ],
)
