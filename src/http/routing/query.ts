// Operations that take no query parameters, and are answered without zod.
import type { FieldError } from '../../contract/problems.ts'
import { quote } from '../../core/text.ts'
import { invalidFields } from '../response/problem.ts'

/** @throws Problem 400 naming the first parameters, for operations that take none. */
export function refuseQuery(url: string): void {
  const start = url.indexOf('?')
  if (start === -1) return
  const names = new Set(new URLSearchParams(url.slice(start)).keys())
  if (names.size === 0) return
  throw invalidFields([...names].map(unknownParameter))
}

function unknownParameter(name: string): FieldError {
  return { path: `query.${quote(name)}`, message: 'There is no such parameter' }
}
