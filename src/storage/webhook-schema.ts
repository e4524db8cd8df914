// The D1 tables of webhooks, in drizzle. Triggers (migrations/, "webhook triggers") write events and deliveries in the
// transaction of the change. Times are milliseconds since 1970.
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Where an account receives events. */
export const webhookEndpoint = sqliteTable(
  'webhook_endpoint',
  {
    id: text().primaryKey(),
    accountId: text('account_id').notNull(),
    url: text().notNull(),
    description: text(),
    /** Subscribed types of events; null: all. */
    events: text({ mode: 'json' }).$type<string[]>(),
    enabled: integer({ mode: 'boolean' }).notNull().default(true),
    /** Why Latchkey disabled it; null when it is enabled, or a person disabled it. */
    disabledReason: text('disabled_reason', { enum: ['gone', 'failing'] }),
    /** Encrypted, not hashed: signing needs the secret. */
    sealedSecret: text('sealed_secret').notNull(),
    /** The previous secret, which also signs until `previousUntil`. */
    sealedPrevious: text('sealed_previous'),
    previousUntil: integer('previous_until'),
    createdBy: text('created_by'),
    /** Its creator was demoted or removed. */
    needsReview: integer('needs_review', { mode: 'boolean' }).notNull().default(false),
    createdAt: integer('created_at').notNull(),
    lastSuccessAt: integer('last_success_at'),
  },
  (table) => [index('webhook_endpoint_by_account').on(table.accountId, table.createdAt, table.id)],
)

/** Events, with the data as of the event. */
export const webhookEvent = sqliteTable(
  'webhook_event',
  {
    /** The `webhook-id`; equal to the id of the audit event, if there is one. */
    id: text().primaryKey(),
    accountId: text('account_id').notNull(),
    type: text().notNull(),
    /** The deduplication key of an event that is sent once; null: sent whenever it occurs. */
    onceAs: text('once_as').unique(),
    data: text({ mode: 'json' }).$type<Record<string, unknown>>().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    index('webhook_event_by_age').on(table.createdAt),
    // What the purge of a deleted account reads.
    index('webhook_event_by_account').on(table.accountId),
  ],
)

/** The outbox: a row for each event and each endpoint that receives it. */
export const webhookDelivery = sqliteTable(
  'webhook_delivery',
  {
    id: text().primaryKey(),
    eventId: text('event_id').notNull(),
    endpointId: text('endpoint_id').notNull(),
    status: text({ enum: ['pending', 'delivered', 'failed'] }).notNull(),
    /** Attempts started. It only grows, so that it also identifies a claim. */
    attempts: integer().notNull().default(0),
    /** `attempts` at the last resend: the retry schedule counts from there. */
    roundStart: integer('round_start').notNull().default(0),
    nextAttemptAt: integer('next_attempt_at').notNull(),
    lastAttemptAt: integer('last_attempt_at'),
    /** The status code of the last response; null: there was none. */
    lastStatus: integer('last_status'),
    lastError: text('last_error'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('webhook_delivery_once').on(table.eventId, table.endpointId),
    index('webhook_delivery_by_endpoint').on(table.endpointId, table.createdAt, table.id),
    index('webhook_delivery_by_status').on(
      ...[table.endpointId, table.status, table.createdAt, table.id],
    ),
    index('webhook_delivery_due').on(table.nextAttemptAt).where(sql`status = 'pending'`),
    index('webhook_delivery_by_age').on(table.createdAt),
  ],
)
