// Lists of keys, a page at a time: what a page reads does not grow with the account. A filter that few keys meet is read
// by its own index and sorted; every other list follows the index of its order, and looks through a bounded number of keys.
import { and, desc, not, type SQL, sql } from 'drizzle-orm'
import { openPrimary } from './database.ts'
import {
  type Condition,
  conditionsOf,
  exactMatch,
  type KeyFilter,
  type KeySort,
  newestFirst,
  orders,
  partOf,
} from './key-filter.ts'
import {
  directionOf,
  inSpan,
  isAfter,
  type KeyPosition,
  orderBy,
  type Place,
  placeAfter,
  type Scope,
  type Segment,
  type Span,
  segmentOf,
  segmentsOf,
} from './key-place.ts'
import type { Reach } from './key-reach.ts'
import { type ListedKey, listed, type SelectedKey, selectKeys } from './key-store.ts'
import { maxLooked } from './look-through.ts'
import { apiKey } from './schema.ts'
import { within } from './unavailable.ts'

export type KeyPage = { rows: ListedKey[]; next: KeyPosition | null }

export type KeyListing = {
  reach: Reach
  filter: KeyFilter
  /** Absent: newest first, and keys that a search names exactly before the others. */
  sort?: KeySort | undefined
  limit: number
  after: KeyPosition | null
  nowMs: number
}

const readTimeoutMs = 2_000
/** Keys that are sorted in memory, of a filter that has no more. */
const maxSorted = 5_000
/** Keys that a page looks through where each is in another place of the table. */
const maxScattered = 8_000

/** Keys that are looked through first: they hold a page of what many keys meet, and all of a small account. */
const maxNear = 1_000

type Part = { rows: SelectedKey[]; next: Place | null }

/** A page of keys, beginning after a position. It may hold fewer than `limit` and have a next one. */
export async function listKeys(d1: D1Database, listing: KeyListing): Promise<KeyPage> {
  const { reach, filter, sort = newestFirst, limit, after, nowMs } = listing
  const conditions = conditionsOf(filter, reach, nowMs)
  const scope = { d1, accountId: reach.accountId, sort, order: orders[sort.by], conditions }
  const exact = listing.sort === undefined ? exactMatch(filter, reach) : null
  if (exact === null || after?.part === 'whole') {
    return inPart('whole', await readPart(scope, limit, after))
  }
  if (after?.part === 'rest') {
    return inPart('rest', await readPart(withoutExact(scope, exact), limit, after))
  }
  const found = await readExact(scope, exact, limit, after)
  if (found === null) return inPart('whole', await readPart(scope, limit, null))
  const last = found.rows.at(-1)
  // A full page leaves the others to the next one.
  const next = found.rows.length === limit && last ? placeAfter(scope, last) : found.next
  if (next !== null) return inPart('exact', { ...found, next })
  const rest = await readPart(withoutExact(scope, exact), limit - found.rows.length, null)
  return inPart('rest', { ...rest, rows: [...found.rows, ...rest.rows] })
}

function inPart(part: KeyPosition['part'], { rows, next }: Part): KeyPage {
  return { rows: rows.map(listed), next: next && { part, ...next } }
}

function withoutExact(scope: Scope, { where }: Condition): Scope {
  const others = where && { where: sql`(${not(where)}) is not false` }
  return { ...scope, conditions: [...scope.conditions, ...(others ? [others] : [])] }
}

/** null: no key, or more than can be sorted; they are found among the others. */
async function readExact(scope: Scope, exact: Condition, limit: number, after: Place | null) {
  const [count = 0] = await countRows(scope, [exact])
  if (count === 0 || count > maxSorted) return null
  const whole = { ...scope, conditions: [...scope.conditions, exact] }
  return readSorted(whole, exact.rows as SQL, limit, after)
}

async function readPart(scope: Scope, limit: number, after: Place | null): Promise<Part> {
  const { conditions, sort } = scope
  const [first] = conditions
  const inOrder =
    sort.by === 'created_at' ? conditions.find(({ index }) => index)?.index : undefined
  const index = inOrder ?? scope.order.index
  const isDirect = first === undefined || (conditions.length === 1 && first.isWhole && inOrder)
  if (isDirect) return readInOrder(scope, index, Number.POSITIVE_INFINITY, limit, after)
  const near = await readInOrder(scope, index, maxNear, limit, after)
  if (near.next === null || near.rows.length === limit) return near
  const rows = await fewestRows(scope)
  if (rows !== null) return readSorted(scope, rows, limit, after)
  return readInOrder(scope, index, isScattered(sort) ? maxScattered : maxLooked, limit, after)
}

/** Keys that follow each other in the order are far from each other in the table. */
function isScattered({ by }: KeySort): boolean {
  return by === 'expires_at' || by === 'last_used_at'
}

