// The D1 tables of second factors. They end with their user.
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { user } from './people-schema.ts'

const ofUser = () =>
  text('user_id')
    .notNull()
    .references(() => user.id, { onDelete: 'cascade' })

// Time-based one-time passwords (RFC 6238): at most one secret a person. Secrets are sealed (identity/factors/totp.ts).
export const totp = sqliteTable('totp', {
  userId: ofUser().primaryKey(),
  /** null: none is enrolled. */
  secret: text('secret'),
  enrolledAt: integer('enrolled_at'),
  lastUsedAt: integer('last_used_at'),
  /** The last step whose code was accepted: it and those before are refused. */
  lastStep: integer('last_step').notNull().default(0),
  /** Replaces `secret` when a code of it is confirmed in time. */
  pendingSecret: text('pending_secret'),
  pendingUntil: integer('pending_until'),
})

// Passkeys (WebAuthn credentials).
export const passkey = sqliteTable(
  'passkey',
  {
    id: text('id').primaryKey(),
    userId: ofUser(),
    /** Of the authenticator, in base64url. */
    credentialId: text('credential_id').notNull().unique(),
    /** COSE (RFC 9052), in base64url. */
    publicKey: text('public_key').notNull(),
    /** The signature counter: one that does not grow is of a copy. Always 0 where an authenticator counts nothing. */
    signCount: integer('sign_count').notNull(),
    /** How browsers reach it, as a JSON array. */
    transports: text('transports', { mode: 'json' }).$type<string[]>().notNull(),
    name: text('name').notNull(),
    /** It has verified its user, by a PIN or biometrics, so that it stands alone: any other is a second factor only. */
    verifiesUser: integer('verifies_user', { mode: 'boolean' }).notNull().default(false),
    /** Synchronised, so that it outlives its device. */
    isBackedUp: integer('is_backed_up', { mode: 'boolean' }).notNull(),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at'),
  },
  (table) => [index('passkey_by_user').on(table.userId)],
)

// Recovery codes, as HMACs (identity/factors/recovery-codes.ts).
export const recoveryCode = sqliteTable(
  'recovery_code',
  {
    userId: ofUser(),
    digest: text('digest').notNull(),
    createdAt: integer('created_at').notNull(),
    usedAt: integer('used_at'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.digest] })],
)

// Challenges of WebAuthn that were answered, until they expire: each is answered once (identity/factors/challenge.ts).
export const spentChallenge = sqliteTable(
  'spent_challenge',
  {
    digest: text('digest').primaryKey(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('spent_challenge_by_end').on(table.expiresAt)],
)
