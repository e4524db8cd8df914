// What makes token formats sound: long enough that nobody guesses one, and told apart by their shape
// alone, so that no token can be taken for one of another format.
import { type ForeignFormat, foreignAlphabets, lengthRange } from './foreign.ts'
import { alphabets, type Format } from './format.ts'
import { fail } from './mistake.ts'

// 96 random bits cannot be guessed; 32 tag bits stop all but one forgery in four thousand million.
const minRandomBits = 96
const minTagBits = 32
const maxTokenLength = 200

export function checkFormats(formats: Record<string, Format>) {
  const entries = Object.entries(formats)
  if (entries.length === 0) fail('formats is empty: at least one token format is needed')
  for (const [name, format] of entries) checkFormat(name, format)
  for (const [name, { prefix }] of entries) {
    for (const [otherName, other] of entries) {
      if (name === otherName) continue
      if (prefix === other.prefix) {
        fail(`formats.${name} and formats.${otherName} share the prefix "${prefix}"`)
      }
      if (other.prefix.startsWith(prefix)) {
        fail(
          `the prefix "${prefix}" of formats.${name} is the start of "${other.prefix}" of formats.${otherName}`,
        )
      }
    }
  }
}

function checkFormat(name: string, format: Format) {
  const { prefix, alphabet, length, tagLength } = format
  if (!/^[A-Za-z][A-Za-z0-9_-]*_$/.test(prefix)) {
    fail(`formats.${name}.prefix "${prefix}" must be letters, digits, - or _ and end in _`)
  }
  if (!Object.hasOwn(alphabets, alphabet)) {
    fail(`formats.${name}.alphabet "${alphabet}" is neither "hex" nor "base62"`)
  }
  if (!Number.isInteger(length) || !Number.isInteger(tagLength)) {
    fail(`formats.${name}: length and tagLength must be whole numbers`)
  }
  const bits = Math.log2(alphabets[alphabet].length)
  if ((length - tagLength) * bits < minRandomBits) {
    fail(`formats.${name} is too short to be safe: its random part has fewer than 96 bits`)
  }
  // One letter a byte of the HMAC, which has 32.
  if (tagLength * bits < minTagBits || tagLength > 32) {
    fail(`formats.${name}.tagLength ${tagLength} must give at least 32 bits in at most 32 letters`)
  }
  if (prefix.length + length > maxTokenLength) {
    fail(`formats.${name} is too long: a token may have ${maxTokenLength} characters`)
  }
}

export function checkForeign(
  foreign: Record<string, ForeignFormat>,
  formats: Record<string, Format>,
) {
  const shapes = Object.entries(formats).map(([name, format]) => shapeOf(`formats.${name}`, format))
  for (const [name, format] of Object.entries(foreign)) {
    checkForeignFormat(`foreign.${name}`, format)
    // Answers name the format of a key, whoever made it.
    if (Object.hasOwn(formats, name)) fail(`foreign.${name} has the name of one of formats`)
    const shape = shapeOf(`foreign.${name}`, format)
    for (const other of shapes) checkToldApart(shape, other)
    shapes.push(shape)
  }
}

function checkForeignFormat(name: string, { prefix, alphabet, length }: ForeignFormat) {
  if (typeof prefix !== 'string' || !/^[A-Za-z0-9_-]*$/.test(prefix)) {
    fail(`${name}.prefix "${prefix}" must be letters, digits, - or _`)
  }
  if (!Object.hasOwn(foreignAlphabets, alphabet)) {
    const known = Object.keys(foreignAlphabets).join(', ')
    fail(`${name}.alphabet "${alphabet}" is none of ${known}`)
  }
  const { min, max } = lengthRange(length)
  if (!Number.isInteger(min) || !Number.isInteger(max) || min > max) {
    fail(`${name}.length must be a whole number, or { min, max } of them`)
  }
  // Without a prefix any text of its alphabet looks like a token, and each one costs store reads.
  if (prefix === '' && min !== max) fail(`${name} has no prefix, and so needs one exact length`)
  if (min * Math.log2(foreignAlphabets[alphabet].letters) < minRandomBits) {
    fail(`${name} is too short to be safe: a token of ${min} letters has fewer than 96 bits`)
  }
  if (prefix.length + max > maxTokenLength) {
    fail(`${name} is too long: a token may have ${maxTokenLength} characters`)
  }
}

type Shape = { name: string; prefix: string; shortest: number; longest: number }

function shapeOf(
  name: string,
  { prefix, length }: Pick<ForeignFormat, 'prefix' | 'length'>,
): Shape {
  const { min, max } = lengthRange(length)
  return { name, prefix, shortest: prefix.length + min, longest: prefix.length + max }
}

/** One prefix may be another's start (Wacrm's is ours) as long as no token of both has the same length. */
function checkToldApart(one: Shape, other: Shape) {
  const nested = one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix)
  if (!nested || one.longest < other.shortest || other.longest < one.shortest) return
  fail(
    `${one.name} and ${other.name} cannot be told apart: the prefix "${one.prefix}" overlaps "${other.prefix}", and so do the lengths of their tokens`,
  )
}
