// Text of other people (names, metadata, details) on its way to a terminal, which would execute its escape sequences.

// C0, DEL and C1 controls, line and paragraph separators, bidi controls and the zero-width marks of direction.
const unsafe = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

/** In one line, without what a terminal would act on. */
export function clean(text: string): string {
  return text.replace(/[\n\t]+/g, ' ').replace(unsafe, '')
}

/** As `clean`, in as many lines as it has. */
export function cleanLines(text: string): string {
  return text.split('\n').map(clean).join('\n')
}

/** JSON without a raw control character. It parses to the same value. */
export function safeJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent)
  // Raw line breaks and indents are of JSON itself: those of a string are escaped already.
  return text.replace(unsafe, (char) => (char === '\n' ? char : escaped(char)))
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}
