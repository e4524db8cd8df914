// JSON from outside, read so that what is stored is what was sent: nothing is replaced, rounded or
// dropped in silence.

/** How deep a body may be nested. SQLite's JSON functions end at 1,000. */
export const maxJsonDepth = 32

export type JsonMistake = { path: string; message: string }
export type JsonReading = { value: unknown } | { mistakes: JsonMistake[] }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** Reads UTF-8 bytes as one JSON value (RFC 8259). */
export function readJson(bytes: Uint8Array): JsonReading {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return { mistakes: [{ path: '', message: 'The body is not UTF-8' }] }
  }
  return readJsonText(text)
}

export function readJsonText(text: string): JsonReading {
  if (depthOf(text) > maxJsonDepth) {
    return { mistakes: [{ path: '', message: `Nested more than ${maxJsonDepth} deep` }] }
  }
  const found: Found[] = []
  try {
    const value: unknown = JSON.parse(text, reviver(found) as Parameters<typeof JSON.parse>[1])
    if (found.length === 0) return { value }
    return { mistakes: found.map(({ keys, message }) => ({ path: keys.join('.'), message })) }
  } catch {
    return { mistakes: [{ path: '', message: 'Malformed JSON in request body' }] }
  }
}

/** `parent`: the object or array that holds the outermost key so far. */
type Found = { parent: unknown; keys: string[]; message: string }

const maxMistakes = 10

/** Collects what a client cannot have meant, with the path to it: members are visited before what holds them. */
function reviver(found: Found[]) {
  return function revive(
    this: unknown,
    key: string,
    value: unknown,
    context?: { source?: string },
  ) {
    for (const mistake of found) {
      if (mistake.parent !== value || key === '') continue
      mistake.keys.unshift(key)
      mistake.parent = this
    }
    const message = mistakeOf(key, value, context?.source)
    if (message !== null && found.length < maxMistakes) {
      found.push({ parent: this, keys: key === '' ? [] : [key.toWellFormed()], message })
    }
    return value
  }
}

function mistakeOf(key: string, value: unknown, source: string | undefined): string | null {
  if (key === '__proto__') return 'Not allowed as a name'
  if (!key.isWellFormed()) return 'The name has a lone surrogate'
  if (typeof value === 'string' && !value.isWellFormed()) return 'The text has a lone surrogate'
  if (typeof value === 'number' && source !== undefined && !survives(value, source)) {
    return 'The number has more digits than a double holds: send it as text'
  }
  return null
}

/** Whether a number literal is the number that is written out again (RFC 8259 6: doubles interoperate). */
function survives(value: number, source: string): boolean {
  if (source.length <= 15 && !/[eE]/.test(source)) return true
  return Number.isFinite(value) && plainDecimal(source) === plainDecimal(String(value))
}

/** One spelling for each decimal number: significant digits and the power of ten of the last. */
function plainDecimal(literal: string): string {
  const [mantissa = '', exponent = '0'] = literal.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = whole + fraction
  let first = 0
  while (first < digits.length && digits[first] === '0') first++
  let end = digits.length
  while (end > first && digits[end - 1] === '0') end--
  if (end === first) return '0'
  const power = Number(exponent) - fraction.length + (digits.length - end)
  return `${mantissa.startsWith('-') ? '-' : ''}${digits.slice(first, end)}e${power}`
}

/** The deepest nesting of objects and arrays, outside strings. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let isInString = false
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (isInString) {
      if (letter === '\\') at++
      else if (letter === '"') isInString = false
    } else if (letter === '"') isInString = true
    else if (letter === '{' || letter === '[') deepest = Math.max(deepest, ++depth)
    else if (letter === '}' || letter === ']') depth--
  }
  return deepest
}
