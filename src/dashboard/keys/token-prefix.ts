// A token that is pasted where a key is searched for. Pure.
import type { Format } from './api.ts'

export const noteOfToken = 'You pasted a whole token. Only its prefix is used for the search.'

/**
 * The prefix of a pasted token, as the list shows it: searches appear in addresses and in logs, which must not contain
 * a token. An external id that only looks like one is left alone.
 */
export function prefixOfToken(text: string, formats: readonly Format[] | undefined): string | null {
  const token = text.trim()
  // Until the formats are known, all that could be one.
  if (formats === undefined)
    return /^[a-z][a-z0-9_-]*_([0-9a-z]{16,})$/i.exec(token)?.[1]?.slice(0, 8) ?? null
  const format = formats.find(({ prefix }) => token.startsWith(prefix))
  const body = token.slice(format?.prefix.length)
  if (format === undefined || body.length !== format.length) return null
  return /^[0-9A-Za-z]+$/.test(body) ? body.slice(0, 8) : null
}
