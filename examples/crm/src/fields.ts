// The fields that more than one resource has.
import * as z from 'zod'
import { Problem } from './problem.ts'

// Control characters have no place in a line of text; a lone surrogate cannot be stored as UTF-8.
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
  // SQLite cuts some of its text functions short at NUL.
  .regex(/^[^\0\p{Cs}]*$/u, 'Has a character that cannot be sent')

/** The id of a path; what is no UUID names nothing, hence a 404 and not a 400. */
export function pathId(id: string): string {
  const parsed = uuid.safeParse(id)
  if (!parsed.success) throw new Problem('not_found')
  return parsed.data
}

/** The row, or a 404: also the answer for what belongs to another account. */
export function found<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Problem('not_found')
  return row
}

/** RFC 3339, UTC, milliseconds. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString()
}
