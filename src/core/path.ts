// Parses request paths, once for all routes. A path that two servers could read differently would bypass a
// policy, so it is refused.

/**
 * The decoded segments of a path (RFC 3986 3.3); null when it is ambiguous: dot segments, raw or encoded;
 * empty segments, except for one at the end; back-slashes and encoded slashes; control characters; invalid
 * percent-encoding or UTF-8; a raw `#` or space, which no request target has (RFC 9112 3.2) and URL parsers cut at.
 * `/` has one segment, which is empty.
 */
export function readPath(rawPath: string): string[] | null {
  if (!rawPath.startsWith('/') || /[# ]/.test(rawPath)) return null
  const raws = rawPath.slice(1).split('/')
  const segments: string[] = []
  for (const [at, raw] of raws.entries()) {
    if (raw === '' && at < raws.length - 1) return null
    const segment = decode(raw)
    if (segment === null || segment === '.' || segment === '..') return null
    if (/[/\\\p{Cc}]/u.test(segment)) return null
    segments.push(segment)
  }
  return segments
}

/** Whether the path has more than one reading: `readPath(path) === null`, at the cost of one scan for plain paths. */
export function isAmbiguous(rawPath: string): boolean {
  return suspicious.test(rawPath) && readPath(rawPath) === null
}

/** What no plain path has: other than unreserved characters, an empty segment, one that begins with a dot. */
const suspicious = /^(?!\/)|[^\w\-~./]|\/[./]/

/** Whether an upstream may read the segments differently: matrix parameters, double encoding. */
export function isAmbiguousUpstream(segments: readonly string[]): boolean {
  return segments.some((segment) => segment.includes(';') || segment.includes('%'))
}

function decode(raw: string): string | null {
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch {
    return null
  }
}
