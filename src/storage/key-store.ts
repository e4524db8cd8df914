// Reads of keys from D1: the record of a digest for verification, and rows for management.
import {
  type AnyColumn,
  and,
  desc,
  eq,
  getTableColumns,
  gt,
  inArray,
  isNotNull,
  isNull,
  lte,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { MayGrant } from '../core/actor.ts'
import type { KeyPrefixSearch } from '../core/foreign.ts'
import { limitsOf } from '../core/limits.ts'
import type { KeyRecord } from '../core/record.ts'
import { strongestRole } from '../core/role.ts'
import { foldForSearch } from '../core/text.ts'
import { openPrimary } from './database.ts'
import { changeable, listed as list, type Reach, readable } from './key-reach.ts'
import type { NamedSelection, Selection } from './key-selection.ts'
import { member, organization, user } from './people-schema.ts'
import { apiKey, sequence } from './schema.ts'
import { within } from './unavailable.ts'

export type KeyRow = Omit<typeof apiKey.$inferSelect, 'nameFolded'>

/** A key with the present role and name of its creator; a key without scopes inherits from that role. */
export type ListedKey = KeyRow & { creatorRole: string | null; creatorName: string | null }

export const keyStatuses = ['active', 'expired', 'revoked', 'disabled'] as const
export type KeyStatus = (typeof keyStatuses)[number]

/** A position in a list ordered newest first. */
export type Position = { createdAt: number; id: string }

export type KeyFilter = {
  status?: KeyStatus | undefined
  search?: string | undefined
  /** The key prefix in `search`, if it is the beginning of a token: see `readKeyPrefix`. */
  keyPrefix?: KeyPrefixSearch | undefined
  createdBy?: string | undefined
}

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
        .select({ key: columns, account, role: member.role, asOf: counter })
        .from(apiKey)
        .leftJoin(organization, eq(organization.id, apiKey.accountId))
        .leftJoin(member, memberWhoCreated)
        .where(eq(apiKey.digest, digest))
        .get()
      const row = await within('D1', readTimeoutMs, query)
      return row === undefined ? null : recordOf(row.key, row.account, row.role, row.asOf)
    },
  }
}

const account = { name: organization.name, closesAt: organization.closesAt }

const memberWhoCreated = and(
  eq(member.userId, apiKey.createdBy),
  eq(member.organizationId, apiKey.accountId),
)

