// Names and other text from clients.

/** Characters (Unicode code points) of a name. */
export const maxNameLength = 80

/** UTF-16 units. Longer input is refused before it is normalised, since NFC does not shorten it enough. */
const maxNameUnits = 1_000

export type NameResult = { name: string } | { error: string }

/**
 * Parses a name: NFC, trimmed, 1 to 80 characters, at least one of them visible, without control characters,
 * line breaks, bidi controls (which can make a text look like another) and lone surrogates.
 */
export function readName(text: string): NameResult {
  if (text.length > maxNameUnits) return { error: tooLong }
  const name = text.normalize('NFC').trim()
  if (refused.test(name)) return { error: 'No control characters, line breaks or bidi controls' }
  if (!visible.test(name)) return { error: 'At least one visible character' }
  if ([...name].length > maxNameLength) return { error: tooLong }
  return { name }
}

const tooLong = `At most ${maxNameLength} characters`

// Cc: control characters; Cs: lone surrogates; Zl and Zp: line and paragraph separators.
const refused = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u
// U+2800 is a braille pattern without dots.
const visible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]/u

/** The text of an identifier of another system, trimmed; null with control characters or lone surrogates. */
export function readIdentifier(text: string): string | null {
  const identifier = text.trim()
  return /[\p{Cc}\p{Cs}]/u.test(identifier) ? null : identifier
}

/**
 * The form in which texts are compared in a search: NFKC without case, so that `über` finds `ÜBERMUT`. In upper case
 * in between, since `ß` has no capital of its own; a final sigma is a sigma, since a search may end in a word.
 */
export function foldForSearch(text: string): string {
  const folded = text.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase()
  return folded.replaceAll('ς', 'σ').normalize('NFKC')
}

/**
 * An exact origin, in the one spelling that browsers send: lower case, no default port, no path. `*` would open the gateway to every page,
 * and `null` is the origin of every sandboxed frame and local file.
 */
export function isOrigin(text: string): boolean {
  return /^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text
}

const maxQuoteLength = 100

/** The start of a text for an answer or a log line: at most 100 UTF-16 units, without lone surrogates. */
export function quote(text: string): string {
  if (text.length <= maxQuoteLength) return text.toWellFormed()
  return `${text.slice(0, maxQuoteLength).toWellFormed()}…`
}
