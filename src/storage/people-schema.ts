// The D1 tables of people: those of Better Auth 1.7 (property names are its field names), and `setup_lock`,
// `member_intent`, `attempt`, `platform`, `account_control`, `account_count`, `deleted_account` and `account_leaver`. An
// "organization" is an account of our API.
import { sql } from 'drizzle-orm'
import {
  check,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'

const timestamp = (name: string) => integer(name, { mode: 'timestamp_ms' })

export const user = sqliteTable('user', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email').notNull().unique(),
  emailVerified: integer('email_verified', { mode: 'boolean' }).notNull().default(false),
  image: text('image'),
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
})

export const session = sqliteTable(
  'session',
  {
    id: text('id').primaryKey(),
    token: text('token').notNull().unique(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    activeOrganizationId: text('active_organization_id'),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    /** Where the platform saw the address when the session began: `Graz, AT`. */
    place: text('place'),
    /** When it last proved its person: at sign-in, and at step-up. Null: before both were kept. */
    provedAt: timestamp('proved_at'),
    /** How it began: `password`, `password+totp`, `passkey`, … Null: before this was kept. */
    signedInWith: text('signed_in_with'),
    /** A second factor is still to be proved: until then it is no session (identity/session-rows.ts). */
    awaitsFactor: integer('awaits_factor', { mode: 'boolean' }).notNull().default(false),
    /** The address, cut as in the request log, for the audit trail. */
    network: text('network'),
    /** Of the password that the sign-in verified: a trigger refuses the session where it has been replaced since. */
    passwordSalt: text('password_salt'),
    expiresAt: timestamp('expires_at').notNull(),
    createdAt: timestamp('created_at').notNull(),
    updatedAt: timestamp('updated_at').notNull(),
  },
  (table) => [index('session_user_id_idx').on(table.userId)],
)

// A sign-in method of Better Auth, not an account of our API: a password hash (`credential`), or an identity at an issuer
// (storage/sign-in-links.ts), without tokens.
export const account = sqliteTable(
  'account',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    providerId: text('provider_id').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: timestamp('access_token_expires_at'),
    refreshTokenExpiresAt: timestamp('refresh_token_expires_at'),
    scope: text('scope'),
    password: text('password'),
    createdAt: timestamp('created_at').notNull(),
    updatedAt: timestamp('updated_at').notNull(),
  },
  (table) => [
    index('account_user_id_idx').on(table.userId),
    uniqueIndex('account_issuer_subject_uidx')
      .on(table.providerId, table.accountId)
      .where(sql`provider_id <> 'credential'`),
  ],
)

export const verification = sqliteTable(
  'verification',
  {
    id: text('id').primaryKey(),
    identifier: text('identifier').notNull(),
    value: text('value').notNull(),
    expiresAt: timestamp('expires_at').notNull(),
    createdAt: timestamp('created_at').notNull(),
    updatedAt: timestamp('updated_at').notNull(),
  },
  (table) => [index('verification_identifier_idx').on(table.identifier)],
)

export const organization = sqliteTable(
  'organization',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    slug: text('slug').notNull().unique(),
    logo: text('logo'),
    metadata: text('metadata'),
    createdAt: timestamp('created_at').notNull(),
    /** When it will be deleted: while this is set, its keys are disabled. */
    closesAt: timestamp('closes_at'),
  },
  (table) => [
    index('organization_closing').on(table.closesAt).where(sql`closes_at is not null`),
    // The order in which the platform lists accounts.
    index('organization_by_creation').on(table.createdAt),
  ],
)

export const member = sqliteTable(
  'member',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    role: text('role').notNull().default('member'),
    createdAt: timestamp('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('member_organization_id_user_id_uidx').on(table.organizationId, table.userId),
    index('member_user_id_idx').on(table.userId),
  ],
)