function recordOf(
  key: KeyRow,
  account: { name: string; closesAt: Date | null } | null,
  role: string | null,
  asOf: number,
): KeyRecord {
  return {
    asOf,
    id: key.id,
    name: key.name,
    accountId: key.accountId,
    accountName: account?.name ?? '',
    createdBy: key.createdBy,
    externalId: key.externalId,
    scopes: key.scopes,
    role: strongestRole(role),
    createdAt: key.createdAt,
    expiresAt: key.expiresAt,
    revoked: key.revokedAt !== null,
    // The keys of an account with a scheduled deletion are disabled.
    disabled: key.disabled || (account?.closesAt ?? null) !== null,
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
  const query = selectKeys(d1).where(and(eq(apiKey.id, id), eq(apiKey.accountId, accountId)))
  const row = await within('D1', readTimeoutMs, query.get())
  return row === undefined ? null : listed(row)
}

/** What a managing key may grant, and the first key of its rotations. */
export async function findManager(
  d1: D1Database,
  id: string,
): Promise<{ mayGrant: MayGrant | null; rootId: string }> {
  const query = openPrimary(d1)
    .select({ mayGrant: apiKey.mayGrant, meterId: apiKey.meterId })
    .from(apiKey)
    .where(eq(apiKey.id, id))
  const row = await within('D1', readTimeoutMs, query.get())
  return { mayGrant: row?.mayGrant ?? null, rootId: row?.meterId ?? id }
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

/** What a selection names that no key of the account has: ids, or the one value. Revoked keys count. */
export async function missingFrom(
  d1: D1Database,
  reach: Reach,
  selection: NamedSelection | Extract<Selection, { by: 'ids' }>,
): Promise<string[]> {
  const { column, account, values } = namedBy(selection)
  const reached = changeable(reach) ?? sql`1`
  const query = openPrimary(d1).all<{ value: string }>(sql`
    select value from json_each(${JSON.stringify([...new Set(values)])}) where not exists
      (select 1 from ${apiKey} where ${account} = ${reach.accountId} and ${column} = value and ${reached})`)
  return (await within('D1', readTimeoutMs, query)).map(({ value }) => value)
}

function namedBy(selection: NamedSelection | Extract<Selection, { by: 'ids' }>) {
  const { accountId } = apiKey
  switch (selection.by) {
    case 'ids':
      // The + keeps SQLite from choosing the account's index, as in `commit`.
      return { column: apiKey.id, account: sql`+${accountId}`, values: selection.ids }
    case 'creator':
      return { column: apiKey.createdBy, account: accountId, values: [selection.createdBy] }
    case 'maker':
      return { column: apiKey.madeBy, account: accountId, values: [selection.madeBy] }
    case 'externalId':
      return { column: apiKey.externalId, account: accountId, values: [selection.externalId] }
  }
}

/** Up to `limit` keys of the account, newest first, beginning after a position. */
export async function listKeys(
  d1: D1Database,
  reach: Reach,
  { status, search, keyPrefix, createdBy }: KeyFilter,
  page: { limit: number; after: Position | null; nowMs: number },
): Promise<ListedKey[]> {
  const query = selectKeys(d1)
    .where(
      and(
        eq(apiKey.accountId, reach.accountId),
        readable(reach),
        createdBy === undefined ? undefined : eq(apiKey.createdBy, createdBy),
        after(page.after),
        hasStatus(status, page.nowMs),
        matchesSearch(search, keyPrefix),
      ),
    )
    .orderBy(desc(apiKey.createdAt), desc(sql`${apiKey}.rowid`))
    .limit(page.limit)
  return (await within('D1', readTimeoutMs, query.all())).map(listed)
}

function selectKeys(d1: D1Database) {
  return openPrimary(d1)
    .select({ key: columns, creatorRole: member.role, creatorName: user.name })
    .from(apiKey)
    .leftJoin(member, memberWhoCreated)
    .leftJoin(user, eq(user.id, apiKey.createdBy))
}

function listed({ key, ...creator }: { key: KeyRow } & Omit<ListedKey, keyof KeyRow>): ListedKey {
  return { ...key, ...creator }
}

function after(position: Position | null): SQL | undefined {
  if (position === null) return undefined
  const { createdAt, id } = position
  return sql`(${apiKey.createdAt}, ${apiKey}.rowid) <
    (${createdAt}, (select rowid from ${apiKey} where id = ${id}))`
}

/** The status of a key at a time: revoked takes precedence over disabled, and disabled over expired. */
export function statusOf(key: KeyRow, nowMs: number): KeyStatus {
  if (key.revokedAt !== null) return 'revoked'
  if (key.disabled) return 'disabled'
  return key.expiresAt !== null && key.expiresAt <= nowMs ? 'expired' : 'active'
}

function hasStatus(status: KeyStatus | undefined, nowMs: number): SQL | undefined {
  const enabled = and(isNull(apiKey.revokedAt), eq(apiKey.disabled, false))
  switch (status) {
    case undefined:
      return undefined
    case 'revoked':
      return isNotNull(apiKey.revokedAt)
    case 'disabled':
      return and(isNull(apiKey.revokedAt), eq(apiKey.disabled, true))
    case 'expired':
      return and(enabled, lte(apiKey.expiresAt, nowMs))
    case 'active':
      return and(enabled, or(isNull(apiKey.expiresAt), gt(apiKey.expiresAt, nowMs)))
  }
}

// Not LIKE: D1 limits patterns to 50 bytes, and NUL terminates one.
function matchesSearch(
  search: string | undefined,
  keyPrefix: KeyPrefixSearch | undefined,
): SQL | undefined {
  if (search === undefined || search === '') return undefined
  const holds = (column: AnyColumn, text = search) =>
    sql`instr(lower(${column}), lower(${text})) > 0`
  const { formats = null, letters = search } = keyPrefix ?? {}
  return or(
    sql`instr(${apiKey.nameFolded}, ${foldForSearch(search)}) > 0`,
    and(isNull(apiKey.nameFolded), holds(apiKey.name)),
    and(
      formats === null ? undefined : inArray(apiKey.format, formats),
      holds(apiKey.keyPrefix, letters),
    ),
    holds(apiKey.externalId),
  )
}
