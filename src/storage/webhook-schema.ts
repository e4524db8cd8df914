// D1's tables for webhooks, in drizzle. What is to be told is written by triggers (migrations/, "webhook
// triggers") in the transaction of the change itself. Times are milliseconds since 1970.
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Where an account is told of events. */
export const webhookEndpoint = sqliteTable(
  'webhook_endpoint',
  {
    id: text().primaryKey(),
    accountId: text('account_id').notNull(),
    url: text().notNull(),
    description: text(),
    /** Types of events; null: all there are. */
    events: text({ mode: 'json' }).$type<string[]>(),
    enabled: integer({ mode: 'boolean' }).notNull().default(true),
    /** Why Latchkey itself disabled it; null when a person did, or nobody. */
    disabledReason: text('disabled_reason', { enum: ['gone', 'failing'] }),
    /** Encrypted: a signature needs the secret itself, a digest would not do. */
    sealedSecret: text('sealed_secret').notNull(),
    /** The secret before, which signs too until `previousUntil`. */
    sealedPrevious: text('sealed_previous'),
    previousUntil: integer('previous_until'),
    createdBy: text('created_by'),
    createdAt: integer('created_at').notNull(),
    lastSuccessAt: integer('last_success_at'),
  },
  (table) => [index('webhook_endpoint_by_account').on(table.accountId, table.createdAt, table.id)],
)

/** What happened, as it was when it happened. */
export const webhookEvent = sqliteTable(
  'webhook_event',
  {
    /** The `webhook-id`; that of the audit event where there is one. */
    id: text().primaryKey(),
    accountId: text('account_id').notNull(),
    type: text().notNull(),
    /** What may be told once only has a name; null: told whenever it happens. */
    onceAs: text('once_as').unique(),
    data: text({ mode: 'json' }).$type<Record<string, unknown>>().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [index('webhook_event_by_age').on(table.createdAt)],
)

/** The outbox: one row for each event and each endpoint that is to be told of it. */
export const webhookDelivery = sqliteTable(
  'webhook_delivery',
  {
    id: text().primaryKey(),
    eventId: text('event_id').notNull(),
    endpointId: text('endpoint_id').notNull(),
    status: text({ enum: ['pending', 'delivered', 'failed'] }).notNull(),
    /** Attempts begun; it only ever grows, so that it also tells one claim from another. */
    attempts: integer().notNull().default(0),
    /** Attempts begun when it was last asked for anew: the schedule counts from there. */
    roundStart: integer('round_start').notNull().default(0),
    nextAttemptAt: integer('next_attempt_at').notNull(),
    lastAttemptAt: integer('last_attempt_at'),
    /** The status code of the last answer; null when there was none. */
    lastStatus: integer('last_status'),
    lastError: text('last_error'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('webhook_delivery_once').on(table.eventId, table.endpointId),
    index('webhook_delivery_by_endpoint').on(table.endpointId, table.createdAt, table.id),
    index('webhook_delivery_due').on(table.nextAttemptAt).where(sql`status = 'pending'`),
    index('webhook_delivery_by_age').on(table.createdAt),
  ],
)
