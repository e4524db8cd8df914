// Replaces whatever looks like a token in a text that is logged or returned: errors quote their input, and
// clients put tokens into paths and field names. One pass, since clients choose the length of the text.

const replacement = '[redacted]'
/** Letters after the underscore of a prefix. The shortest safe format has more. */
const minTokenLetters = 16
/** A run without a prefix: longer than an id, shorter than any token without a prefix. */
const minBareLetters = 40

/**
 * Replaces tokens with a prefix (`PREFIX_` and 16 letters or digits or more), JWTs (three dot-separated
 * parts, the first with `eyJ`) and runs of 40 letters or digits or more.
 */
export function redact(text: string): string {
  let redacted = ''
  let at = 0
  while (at < text.length) {
    const start = at
    at = endOfWord(text, start)
    if (at === start) {
      redacted += text.charAt(at++)
      continue
    }
    const jwt = jwtIn(text, start, at)
    if (jwt === null) redacted += redactWord(text.slice(start, at))
    else {
      redacted += redactWord(text.slice(start, jwt.start)) + replacement
      at = jwt.end
    }
  }
  return redacted
}

/** A JWT (RFC 7519 3) that begins in the word from `start` to `end`: its JOSE header begins `{"` = `eyJ`. */
function jwtIn(text: string, start: number, end: number): { start: number; end: number } | null {
  if (text.charAt(end) !== '.') return null
  const offset = text.slice(start, end).indexOf('eyJ')
  if (offset === -1) return null
  const endOfPayload = endOfWord(text, end + 1)
  if (endOfPayload === end + 1 || text.charAt(endOfPayload) !== '.') return null
  return { start: start + offset, end: endOfWord(text, endOfPayload + 1) }
}

function redactWord(word: string): string {
  const token = prefixedTokenIn(word)
  if (token === null) return redactRuns(word)
  return word.slice(0, token.start) + replacement + redactRuns(word.slice(token.end))
}

/** From the first letter of the word to the end of the last run that an underscore makes a token. */
function prefixedTokenIn(word: string): { start: number; end: number } | null {
  const start = firstLetter(word)
  let end = word.length
  for (let at = word.length - 1; at > start; at--) {
    const code = word.charCodeAt(at)
    if (isLetterOrDigit(code)) continue
    if (code === underscore && end - at > minTokenLetters) return { start, end }
    end = at
  }
  return null
}

function redactRuns(word: string): string {
  let redacted = ''
  let at = 0
  while (at < word.length) {
    const start = at
    while (at < word.length && isLetterOrDigit(word.charCodeAt(at))) at++
    redacted += at - start >= minBareLetters ? replacement : word.slice(start, at)
    if (at < word.length) redacted += word.charAt(at++)
  }
  return redacted
}

function firstLetter(word: string): number {
  let at = 0
  while (at < word.length && !isLetterOrDigit(word.charCodeAt(at))) at++
  return at
}

/** The end of the run of letters, digits, `_` and `-` that begins at `start`. */
function endOfWord(text: string, start: number): number {
  let at = start
  while (at < text.length && isOfWord(text.charCodeAt(at))) at++
  return at
}

const underscore = 0x5f
const hyphen = 0x2d

function isOfWord(code: number): boolean {
  return isLetterOrDigit(code) || code === underscore || code === hyphen
}

function isLetterOrDigit(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a)
  )
}
