// The tables of the CRM. Every row has its account; times are milliseconds since 1970. No foreign keys: only
// webhooks are deleted, and each foreign key needs an index that no query uses. After a change here, generate a
// migration (README); never edit one by hand.
import { sql } from 'drizzle-orm'
import { check, index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

export const contacts = sqliteTable(
  'contacts',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    name: text('name').notNull(),
    phone: text('phone'),
    email: text('email'),
    tags: text('tags', { mode: 'json' }).$type<string[]>().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    index('contacts_page').on(table.accountId, table.createdAt, table.id),
    index('contacts_phone').on(table.accountId, table.phone, table.createdAt, table.id),
    check('contacts_reachable', sql`${table.phone} is not null or ${table.email} is not null`),
  ],
)

/** One per phone number; `contact_id` is the contact of the latest message that had one. */
export const conversations = sqliteTable(
  'conversations',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    contactId: text('contact_id'),
    phone: text('phone').notNull(),
    createdAt: integer('created_at').notNull(),
    lastMessageAt: integer('last_message_at').notNull(),
  },
  (table) => [
    uniqueIndex('conversations_phone').on(table.accountId, table.phone),
    index('conversations_page').on(table.accountId, table.createdAt, table.id),
  ],
)

export const broadcasts = sqliteTable('broadcasts', {
  id: text('id').primaryKey(),
  accountId: text('account_id').notNull(),
  name: text('name').notNull(),
  text: text('text').notNull(),
  recipients: integer('recipients').notNull(),
  sent: integer('sent').notNull(),
  skipped: integer('skipped').notNull(),
  createdAt: integer('created_at').notNull(),
})

export const messages = sqliteTable(
  'messages',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    conversationId: text('conversation_id').notNull(),
    contactId: text('contact_id'),
    broadcastId: text('broadcast_id'),
    phone: text('phone').notNull(),
    direction: text('direction', { enum: ['inbound', 'outbound'] }).notNull(),
    status: text('status', { enum: ['sent', 'received'] }).notNull(),
    text: text('text').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    index('messages_page').on(table.accountId, table.createdAt, table.id),
    index('messages_of_conversation').on(
      table.accountId,
      table.conversationId,
      table.createdAt,
      table.id,
    ),
  ],
)

export const webhooks = sqliteTable(
  'webhooks',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    url: text('url').notNull(),
    events: text('events', { mode: 'json' }).$type<string[]>().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [index('webhooks_page').on(table.accountId, table.createdAt, table.id)],
)
