// Entity tags of keys, and the If-Match of requests (RFC 9110 8.8.3, 13.1.1).

/** Which versions a request is for. */
export type Precondition = { kind: 'any' } | { kind: 'tags'; tags: ReadonlySet<string> }

/** The strong tag of a version. */
export function entityTag(seq: number): string {
  return `"${seq}"`
}

/** A weak tag never matches: If-Match compares strongly. */
export function matches(precondition: Precondition, seq: number): boolean {
  return precondition.kind === 'any' || precondition.tags.has(entityTag(seq))
}

/** The value of If-Match; null for what is neither `*` nor a list of tags. */
export function readIfMatch(text: string): Precondition | null {
  if (text.trim() === '*') return { kind: 'any' }
  const tags = new Set<string>()
  let hasTags = false
  let at = 0
  while (at <= text.length) {
    at = afterSpace(text, at)
    const end = tagEnd(text, at)
    if (end !== null) {
      hasTags = true
      if (text[at] === '"') tags.add(text.slice(at, end))
      at = afterSpace(text, end)
    }
    // An empty element of a list is ignored (RFC 9110 5.6.1.2).
    if (at < text.length && text[at] !== ',') return null
    at++
  }
  return hasTags ? { kind: 'tags', tags } : null
}

/** Where the tag that begins here ends; null where none does. */
function tagEnd(text: string, start: number): number | null {
  const open = text.startsWith('W/', start) ? start + 2 : start
  if (text[open] !== '"') return null
  const close = text.indexOf('"', open + 1)
  if (close === -1) return null
  for (let at = open + 1; at < close; at++) {
    const code = text.charCodeAt(at)
    if (code <= 0x20 || code === 0x7f) return null
  }
  return close + 1
}

function afterSpace(text: string, start: number): number {
  let at = start
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}
