// Fields that several resources share.
import * as z from 'zod'
import { Problem } from './problem.ts'

// No control characters in a single line; a lone surrogate cannot be stored as UTF-8.
const line = z
  .string()
  .trim()
  .min(1)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'Has a control character')

export const uuid = z.uuid().toLowerCase()
export const phone = z.e164('Must be an E.164 number such as +447700900123')
export const email = z.email().max(254)
export const name = line.max(120)
export const tags = z
  .array(line.max(40))
  .max(20)
  .transform((list) => [...new Set(list)])
export const messageText = z
  .string()
  .max(4096)
  .regex(/\S/, 'Must not be empty')
  // Some text functions of SQLite stop at NUL.
  .regex(/^[^\0\p{Cs}]*$/u, 'Has a character that cannot be sent')

/** The id in a path. A value that is not a UUID cannot exist, so it is a 404 instead of a 400. */
export function pathId(id: string): string {
  const parsed = uuid.safeParse(id)
  if (!parsed.success) throw new Problem('not_found')
  return parsed.data
}

/** Returns the row or throws a 404; rows of other accounts look missing. */
export function found<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Problem('not_found')
  return row
}

/** RFC 3339, UTC, milliseconds. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString()
}
