// Tokens that another system made and whose digests were imported. They carry no tag of ours: a shape
// is all that can be checked without asking a store.
import type { Format, ShapedToken } from './format.ts'
import { parseToken } from './format.ts'

export const foreignAlphabets = {
  hex: { letters: 16, written: /^[0-9a-f]+$/ },
  /** A to Z in both cases: what Better Auth makes. */
  letters: { letters: 52, written: /^[A-Za-z]+$/ },
  /** Also for base58, which leaves out four of them: what Unkey makes. */
  base62: { letters: 62, written: /^[0-9A-Za-z]+$/ },
  /** With - and _: what Wacrm makes. */
  base64url: { letters: 64, written: /^[0-9A-Za-z_-]+$/ },
} as const

export type ForeignFormat = {
  /** What every token begins with: `uk_`. Empty only together with one exact length. */
  prefix: string
  alphabet: keyof typeof foreignAlphabets
  /** Letters after the prefix. */
  length: number | { min: number; max: number }
}

export type TokenFormats = {
  formats: Record<string, Format>
  foreign: Record<string, ForeignFormat>
}

/** A token of ours, with a tag yet to be checked, or one that has the shape of a foreign format. */
export type RecognisedToken =
  | ({ origin: 'own' } & ShapedToken)
  | { origin: 'foreign'; formatName: string; format: ForeignFormat }

/** What a string may be, judged by its shape alone; null for no token at all. */
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

/** The length is compared before the letters are read: nobody makes us read a long text. */
function hasShape(text: string, { prefix, alphabet, length }: ForeignFormat): boolean {
  const { min, max } = lengthRange(length)
  const letters = text.length - prefix.length
  if (letters < min || letters > max || !text.startsWith(prefix)) return false
  return foreignAlphabets[alphabet].written.test(text.slice(prefix.length))
}

export function lengthRange(length: ForeignFormat['length']): { min: number; max: number } {
  return typeof length === 'number' ? { min: length, max: length } : length
}

/** The eight letters by which people tell keys apart, of a token's start with or without its prefix. */
export function foreignKeyPrefix(start: string, { prefix }: ForeignFormat): string {
  return (start.startsWith(prefix) ? start.slice(prefix.length) : start).slice(0, 8)
}
