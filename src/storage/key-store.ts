// Reads of keys from D1: the record of a digest for verification, and rows for management.
import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { MayGrant } from '../core/actor.ts'
import { limitsOf } from '../core/limits.ts'
import type { KeyRecord } from '../core/record.ts'
import { strongestRole } from '../core/role.ts'
import type { AccountStanding } from '../core/standing.ts'
import { openPrimary } from './database.ts'
import type { KeyStatus } from './key-filter.ts'
import { listed as list } from './key-reach.ts'
import { accountControl, member, organization, user } from './people-schema.ts'
import { apiKey, sequence } from './schema.ts'
import { standingColumns, standingOfRow } from './standing.ts'
import { within } from './unavailable.ts'

export type KeyRow = Omit<typeof apiKey.$inferSelect, 'nameFolded'>

/** A key with the present role and name of its creator; a key without scopes inherits from that role. */
export type ListedKey = KeyRow & { creatorRole: string | null; creatorName: string | null }

/** Reads records that verification finds neither in memory nor in KV. */
export type KeyReader = {
  /** The record, with `asOf` from the same statement; null when no key has this digest. */
  read(digest: string): Promise<KeyRecord | null>
}

const readTimeoutMs = 2_000
/** What is read of a key: all but what only searches compare. */
const { nameFolded: _, ...columns } = getTableColumns(apiKey)
const counter = sql<number>`coalesce((select ${sequence.value} from ${sequence}), 0)`

export function createKeyReader(d1: D1Database): KeyReader {
  return {
    async read(digest) {
      const query = openPrimary(d1)
        .select({ key: columns, account, suspendedAt, role: member.role, asOf: counter })
        .from(apiKey)
        .leftJoin(organization, eq(organization.id, apiKey.accountId))
        .leftJoin(accountControl, eq(accountControl.accountId, apiKey.accountId))
        .leftJoin(member, memberWhoCreated)
        .where(eq(apiKey.digest, digest))
        .get()
      const row = await within('D1', readTimeoutMs, query)
      return row === undefined ? null : recordOf(row)
    },
  }
}

const account = { name: organization.name, closesAt: organization.closesAt }
const { suspendedAt } = accountControl

const memberWhoCreated = and(
  eq(member.userId, apiKey.createdBy),
  eq(member.organizationId, apiKey.accountId),
)

type RecordRow = {
  key: KeyRow
  account: { name: string; closesAt: Date | null } | null
  suspendedAt: number | null
  role: string | null
  asOf: number
}

function recordOf({ key, account, suspendedAt, role, asOf }: RecordRow): KeyRecord {
  return {
    asOf,
    id: key.id,
    name: key.name,
    accountId: key.accountId,
    accountName: account?.name ?? '',
    createdBy: key.createdBy,
    externalId: key.externalId,
    metadata: key.metadata,
    format: key.format,
    scopes: key.scopes,
    role: strongestRole(role),
    createdAt: key.createdAt,
    expiresAt: key.expiresAt,
    revoked: key.revokedAt !== null,
    // The keys of an account with a scheduled deletion are disabled.
    disabled: key.disabled || (account?.closesAt ?? null) !== null,
    suspended: suspendedAt !== null,
    allowedIps: key.allowedIps,
    limits: limitsOf(key),
  }
}

/** A key of the account; null also for keys of other accounts. */
export async function findKey(
  d1: D1Database,
  accountId: string,
  id: string,
): Promise<ListedKey | null> {
  return findOne(d1, accountId, eq(apiKey.id, id))
}

/** As `findKey`, by the digest of its token. */
export async function findKeyByDigest(
  d1: D1Database,
  accountId: string,
  digest: string,
): Promise<ListedKey | null> {
  return findOne(d1, accountId, eq(apiKey.digest, digest))
}

async function findOne(d1: D1Database, accountId: string, where: SQL): Promise<ListedKey | null> {
  const query = selectKeys(d1).where(and(where, eq(apiKey.accountId, accountId)))
  const row = await within('D1', readTimeoutMs, query.get())
  return row === undefined ? null : listed(row)
}

export type Manager = { mayGrant: MayGrant | null; rootId: string; standing: AccountStanding }

/**
 * What a managing key may grant, the first key of its rotations, and the standing of the account in which it acts.
 * null: there is no such account.
 */
export async function findManager(
  d1: D1Database,
  id: string,
  accountId: string,
): Promise<Manager | null> {
  const query = openPrimary(d1)
    .select({ mayGrant: apiKey.mayGrant, meterId: apiKey.meterId, standing: standingColumns })
    .from(apiKey)
    .innerJoin(organization, eq(organization.id, accountId))
    .leftJoin(accountControl, eq(accountControl.accountId, organization.id))
    .where(eq(apiKey.id, id))
  const row = await within('D1', readTimeoutMs, query.get())
  if (row === undefined) return null
  const { mayGrant, meterId, standing } = row
  return { mayGrant, rootId: meterId ?? id, standing: standingOfRow(standing) }
}

/** The first key of the rotations of this one, of any account, which its `madeBy` is; any other id is itself. */
export async function rootOf(d1: D1Database, id: string): Promise<string> {
  const query = openPrimary(d1).select({ meterId: apiKey.meterId }).from(apiKey)
  const row = await within('D1', readTimeoutMs, query.where(eq(apiKey.id, id)).get())
  return row?.meterId ?? id
}

/** The keys with these digests, of any account. */
export async function findByDigests(
  d1: D1Database,
  digests: readonly string[],
): Promise<{ id: string; accountId: string; digest: string }[]> {
  const query = openPrimary(d1)
    .select({ id: apiKey.id, accountId: apiKey.accountId, digest: apiKey.digest })
    .from(apiKey)
    .where(sql`${apiKey.digest} in ${list(digests)}`)
  return within('D1', readTimeoutMs, query.all())
}

/** The keys that these keys were rotated to with their own tokens, and so on. */
export async function findOwnSuccessors(
  d1: D1Database,
  ids: readonly string[],
): Promise<{ id: string; successorOf: string }[]> {
  const query = openPrimary(d1).all<{ id: string; successorOf: string }>(sql`
    with recursive successor (id, successorOf, next) as (
      select id, id, replaced_by from ${apiKey} where id in ${list(ids)}
      union
      select later.id, successor.successorOf, later.replaced_by
        from successor join ${apiKey} as later on later.id = successor.next
        where later.made_by = later.meter_id
    )
    select id, successorOf from successor where id <> successorOf`)
  return within('D1', readTimeoutMs, query)
}

export function selectKeys(d1: D1Database) {
  const isFolded = sql<number>`${apiKey.nameFolded} is not null`
  return openPrimary(d1)
    .select({ key: columns, creatorRole: member.role, creatorName: user.name, isFolded })
    .from(apiKey)
    .leftJoin(member, memberWhoCreated)
    .leftJoin(user, eq(user.id, apiKey.createdBy))
}

export type SelectedKey = { key: KeyRow; isFolded: number } & Omit<ListedKey, keyof KeyRow>

export function listed({ key, creatorRole, creatorName }: SelectedKey): ListedKey {
  return { ...key, creatorRole, creatorName }
}

/** The status of a key at a time: revoked takes precedence over disabled, and disabled over expired. */
export function statusOf(key: KeyRow, nowMs: number): KeyStatus {
  if (key.revokedAt !== null) return 'revoked'
  if (key.disabled) return 'disabled'
  return key.expiresAt !== null && key.expiresAt <= nowMs ? 'expired' : 'active'
}
