// Finds the tokens with a prefix inside a text of the client's length: one pass for each format.
import { type ForeignFormat, foreignAlphabets, lengthRange, type TokenFormats } from './foreign.ts'

type Shape = Pick<ForeignFormat, 'prefix' | 'alphabet' | 'length'>

const portal: Record<string, Shape> = {
  session: { prefix: 'lkps_', alphabet: 'base64url', length: 40 },
}

/** Whether the text holds a token of a format that has a prefix, its tag well or not, or a portal session. */
export function holdsPrefixedToken(text: string, { formats, foreign }: TokenFormats): boolean {
  for (const group of [portal, formats, foreign]) {
    for (const name in group) {
      const shape = group[name] as Shape
      if (shape.prefix !== '' && holdsShape(text, shape)) return true
    }
  }
  return false
}

/**
 * Any longer run counts too. What stands behind a prefix is read up to its first other letter, and the search goes
 * on there, so that repeated prefixes are not read again.
 */
function holdsShape(text: string, { prefix, alphabet, length }: Shape): boolean {
  const { min } = lengthRange(length)
  const { run } = foreignAlphabets[alphabet]
  let at = text.indexOf(prefix)
  while (at !== -1) {
    const start = at + prefix.length
    run.lastIndex = start
    const letters = run.exec(text)?.[0].length ?? 0
    if (letters >= min) return true
    at = text.indexOf(prefix, Math.max(at + 1, start + letters - prefix.length + 1))
  }
  return false
}