export const invitation = sqliteTable(
  'invitation',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.id, { onDelete: 'cascade' }),
    email: text('email').notNull(),
    role: text('role'),
    status: text('status').notNull().default('pending'),
    inviterId: text('inviter_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    expiresAt: timestamp('expires_at').notNull(),
    createdAt: timestamp('created_at').notNull(),
    /** Of the token of its mailed link; null: its id is the secret of a link that people pass on. */
    tokenDigest: text('token_digest'),
    /** Whether there is such a token. */
    mailed: integer('mailed', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [
    index('invitation_organization_id_idx').on(table.organizationId),
    index('invitation_email_idx').on(table.email),
    // What ends with the power of an inviter.
    index('invitation_pending_by_inviter').on(table.inviterId).where(sql`status = 'pending'`),
  ],
)

// The private keys are encrypted with AUTH_SECRETS by Better Auth; the public ones are plain JWK JSON.
export const jwks = sqliteTable('jwks', {
  id: text('id').primaryKey(),
  publicKey: text('public_key').notNull(),
  privateKey: text('private_key').notNull(),
  alg: text('alg'),
  crv: text('crv'),
  createdAt: timestamp('created_at').notNull(),
  expiresAt: timestamp('expires_at'),
})

// Not used any more: `attempt` has the counts. It stays for the version before, which an upgrade may still run.
export const rateLimit = sqliteTable('rate_limit', {
  id: text('id').primaryKey(),
  key: text('key').notNull().unique(),
  count: integer('count').notNull(),
  lastRequest: integer('last_request').notNull(),
})

// At most one row, inserted with the first owner.
export const setupLock = sqliteTable(
  'setup_lock',
  {
    id: integer('id').primaryKey(),
    at: timestamp('at').notNull(),
  },
  (table) => [check('setup_lock_one_row', sql`${table.id} = 1`)],
)

// Who is about to change a member, an invitation or the name of an account: written before the change, read by the
// audit trigger in the transaction of the change. No foreign key: when a member is removed, the trigger still has to
// read it.
export const memberIntent = sqliteTable('member_intent', {
  memberId: text('member_id').primaryKey(),
  actorId: text('actor_id').notNull(),
  actorKind: text('actor_kind', { enum: ['person', 'key', 'platform'] })
    .notNull()
    .default('person'),
  at: timestamp('at').notNull(),
  /** From where, as JSON for the details of the event (core/person-event.ts), and by which request. */
  client: text('client'),
  requestId: text('request_id'),
})

// Attempts (at a password, for example) by a key that names the target and the source, until the window ends.
export const attempt = sqliteTable(
  'attempt',
  {
    key: text('key').primaryKey(),
    count: integer('count').notNull(),
    endsAt: integer('ends_at').notNull(),
  },
  (table) => [index('attempt_by_end').on(table.endsAt)],
)

// The account that operates the deployment, written with the first account and never changed.
export const platform = sqliteTable(
  'platform',
  {
    id: integer('id').primaryKey(),
    accountId: text('account_id').notNull(),
  },
  (table) => [check('platform_has_one_row', sql`${table.id} = 1`)],
)

// What the platform decides about an account, and what its owners decide that Better Auth must not write; no row: nothing.
// Tenants write `organization` through Better Auth, never this.
export const accountControl = sqliteTable('account_control', {
  accountId: text('account_id').primaryKey(),
  /** While it is set, the keys fail and the people only read. */
  suspendedAt: integer('suspended_at'),
  /** The platform has scheduled the deletion, and alone cancels it. */
  deletedByPlatform: integer('deleted_by_platform', { mode: 'boolean' }).notNull().default(false),
  /** null: the quota of every account (core/quotas.ts). */
  maxKeys: integer('max_keys'),
  maxMembers: integer('max_members'),
  maxEndpoints: integer('max_endpoints'),
  maxChangesPerMinute: integer('max_changes_per_minute'),
  /** By its owners: people without a second factor do nothing here but enrol one. */
  requiresFactor: integer('requires_factor', { mode: 'boolean' }).notNull().default(false),
})

// How many of each an account has. Triggers keep it, and refuse what is beyond the quotas.
export const accountCount = sqliteTable('account_count', {
  accountId: text('account_id').primaryKey(),
  /** Unrevoked keys, of a rotation the newest. */
  keys: integer('keys').notNull().default(0),
  members: integer('members').notNull().default(0),
  endpoints: integer('endpoints').notNull().default(0),
})

// Accounts that were deleted. Their keys keep their digests.
export const deletedAccount = sqliteTable(
  'deleted_account',
  {
    accountId: text('account_id').primaryKey(),
    deletedAt: integer('deleted_at').notNull(),
    /** When the purge ended; null while data is left. */
    purgedAt: integer('purged_at'),
    /** The last of its keys whose attributes are erased, in the order in which they were created. */
    erasedTo: text('erased_to'),
  },
  (table) => [index('deleted_account_left').on(table.deletedAt).where(sql`purged_at is null`)],
)

// The people who leave with an account: filled and emptied within the batch that deletes it.
export const accountLeaver = sqliteTable(
  'account_leaver',
  {
    accountId: text('account_id').notNull(),
    userId: text('user_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.userId] })],
)
