// Messages about one field, for people.

/** The validator's own messages name types: `Invalid input: expected string, received null`. */
export function messageText(message: string): string {
  const size = /^Too (small|big): expected \w+ to (?:have|be) [<>]=?(\d+)(?: (\w+))?/.exec(message)
  if (size !== null) {
    const [, which, count, unit] = size
    const bound = which === 'big' ? 'At most' : 'At least'
    return `${bound} ${count}${unit ? ` ${unit}` : ''}`
  }
  if (/^Invalid (input|option|string)/.test(message)) return 'Not a possible value'
  return message
}
