// Tokens that another system issued and whose digests were imported. They carry no tag: without I/O only
// their shape can be checked.
import type { Format, ShapedToken } from './format.ts'
import { parseToken } from './format.ts'

/** `run`: the letters from `lastIndex` on. */
export const foreignAlphabets = {
  hex: { size: 16, pattern: /^[0-9a-f]+$/, run: /[0-9a-f]*/y },
  /** A to Z in both cases, as Better Auth issues. */
  letters: { size: 52, pattern: /^[A-Za-z]+$/, run: /[A-Za-z]*/y },
  /** Also for its subset base58, as Unkey issues. */
  base62: { size: 62, pattern: /^[0-9A-Za-z]+$/, run: /[0-9A-Za-z]*/y },
  /** As Wacrm issues. */
  base64url: { size: 64, pattern: /^[0-9A-Za-z_-]+$/, run: /[\w-]*/y },
} as const

export type ForeignFormat = {
  /** Such as `uk_`. It may be empty only together with one exact length. */
  prefix: string
  alphabet: keyof typeof foreignAlphabets
  /** Letters after the prefix. */
  length: number | { min: number; max: number }
  /** Of its keys; `live` by default. */
  environment?: string
}

export type TokenFormats = {
  formats: Record<string, Format>
  foreign: Record<string, ForeignFormat>
}

/** Has the shape of an own format, its tag not yet checked, or that of a foreign format. */
export type RecognisedToken =
  | ({ origin: 'own' } & ShapedToken)
  | { origin: 'foreign'; formatName: string; format: ForeignFormat }

/** Classifies a string by its shape; null when no format matches. */
export function recogniseToken(
  text: string,
  { formats, foreign }: TokenFormats,
): RecognisedToken | null {
  const shaped = parseToken(text, formats)
  if (shaped !== null) return { origin: 'own', ...shaped }
  for (const formatName in foreign) {
    const format = foreign[formatName] as ForeignFormat
    if (hasShape(text, format)) return { origin: 'foreign', formatName, format }
  }
  return null
}

/** Compares the length before the letters: the cost does not grow with the length of the text. */
function hasShape(text: string, { prefix, alphabet, length }: ForeignFormat): boolean {
  const { min, max } = lengthRange(length)
  const letters = text.length - prefix.length
  if (letters < min || letters > max || !text.startsWith(prefix)) return false
  return foreignAlphabets[alphabet].pattern.test(text.slice(prefix.length))
}

export function lengthRange(length: ForeignFormat['length']): { min: number; max: number } {
  return typeof length === 'number' ? { min: length, max: length } : length
}

/** The eight letters by which people recognise a key. @param start of the token, with or without its prefix. */
export function foreignKeyPrefix(start: string, { prefix }: ForeignFormat): string {
  return (start.startsWith(prefix) ? start.slice(prefix.length) : start).slice(0, 8)
}

/** `formats`: the names of those with the prefix that was given; null: any. */
export type KeyPrefixSearch = { formats: string[] | null; letters: string }

/**
 * The letters of `key_prefix` in what people copy: with or without the prefix of the format, and with the
 * ellipsis that stands for the rest.
 */
export function readKeyPrefix(text: string, { formats, foreign }: TokenFormats): KeyPrefixSearch {
  const start = text.endsWith('…') ? text.slice(0, -1) : text
  const all = [...Object.entries(formats), ...Object.entries(foreign)]
  const prefixes = all.map(([, { prefix }]) => prefix).filter((prefix) => start.startsWith(prefix))
  const longest = prefixes.reduce((one, other) => (other.length > one.length ? other : one), '')
  if (longest === '') return { formats: null, letters: start }
  const named = all.flatMap(([name, { prefix }]) => (prefix === longest ? [name] : []))
  return { formats: named, letters: start.slice(longest.length) }
}
