// The D1 tables of mail: what is still to be sent, and what was told once, in drizzle. Times are milliseconds since 1970.
import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { MailTemplate } from '../core/mail.ts'

/** The outbox of mail: a row for each message. A delivered one is deleted. */
export const mail = sqliteTable(
  'mail',
  {
    /** Also the idempotency key of every attempt. */
    id: text().primaryKey(),
    /** The account and the user that it is about: deleted with either. */
    accountId: text('account_id'),
    userId: text('user_id'),
    toAddress: text('to_address').notNull(),
    template: text().$type<MailTemplate>().notNull(),
    data: text({ mode: 'json' }).$type<Record<string, string | number | null>>().notNull(),
    /** The token of its link, encrypted; null without one, and after the last failure. */
    sealedToken: text('sealed_token'),
    /** `kept`: delivered where DEV_MAIL keeps mail to be read. */
    status: text({ enum: ['pending', 'kept', 'failed'] })
      .notNull()
      .default('pending'),
    /** Attempts started. It only grows, so that it also identifies a claim. */
    attempts: integer().notNull().default(0),
    nextAttemptAt: integer('next_attempt_at').notNull(),
    /** After it the message is of no use, and is not sent any more; null: it never becomes useless. */
    expiresAt: integer('expires_at'),
    lastError: text('last_error'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    index('mail_due').on(table.nextAttemptAt).where(sql`status = 'pending'`),
    index('mail_by_age').on(table.createdAt),
    // What the deletion of an account or a user reads.
    index('mail_by_account').on(table.accountId),
    index('mail_by_user').on(table.userId),
  ],
)

/** What people have been told once, and are not told again. */
export const mailNotice = sqliteTable(
  'mail_notice',
  {
    onceAs: text('once_as').primaryKey(),
    keyId: text('key_id').notNull(),
    /** The statement that wrote it, after its time. */
    batch: text().notNull(),
  },
  (table) => [index('mail_notice_by_batch').on(table.batch)],
)
