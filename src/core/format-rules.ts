// Validates token formats: long enough that tokens cannot be guessed, and distinct by shape alone, so that
// no token matches two formats.

import { fail } from './config-error.ts'
import { anyEnvironment } from './environment.ts'
import { type ForeignFormat, foreignAlphabets, lengthRange } from './foreign.ts'
import { alphabets, type Format } from './format.ts'

// 96 random bits cannot be guessed; a forged token passes a tag of 32 bits once in 2^32 attempts.
const minRandomBits = 96
const minTagBits = 32
const maxTokenLength = 200

/** @throws Error for a format that is unsafe or whose tokens could match another format. */
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
  // A base62 tag takes one letter from each byte of the HMAC, which has 32.
  if (tagLength * bits < minTagBits || tagLength > 32) {
    fail(`formats.${name}.tagLength ${tagLength} must give at least 32 bits in at most 32 letters`)
  }
  if (prefix.length + length > maxTokenLength) {
    fail(`formats.${name} is too long: a token may have ${maxTokenLength} characters`)
  }
  checkEnvironment(`formats.${name}`, format)
}

/** It is told in a header, where `none` stands for a person. */
function checkEnvironment(name: string, { environment }: Pick<Format, 'environment'>) {
  if (environment === undefined) return
  const isName = typeof environment === 'string' && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(environment)
  if (!isName || environment.length > 32 || [anyEnvironment, 'none'].includes(environment)) {
    fail(
      `${name}.environment "${environment}" must be at most 32 lower-case letters, digits and -, and neither "any" nor "none"`,
    )
  }
}

/** @throws Error for a foreign format that is unsafe or whose tokens could match another format. */
export function checkForeign(
  foreign: Record<string, ForeignFormat>,
  formats: Record<string, Format>,
) {
  const shapes = Object.entries(formats).map(([name, format]) => shapeOf(`formats.${name}`, format))
  for (const [name, format] of Object.entries(foreign)) {
    checkForeignFormat(`foreign.${name}`, format)
    // Answers name a key's format without saying whether it is foreign.
    if (Object.hasOwn(formats, name)) fail(`foreign.${name} has the same name as formats.${name}`)
    const shape = shapeOf(`foreign.${name}`, format)
    for (const other of shapes) checkDistinct(shape, other)
    shapes.push(shape)
  }
}

function checkForeignFormat(name: string, format: ForeignFormat) {
  const { prefix, alphabet, length } = format
  checkEnvironment(name, format)
  if (typeof prefix !== 'string' || !/^[A-Za-z0-9_-]*$/.test(prefix)) {
    fail(`${name}.prefix "${prefix}" must be letters, digits, - or _`)
  }
  if (!Object.hasOwn(foreignAlphabets, alphabet)) {
    const known = Object.keys(foreignAlphabets).join(', ')
    fail(`${name}.alphabet "${alphabet}" must be one of ${known}`)
  }
  const { min, max } = lengthRange(length)
  if (!Number.isInteger(min) || !Number.isInteger(max) || min > max) {
    fail(`${name}.length must be a whole number, or { min, max } of them`)
  }
  // Without a prefix any text in the alphabet matches, and each match costs store reads.
  if (prefix === '' && min !== max) fail(`${name} has no prefix, and so needs one exact length`)
  if (min * Math.log2(foreignAlphabets[alphabet].size) < minRandomBits) {
    fail(`${name} is too short to be safe: a token of ${min} letters has fewer than 96 bits`)
  }
  if (prefix.length + max > maxTokenLength) {
    fail(`${name} is too long: a token may have ${maxTokenLength} characters`)
  }
}

type Shape = { name: string; prefix: string; minLength: number; maxLength: number }

function shapeOf(
  name: string,
  { prefix, length }: Pick<ForeignFormat, 'prefix' | 'length'>,
): Shape {
  const { min, max } = lengthRange(length)
  return { name, prefix, minLength: prefix.length + min, maxLength: prefix.length + max }
}

/** A prefix may start another, as Wacrm's does, as long as tokens of both never have the same length. */
function checkDistinct(one: Shape, other: Shape) {
  const isNested = one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix)
  if (!isNested || one.maxLength < other.minLength || other.maxLength < one.minLength) return
  fail(
    `a token could match both ${one.name} and ${other.name}: the prefix "${one.prefix}" overlaps "${other.prefix}", and so do the lengths of their tokens`,
  )
}
