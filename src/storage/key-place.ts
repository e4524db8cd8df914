// Positions in an order of keys: where a page begins and ends, as conditions that an index answers.
import { and, asc, desc, eq, type SQL, sql } from 'drizzle-orm'
import type { Condition, KeySort, Order } from './key-filter.ts'
import type { SelectedKey } from './key-store.ts'
import { apiKey } from './schema.ts'

/**
 * The key after which a page begins. `part` of a search: keys that match exactly come first, and are left out of the
 * `rest`; a search without them is one `whole`.
 */
export type KeyPosition = {
  part: 'exact' | 'rest' | 'whole'
  /** What the keys are sorted by, null included; a name is read from the key. */
  value: number | 'name' | null
  id: string
}

export type Scope = {
  d1: D1Database
  accountId: string
  sort: KeySort
  order: Order
  conditions: Condition[]
}

export type Place = Pick<KeyPosition, 'value' | 'id'>
/** Keys with a value and those without stand apart in an index, in which null is the lowest. */
export type Segment = 'value' | 'null'

export function segmentsOf({ order, sort }: Scope): Segment[] {
  if (order.nulls === undefined) return ['value']
  return (order.nulls === 'first') === sort.isDescending ? ['value', 'null'] : ['null', 'value']
}

export function segmentOf({ order }: Scope, { value }: Place): Segment {
  return order.nulls !== undefined && value === null ? 'null' : 'value'
}

export function directionOf({ isDescending }: KeySort) {
  return isDescending ? ([desc, sql`<`, sql`>=`] as const) : ([asc, sql`>`, sql`<=`] as const)
}

function placeIn({ order }: Scope, segment: Segment): SQL {
  return segment === 'null' ? sql`${apiKey}.rowid` : sql`(${order.column}, ${apiKey}.rowid)`
}

function placeOf({ order }: Scope, segment: Segment, { value, id }: Place): SQL {
  const row = sql`select rowid from ${apiKey} where id = ${id}`
  if (segment === 'null') return sql`(${row})`
  if (value !== 'name') return sql`(${value}, (${row}))`
  return sql`(select ${sql.identifier(order.column.name)}, rowid from ${apiKey} where id = ${id})`
}

function inSegment({ order }: Scope, segment: Segment): SQL | undefined {
  if (order.nulls === undefined) return undefined
  return segment === 'null' ? sql`${order.column} is null` : sql`${order.column} is not null`
}

export function isAfter(scope: Scope, parts: Segment[], after: Place): SQL {
  const own = segmentOf(scope, after)
  const [, beyond] = directionOf(scope.sort)
  const inOwn = sql`${placeIn(scope, own)} ${beyond} ${placeOf(scope, own, after)}`
  const later = parts.slice(parts.indexOf(own) + 1).map((segment) => inSegment(scope, segment))
  const [next] = later
  return sql`((${inSegment(scope, own) ?? sql`1`} and ${inOwn}) or ${next ?? sql`0`})`
}

export type Span = { start: Place | null; end: Place | null }

export function inSpan(scope: Scope, segment: Segment, { start, end }: Span): SQL | undefined {
  const [, beyond, until] = directionOf(scope.sort)
  const place = placeIn(scope, segment)
  return and(
    eq(apiKey.accountId, scope.accountId),
    inSegment(scope, segment),
    start === null ? undefined : sql`${place} ${beyond} ${placeOf(scope, segment, start)}`,
    end === null ? undefined : sql`${place} ${until} ${placeOf(scope, segment, end)}`,
  )
}

export function orderBy({ order, sort }: Scope, segment: Segment): SQL[] {
  const [direction] = directionOf(sort)
  const row = direction(sql`${apiKey}.rowid`)
  return segment === 'null' ? [row] : [direction(order.column), row]
}

export function placeAfter({ sort }: Scope, last: SelectedKey): Place {
  return { value: sortedBy(sort, last), id: last.key.id }
}

function sortedBy({ by }: KeySort, { key, isFolded }: SelectedKey): KeyPosition['value'] {
  if (by === 'name') return isFolded ? 'name' : null
  return { created_at: key.createdAt, expires_at: key.expiresAt, last_used_at: key.lastUsedAt }[by]
}
