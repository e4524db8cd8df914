// The shape of a token: PREFIX + random part + tag, the last two in one alphabet.

export const alphabets = {
  hex: '0123456789abcdef',
  base62: '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
} as const

export type Alphabet = keyof typeof alphabets

export type Format = {
  /** With its closing underscore: `whm_`. */
  prefix: string
  alphabet: Alphabet
  /** Letters after the prefix: the random part and the tag. */
  length: number
  /** Letters of the tag, at the end. */
  tagLength: number
}

/** A token that has the shape of a format; whether it was ever minted is another question. */
export type ShapedToken = { token: string; formatName: string; format: Format }

/** Finds the format whose shape a string has, or null. Never reads more of it than its length. */
export function parseToken(text: string, formats: Record<string, Format>): ShapedToken | null {
  for (const formatName in formats) {
    const format = formats[formatName] as Format
    if (!text.startsWith(format.prefix)) continue
    if (text.length !== format.prefix.length + format.length) return null
    const isWritten = writtenIn[format.alphabet].test(text.slice(format.prefix.length))
    return isWritten ? { token: text, formatName, format } : null
  }
  return null
}

const writtenIn = { hex: /^[0-9a-f]+$/, base62: /^[0-9A-Za-z]+$/ }

/** The eight letters by which people tell keys apart: the start of what follows the prefix. */
export function keyPrefix(token: string, format: Format): string {
  return token.slice(format.prefix.length, format.prefix.length + 8)
}
