// The keys that a selection names, for an actor with bounds: few of very many may be within them, and no index finds
// those. So they are looked through, a bounded number a statement.
import { type SQL, sql } from 'drizzle-orm'
import { openPrimary } from './database.ts'
import { changeable, type Reach, readable } from './key-reach.ts'
import { indexes, type NamedSelection, type Selection } from './key-selection.ts'
import { apiKey } from './schema.ts'
import { within } from './unavailable.ts'

/**
 * How far keys were looked through: of those revoked `at` this time (null: not revoked) up to this row, or all of them.
 * SQLite finds a row among equal values only, so keys of one time and those of later ones are read in turn.
 */
export type LookedTo = { at: number | null; row: number | null }

/** Keys that the actor changes; `lookedTo` null: the selection names no further ones. */
export type Reached = { ids: string[]; lookedTo: LookedTo | null }

type Page = { looked: number; lastAt: number | null; lastRow: number; ids: string }
type Look = { selection: NamedSelection; reach: Reach; after: LookedTo; count: number }

const readTimeoutMs = 2_000
const maxRevoked = 5_000
const inForce: LookedTo = { at: null, row: 0 }
const allRevoked: LookedTo = { at: -1, row: null }

/**
 * The next keys in force that a bulk change concerns, at most `count`, after as many statements as find one; null: the
 * actor has no bounds, and a condition selects the keys.
 */
export async function nextReached(
  d1: D1Database,
  change: { selection: Selection; reach?: Reach; after?: LookedTo | null },
  count: number,
): Promise<Reached | null> {
  const { selection, reach } = change
  if (!reach?.manager || !isNamed(selection)) return null
  return firstReached(d1, { selection, reach, count, after: change.after ?? inForce })
}

/**
 * What a selection names that no key of the account has: ids, or the one value. Revoked keys count.
 * @param revoked how many keys the revocation of this selection has just revoked. It looked through those in force.
 */
export async function missingFrom(
  d1: D1Database,
  reach: Reach,
  selection: NamedSelection | Extract<Selection, { by: 'ids' }>,
  revoked: number,
  perPage = maxRevoked,
): Promise<string[]> {
  if (selection.by === 'ids') return idsOutside(d1, reach, selection.ids, changeable(reach))
  if (revoked > 0) return []
  const look = { selection, reach, count: perPage, after: allRevoked }
  const isThere =
    reach.manager === null
      ? await hasNamed(d1, reach, selection)
      : (await firstReached(d1, look)).ids.length > 0
  return isThere ? [] : [namedBy(selection).value]
}

/** The ids that name no key that the actor reads. */
export function unreadableIds(d1: D1Database, reach: Reach, ids: readonly string[]) {
  return idsOutside(d1, reach, ids, readable(reach))
}

async function idsOutside(
  d1: D1Database,
  { accountId }: Reach,
  ids: readonly string[],
  reached = sql`1`,
): Promise<string[]> {
  // The + keeps SQLite from choosing the account's index, as in `commit`.
  const query = openPrimary(d1).all<{ value: string }>(sql`
    select value from json_each(${JSON.stringify([...new Set(ids)])}) where not exists
      (select 1 from ${apiKey} where +${apiKey.accountId} = ${accountId} and ${apiKey.id} = value and ${reached})`)
  return (await within('D1', readTimeoutMs, query)).map(({ value }) => value)
}

async function hasNamed(
  d1: D1Database,
  { accountId }: Reach,
  selection: NamedSelection,
): Promise<boolean> {
  const query = openPrimary(d1).all(sql`select 1 ${named(accountId, selection)} limit 1`)
  return (await within('D1', readTimeoutMs, query)).length > 0
}

async function firstReached(d1: D1Database, look: Look): Promise<Reached> {
  let after: LookedTo | null = look.after
  while (after !== null) {
    const page = await lookThrough(d1, { ...look, after })
    if (page.ids.length > 0) return page
    after = page.lookedTo
  }
  return { ids: [], lookedTo: null }
}

async function lookThrough(
  d1: D1Database,
  { selection, reach, after: { at, row }, count }: Look,
): Promise<Reached> {
  const further =
    row === null ? sql`revoked_at > ${at}` : sql`revoked_at is ${at} and rowid > ${row}`
  const query = openPrimary(d1).get<Page>(sql`
    select count(*) as looked, max(at) as lastAt, max(row) as lastRow,
      json_group_array(${apiKey.id}) filter (where ${changeable(reach)}) as ids
    from (select revoked_at as at, rowid as row ${named(reach.accountId, selection)} and ${further}
        order by revoked_at, rowid limit ${count})
      cross join ${apiKey} on ${apiKey}.rowid = row`)
  const { ids, looked, lastAt, lastRow } = await within('D1', readTimeoutMs, query)
  const last = row === null ? { at: lastAt, row: 0 } : { at, row: lastRow }
  return { ids: JSON.parse(ids), lookedTo: looked < count ? endOf({ at, row }) : last }
}

/** Where the keys of one time end, those of later ones follow; null: there are none. */
function endOf({ at, row }: LookedTo): LookedTo | null {
  return at === null || row === null ? null : { at, row: null }
}

function named(accountId: string, selection: NamedSelection): SQL {
  const { column, value } = namedBy(selection)
  return sql`from ${apiKey} indexed by ${sql.raw(indexes[selection.by])}
    where ${apiKey.accountId} = ${accountId} and ${column} = ${value}`
}

function isNamed(selection: Selection): selection is NamedSelection {
  return selection.by === 'creator' || selection.by === 'maker' || selection.by === 'externalId'
}

function namedBy(selection: NamedSelection) {
  switch (selection.by) {
    case 'creator':
      return { column: apiKey.createdBy, value: selection.createdBy }
    case 'maker':
      return { column: apiKey.madeBy, value: selection.madeBy }
    case 'externalId':
      return { column: apiKey.externalId, value: selection.externalId }
  }
}
