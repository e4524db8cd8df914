// Latchkey-Account: the account in which a request acts.
import { readId } from '../../core/id.ts'
import { Problem } from '../response/problem.ts'

export const accountHeader = 'latchkey-account'

/** The id that the header names; null without the header. @throws Problem 404 for what is no id */
export function namedAccount(headers: Headers): string | null {
  const text = headers.get(accountHeader)
  if (text === null) return null
  const id = readId(text)
  if (id === null) throw noSuchAccount()
  return id
}

export function noSuchAccount(): Problem {
  return new Problem('not_found', { detail: 'There is no such account.' })
}
