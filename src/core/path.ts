// Paths are read once, by the gate in front of every route. A path that two readers can read differently is
// a way around a policy, so such a path has no reading here.

/**
 * The decoded segments of a path (RFC 3986 3.3), or null when it has more than one reading: dot segments, raw
 * or encoded; empty segments, but for one at the end; back-slashes and encoded slashes; control characters;
 * percent-encoding that is broken or not UTF-8. `/` has one segment, which is empty.
 */
export function readPath(rawPath: string): string[] | null {
  if (!rawPath.startsWith('/')) return null
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

/** Whether other servers may read the segments differently: matrix parameters, a second layer of encoding. */
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
