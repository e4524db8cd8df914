// Keyset paging, newest first: a page begins after the last row of the previous one, so rows created
// meanwhile do not shift pages. Ids order rows of the same millisecond.
import { desc, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import * as z from 'zod'
import { uuid } from './fields.ts'
import { invalidField } from './problem.ts'

type Position = { createdAt: number; id: string }
type Table = { createdAt: SQLiteColumn; id: SQLiteColumn }
type ListName = 'contacts' | 'messages' | 'conversations' | 'webhooks'

export type Page = { list: ListName; limit: number; after: Position | null }

const maxDateMs = 8_640_000_000_000_000
const cursorSchema = z.tuple([z.string(), z.int().min(0).max(maxDateMs), uuid])

/** Reads `limit` (1 to 100, default 50) and `cursor`. An invalid cursor is a 400, not the first page. */
export function readPage(list: ListName, query: Record<string, string>): Page {
  const { limit = '50', cursor } = query
  if (!/^([1-9]\d?|100)$/.test(limit)) throw invalidField('limit', 'Must be 1 to 100')
  if (cursor === undefined) return { list, limit: Number(limit), after: null }
  const after = decodeCursor(list, cursor)
  if (after === null) throw invalidField('cursor', 'Must be a next_cursor of this list')
  return { list, limit: Number(limit), after }
}

/** Excludes the previous pages; a row value, so that the index is used. */
export function afterCursor(table: Table, page: Page): SQL | undefined {
  if (page.after === null) return undefined
  return sql`(${table.createdAt}, ${table.id}) < (${page.after.createdAt}, ${page.after.id})`
}

export function newestFirst(table: Table): [SQL, SQL] {
  return [desc(table.createdAt), desc(table.id)]
}

/** One more row than requested: it shows whether a next page exists. */
export function rowsToFetch(page: Page): number {
  return page.limit + 1
}

/** The envelope of a list. */
export function listAnswer<Row extends Position, View>(
  page: Page,
  rows: Row[],
  view: (row: Row) => View,
): { status: 'success'; data: View[]; next_cursor: string | null } {
  const kept = rows.slice(0, page.limit)
  const last = rows.length > page.limit ? kept.at(-1) : undefined
  return {
    status: 'success',
    data: kept.map(view),
    next_cursor: last ? encodeCursor(page.list, last) : null,
  }
}

function encodeCursor(list: ListName, { createdAt, id }: Position): string {
  const base64 = btoa(JSON.stringify([list, createdAt, id]))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function decodeCursor(list: ListName, cursor: string): Position | null {
  const parsed = cursorSchema.safeParse(parseCursor(cursor))
  if (!parsed.success) return null
  const [, createdAt, id] = parsed.data
  // Encoding it again refuses cursors of other lists and non-canonical encodings.
  return encodeCursor(list, { createdAt, id }) === cursor ? { createdAt, id } : null
}

function parseCursor(cursor: string): unknown {
  try {
    return JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')))
  } catch {
    return null
  }
}