/** The rowids of the condition that the fewest keys meet; null: all of them have too many. */
async function fewestRows(scope: Scope): Promise<SQL | null> {
  const candidates = scope.conditions.filter(({ rows }) => rows)
  if (candidates.length === 0) return null
  const counts = await countRows(scope, candidates)
  const fewest = Math.min(...counts)
  return fewest > maxSorted ? null : (candidates[counts.indexOf(fewest)]?.rows ?? null)
}

/** How many keys each condition has, counted up to one more than can be sorted. */
async function countRows({ d1 }: Scope, conditions: Condition[]): Promise<number[]> {
  const count = ({ rows }: Condition, at: number) =>
    sql`(select count(*) from (${rows} limit ${maxSorted + 1})) as ${sql.raw(`c${at}`)}`
  const counts = sql.join(conditions.map(count), sql`, `)
  const query = openPrimary(d1).get<Record<string, number>>(sql`select ${counts}`)
  return Object.values(await within('D1', readTimeoutMs, query))
}

/** Of keys that are few. */
async function readSorted(scope: Scope, rows: SQL, limit: number, after: Place | null) {
  const { d1, accountId, conditions, order, sort } = scope
  const [direction] = directionOf(sort)
  const parts = segmentsOf(scope)
  const where = and(
    sql`${apiKey}.rowid in (${rows})`,
    // The + keeps SQLite from reading all keys of the account in the order of an index.
    sql`+${apiKey.accountId} = ${accountId}`,
    ...conditions.map(({ where }) => where),
    after === null ? undefined : isAfter(scope, parts, after),
  )
  const query = selectKeys(d1)
    .where(where)
    .orderBy(
      parts[0] === 'null' ? desc(sql`${order.column} is null`) : sql`${order.column} is null`,
      direction(order.column),
      direction(sql`${apiKey}.rowid`),
    )
    .limit(limit + 1)
  return endAt(scope, await within('D1', readTimeoutMs, query.all()), limit, null)
}

/** By the index of the order, looking at most at `most` keys of each of its segments. */
async function readInOrder(
  scope: Scope,
  index: string,
  most: number,
  limit: number,
  after: Place | null,
): Promise<Part> {
  const rows: SelectedKey[] = []
  let start = after
  const parts = segmentsOf(scope)
  const from = after === null ? 0 : parts.indexOf(segmentOf(scope, after))
  for (const segment of parts.slice(Math.max(0, from))) {
    const end = await endOfLook(scope, index, segment, most, start)
    const wanted = limit + 1 - rows.length
    rows.push(...(await readSegment(scope, index, segment, { start, end }, wanted)))
    if (rows.length > limit || end !== null) return endAt(scope, rows, limit, end)
    start = null
  }
  return { rows, next: null }
}

/** The last of `most` keys; null: there are not as many. */
async function endOfLook(
  scope: Scope,
  index: string,
  segment: Segment,
  most: number,
  start: Place | null,
): Promise<Place | null> {
  if (most === Number.POSITIVE_INFINITY) return null
  const { d1, order, sort } = scope
  const isName = sort.by === 'name' && segment === 'value'
  const query = openPrimary(d1).get<Place | undefined>(sql`
    select id, ${isName ? sql`'name'` : order.column} as value ${rowsOf(scope, index, segment, { start, end: null })}
      ${partOf(index) ?? sql`1`} ${inOrderOf(scope, segment)} limit 1 offset ${most - 1}`)
  return (await within('D1', readTimeoutMs, query)) ?? null
}

/** Named, since SQLite's own choice follows its statistics. */
function rowsOf(scope: Scope, index: string, segment: Segment, span: Span): SQL {
  return sql`from ${apiKey} indexed by ${sql.raw(index)} where ${inSpan(scope, segment, span)} and`
}

function inOrderOf(scope: Scope, segment: Segment): SQL {
  return sql`order by ${sql.join(orderBy(scope, segment), sql`, `)}`
}

async function readSegment(
  scope: Scope,
  index: string,
  segment: Segment,
  span: Span,
  limit: number,
): Promise<SelectedKey[]> {
  const { d1, conditions } = scope
  const wanted = and(sql`1`, ...conditions.map(({ where }) => where))
  const rows = sql`(select rowid ${rowsOf(scope, index, segment, span)} ${wanted}
    ${inOrderOf(scope, segment)} limit ${limit})`
  const query = selectKeys(d1)
    .where(sql`${apiKey}.rowid in ${rows}`)
    .orderBy(...orderBy(scope, segment))
  return within('D1', readTimeoutMs, query.all())
}

/** Cuts `limit + 1` rows; `end`: where the list was looked through no further. */
function endAt(scope: Scope, rows: SelectedKey[], limit: number, end: Place | null): Part {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  if (rows.length <= limit || last === undefined) return { rows: page, next: end }
  return { rows: page, next: placeAfter(scope, last) }
}
