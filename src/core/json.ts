// Parses JSON from clients strictly: a value that JSON.parse would replace, round or drop is an error.

/** The maximum nesting of a body. SQLite's JSON functions accept 1,000. */
export const maxJsonDepth = 32

export type JsonError = { path: string; message: string }
export type JsonResult = { value: unknown } | { errors: JsonError[] }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** Parses UTF-8 bytes as one JSON value (RFC 8259). */
export function readJson(bytes: Uint8Array): JsonResult {
  const text = readUtf8(bytes)
  return text === null
    ? { errors: [{ path: '', message: 'The body is not UTF-8' }] }
    : readJsonText(text)
}

/** The text of bytes; null where they are not UTF-8. */
export function readUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

// A reviver is called for every member. Only escapes, exponents and numbers of 16 characters can be errors.
const suspicious = /\\u|__proto__|\d[\d.]{15}|\d\.?[eE]/

export function readJsonText(text: string): JsonResult {
  if (depthOf(text) > maxJsonDepth) {
    return { errors: [{ path: '', message: `Nested more than ${maxJsonDepth} deep` }] }
  }
  const found: Found[] = []
  try {
    if (!suspicious.test(text)) return { value: JSON.parse(text) }
    const value: unknown = JSON.parse(text, reviver(found) as Parameters<typeof JSON.parse>[1])
    if (found.length === 0) return { value }
    return { errors: found.map(({ keys, message }) => ({ path: keys.join('.'), message })) }
  } catch {
    return { errors: [{ path: '', message: 'Malformed JSON in request body' }] }
  }
}

/** `parent`: the object or array that holds the outermost key so far. */
type Found = { parent: unknown; keys: string[]; message: string }

const maxErrors = 10

/** Collects errors with their paths. JSON.parse visits members before the object that contains them. */
function reviver(found: Found[]) {
  return function revive(
    this: unknown,
    key: string,
    value: unknown,
    context?: { source?: string },
  ) {
    for (const error of found) {
      if (error.parent !== value || key === '') continue
      error.keys.unshift(key)
      error.parent = this
    }
    const message = errorOf(key, value, context?.source)
    if (message !== null && found.length < maxErrors) {
      found.push({ parent: this, keys: key === '' ? [] : [key.toWellFormed()], message })
    }
    return value
  }
}

function errorOf(key: string, value: unknown, source: string | undefined): string | null {
  if (key === '__proto__') return 'Not allowed as a name'
  if (!key.isWellFormed()) return 'The name has a lone surrogate'
  if (typeof value === 'string' && !value.isWellFormed()) return 'The text has a lone surrogate'
  if (typeof value === 'number' && source !== undefined && !survives(value, source)) {
    return 'The number has more digits than a double holds: send it as text'
  }
  return null
}

/** Whether the literal, read as a double, is written out as the same number (RFC 8259 6). */
function survives(value: number, source: string): boolean {
  if (source.length <= 15 && !/[eE]/.test(source)) return true
  return Number.isFinite(value) && plainDecimal(source) === plainDecimal(String(value))
}

/** A canonical form of a decimal number: its significant digits, and the power of ten of the last one. */
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

/** The maximum nesting of objects and arrays; brackets in strings do not count. */
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
