// Text from outside: names, as every road that writes one reads them.

/** Characters (Unicode code points) of a name. */
export const maxNameLength = 80

/** Longer input is refused before it is normalised: NFC never shortens a text to a sixth. */
const maxNameUnits = 1_000

export type NameReading = { name: string } | { mistake: string }

/**
 * The name that a text stands for: NFC, trimmed, 1 to 80 characters, without control characters, line
 * breaks, bidi controls (which make a text look like another) and lone surrogates, and not invisible.
 */
export function readName(text: string): NameReading {
  if (text.length > maxNameUnits) return { mistake: tooLong }
  const name = text.normalize('NFC').trim()
  if (refused.test(name)) return { mistake: 'No control characters, line breaks or bidi controls' }
  if (!visible.test(name)) return { mistake: 'At least one visible character' }
  if ([...name].length > maxNameLength) return { mistake: tooLong }
  return { name }
}

const tooLong = `At most ${maxNameLength} characters`

// Cc: control characters; Cs: lone surrogates; Zl and Zp: line and paragraph separators.
const refused = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u
// U+2800 is a braille pattern without dots.
const visible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]/u

/** What is searched for and what is searched in: NFKC and lower case, so that `über` finds `ÜBERMUT`. */
export function foldForSearch(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFC')
}

const maxQuoteLength = 100

/** What an answer or a log line quotes of its input: at most 100 characters, and never half a pair. */
export function quote(text: string): string {
  if (text.length <= maxQuoteLength) return text.toWellFormed()
  return `${text.slice(0, maxQuoteLength).toWellFormed()}…`
}
