// Which keys a list holds, and in which order: a line for each filter and each order.
import {
  type AnyColumn,
  and,
  eq,
  gt,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import { defaultEnvironment, environmentOf } from '../core/environment.ts'
import type { KeyPrefixSearch, TokenFormats } from '../core/foreign.ts'
import { foldForSearch } from '../core/text.ts'
import { holdsAny, inEnvironments, type Reach, readable } from './key-reach.ts'
import { apiKey } from './schema.ts'

export const keyStatuses = ['active', 'expired', 'revoked', 'disabled'] as const
export type KeyStatus = (typeof keyStatuses)[number]

export type KeyFilter = {
  status?: KeyStatus | undefined
  search?: string | undefined
  /** The key prefix in `search`, if it is the beginning of a token: see `readKeyPrefix`. */
  keyPrefix?: KeyPrefixSearch | undefined
  createdBy?: string | undefined
  externalId?: string | undefined
  needsReview?: boolean | undefined
  /** ms since 1970, as below. */
  expiresBefore?: number | undefined
  /** Neither used nor created since. */
  unusedSince?: number | undefined
  environment?: { name: string; formats: TokenFormats } | undefined
  /** Granted one of these by that name: see `scopesThatCover`. */
  scopes?: readonly string[] | undefined
}

export const sortColumns = ['created_at', 'expires_at', 'last_used_at', 'name'] as const
export type KeySort = { by: (typeof sortColumns)[number]; isDescending: boolean }
export const newestFirst: KeySort = { by: 'created_at', isDescending: true }

/** An order of all keys of an account, by an index that ends with the rowid. */
export type Order = {
  column: AnyColumn
  index: string
  /** Where null stands in ascending order; absent: no key has it. */
  nulls?: 'first' | 'last'
}

export const orders: Record<KeySort['by'], Order> = {
  created_at: { column: apiKey.createdAt, index: 'api_key_by_account' },
  // Never is later than every time.
  expires_at: { column: apiKey.expiresAt, index: 'api_key_by_end', nulls: 'last' },
  // Never is before every time.
  last_used_at: { column: apiKey.lastUsedAt, index: 'api_key_by_use', nulls: 'first' },
  // null: not folded yet.
  name: { column: apiKey.nameFolded, index: 'api_key_by_name', nulls: 'last' },
}

export type Condition = {
  where: SQL | undefined
  /** The index of keys that meet it, or of some more, in the order of their creation. */
  index?: string
  /** Every key of `index` meets it. */
  isWhole?: boolean
  /** The rowids of the keys that meet it, or of some more, by an index that orders them otherwise. */
  rows?: SQL
}

export function conditionsOf(filter: KeyFilter, reach: Reach, nowMs: number): Condition[] {
  const { status, search, keyPrefix, createdBy, externalId, needsReview } = filter
  const { expiresBefore, unusedSince, environment, scopes } = filter
  const bounds = readable(reach)
  const rows = (index: string, where: SQL) => rowsBy(reach, index, where)
  const given = <T>(value: T | undefined, condition: (value: T) => Condition): Condition[] =>
    value === undefined ? [] : [condition(value)]
  return [
    ...given(status, (value) => hasStatus(value, reach, nowMs)),
    ...given(needsReview || undefined, () => whole(reach, 'api_key_for_review')),
    ...given(externalId, (value) => ({
      where: eq(apiKey.externalId, value),
      rows: rows('api_key_by_external_id', eq(apiKey.externalId, value)),
    })),
    ...given(createdBy, (value) => ({
      where: eq(apiKey.createdBy, value),
      rows: rows('api_key_by_creator', eq(apiKey.createdBy, value)),
    })),
    ...given(expiresBefore, (value) => ({
      where: lt(apiKey.expiresAt, value),
      rows: rows('api_key_by_end', lt(apiKey.expiresAt, value)),
    })),
    ...given(unusedSince, (value) => ({
      where: sql`coalesce(${apiKey.lastUsedAt}, ${apiKey.createdAt}) <= ${value}`,
      rows: sql`${rows('api_key_by_use', isNull(apiKey.lastUsedAt))}
        union all ${rows('api_key_by_use', lte(apiKey.lastUsedAt, value))}`,
    })),
    ...given(environment, ({ name, formats }) => ({
      where: inEnvironments([name], formats),
      rows: sql.join(
        spansOfFormats(name, formats).map((span) => rows('api_key_by_format', span)),
        sql` union all `,
      ),
    })),
    ...given(scopes, (value) => ({ where: and(isNotNull(apiKey.scopes), holdsAny(value)) })),
    ...given(search || undefined, (text) => ({ where: matchesSearch(text, keyPrefix) })),
    ...given(bounds, (where) => ({ where })),
  ]
}

function rowsBy({ accountId }: Reach, index: string, where: SQL): SQL {
  return sql`select rowid from ${apiKey} indexed by ${sql.raw(index)}
    where account_id = ${accountId} and ${where}`
}

/** The formats whose keys have the environment, as spans of an index: also one that is rare is found by it. */
function spansOfFormats(environment: string, { formats, foreign }: TokenFormats): SQL[] {
  const { format } = apiKey
  const names = [...Object.keys(formats), ...Object.keys(foreign)]
  const inside = (name: string) => environmentOf(name, { formats, foreign }) === environment
  if (environment !== defaultEnvironment) {
    return names.filter(inside).map((name) => sql`${eq(format, name)}`)
  }
  // Also what is of no format any more: all that lies between the formats of other environments.
  const others = names.filter((name) => !inside(name)).sort()
  return [...others, null].map((end, at) => {
    const start = others[at - 1]
    const isAfter = start === undefined ? sql`format > ''` : gt(format, start)
    return end === null ? isAfter : sql`${isAfter} and ${lt(format, end)}`
  })
}

// Literal: SQLite does not recognise the condition of a partial index in parameters.
const parts: Record<string, SQL> = {
  api_key_unrevoked: sql`revoked_at is null`,
  api_key_revoked: sql`revoked_at is not null`,
  api_key_disabled: sql`disabled = 1 and revoked_at is null`,
  api_key_for_review: sql`needs_review = 1 and revoked_at is null`,
}

/** The condition of a partial index. */
export function partOf(index: string): SQL | undefined {
  return parts[index]
}

/** All keys of a partial index. */
function whole(reach: Reach, index: string): Condition {
  const where = parts[index] as SQL
  return { where, index, isWhole: true, rows: rowsBy(reach, index, where) }
}

function hasStatus(status: KeyStatus, reach: Reach, nowMs: number): Condition {
  const { expiresAt } = apiKey
  const enabled = sql`revoked_at is null and disabled = 0`
  const index = 'api_key_unrevoked'
  const isOver = lte(expiresAt, nowMs)
  switch (status) {
    case 'revoked':
      return whole(reach, 'api_key_revoked')
    case 'disabled':
      return whole(reach, 'api_key_disabled')
    case 'expired':
      return { where: and(enabled, isOver), index, rows: rowsBy(reach, 'api_key_by_end', isOver) }
    case 'active':
      return { where: and(enabled, or(isNull(expiresAt), gt(expiresAt, nowMs))), index }
  }
}

// Not LIKE: D1 limits patterns to 50 bytes, and NUL terminates one.
function matchesSearch(search: string, keyPrefix: KeyPrefixSearch | undefined): SQL | undefined {
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

const prefixLength = 8

/** The keys whose external id or whole key prefix a search names, which are found by index. */
export function exactMatch({ search, keyPrefix }: KeyFilter, reach: Reach): Condition | null {
  if (!search) return null
  const { formats = null, letters = search } = keyPrefix ?? {}
  const isExternalId = eq(apiKey.externalId, search)
  const byExternalId = rowsBy(reach, 'api_key_by_external_id', isExternalId)
  if (letters.length !== prefixLength) return { where: isExternalId, rows: byExternalId }
  const ofFormat = formats === null ? undefined : inArray(apiKey.format, formats)
  const isPrefix = eq(apiKey.keyPrefix, letters)
  return {
    where: or(isExternalId, and(isPrefix, ofFormat)),
    rows: sql`${byExternalId} union all ${rowsBy(reach, 'api_key_by_prefix', isPrefix)}`,
  }
}
