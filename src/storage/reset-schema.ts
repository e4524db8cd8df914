// The D1 table of password reset links, in drizzle. Times are milliseconds since 1970.
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { user } from './people-schema.ts'

/** Deleted by its use, with the other links of the person, or once it has expired. */
export const resetLink = sqliteTable(
  'reset_link',
  {
    id: text().primaryKey(),
    /** SHA-256 of the token, which is not stored. */
    digest: text().notNull().unique(),
    /** null: nobody has the address that asked. The row is written all the same, so that asking takes as long. */
    userId: text('user_id').references(() => user.id, { onDelete: 'cascade' }),
    /** Who hands it over: a message to the address of the person, an owner of their account, or the operator. */
    origin: text({ enum: ['mail', 'owner', 'operator'] }).notNull(),
    /** Of an owner's: the account, and the owner. */
    accountId: text('account_id'),
    madeBy: text('made_by'),
    expiresAt: integer('expires_at').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [index('reset_link_by_user').on(table.userId)],
)
