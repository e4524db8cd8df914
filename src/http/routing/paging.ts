// Keyset paging: a cursor holds the sort key of the last row of a page, so rows that are added or removed in the
// meantime shift nothing.
import { z } from '@hono/zod-openapi'
import { readId } from '../../core/id.ts'
import { Problem } from '../response/problem.ts'

export type Position = { createdAt: number; id: string }

export const defaultLimit = 50

export const pageQuery = z.object({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'A whole number from 1 to 100')
    .transform(Number)
    .pipe(z.number().min(1).max(100))
    .optional()
    .openapi({
      type: 'integer',
      minimum: 1,
      maximum: 100,
      description: `${defaultLimit} if left out`,
      example: 50,
    }),
  cursor: z
    .string()
    .max(200)
    .optional()
    .openapi({ description: 'next_cursor of the previous page' }),
})

/**
 * The position in a cursor.
 * @param list the filter, which a page shares with the next one.
 * @throws Problem 400 for a cursor that this list did not make.
 */
export function readCursor(cursor: string | undefined, list?: object): Position | null {
  if (cursor === undefined) return null
  const text = decodeCursor(cursor).slice(beginningOf(list).length)
  const [time = '', id = ''] = text.split('/')
  if (
    !/^\d{1,15}$/.test(time) ||
    readId(id) !== id ||
    writeCursor({ createdAt: +time, id }, list) !== cursor
  ) {
    throw notACursor()
  }
  return { createdAt: +time, id }
}

export function writeCursor({ createdAt, id }: Position, list?: object): string {
  return encodeCursor(`${beginningOf(list)}${createdAt}/${id}`)
}

function beginningOf(list: object | undefined): string {
  return list === undefined ? '' : `${fingerprint(list)}/`
}

/** FNV-1a in 32 bits: against mistakes, since whoever forges a cursor reads only their own account. */
export function fingerprint(list: unknown): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(JSON.stringify(list))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return hash.toString(36)
}

export function notACursor(): Problem {
  const errors = [{ path: 'query.cursor', message: 'Not a cursor of this list' }]
  return new Problem('invalid_request', {
    detail: 'query.cursor: not a cursor of this list',
    errors,
  })
}

export function encodeCursor(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

export function decodeCursor(cursor: string): string {
  try {
    return atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    return ''
  }
}

/**
 * Splits `limit + 1` rows into a page and the cursor of the next one, null on the last.
 * @param lookedTo where the list was looked through no further: see `lookedThrough`.
 * @param list as for `readCursor`.
 */
export function pageOf<Row extends Position>(
  rows: Row[],
  limit: number,
  lookedTo: Position | null = null,
  list?: object,
) {
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : lookedTo
  return { page, next_cursor: last ? writeCursor(last, list) : null }
}

/** For the descriptions of lists that look through rows. */
export const lookedThrough =
  'A page looks through 20,000 rows at most: it may hold fewer than `limit`, or none, and still have a `next_cursor`. The list ends where that is null.'
