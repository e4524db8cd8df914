// The format of a token: prefix + random part + tag, the last two in one alphabet.

export const alphabets = {
  hex: '0123456789abcdef',
  base62: '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
} as const

export type Alphabet = keyof typeof alphabets

export type Format = {
  /** Ends in an underscore: `whm_`. */
  prefix: string
  alphabet: Alphabet
  /** Letters after the prefix: the random part and the tag. */
  length: number
  /** Letters of the tag, the last ones of the token. */
  tagLength: number
  /** Of its keys; `live` by default. */
  environment?: string
}

/** A token with the shape of a format; its tag is not checked. */
export type ShapedToken = { token: string; formatName: string; format: Format }

/** The format whose shape the string has, or null. Compares the length before reading any letters. */
export function parseToken(text: string, formats: Record<string, Format>): ShapedToken | null {
  for (const formatName in formats) {
    const format = formats[formatName] as Format
    if (!text.startsWith(format.prefix)) continue
    if (text.length !== format.prefix.length + format.length) return null
    const isInAlphabet = patterns[format.alphabet].test(text.slice(format.prefix.length))
    return isInAlphabet ? { token: text, formatName, format } : null
  }
  return null
}

const patterns = { hex: /^[0-9a-f]+$/, base62: /^[0-9A-Za-z]+$/ }

/** The eight letters by which people recognise a key: the first ones after the prefix. */
export function keyPrefix(token: string, format: Format): string {
  return token.slice(format.prefix.length, format.prefix.length + 8)
}
