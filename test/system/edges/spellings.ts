// Other spellings of a path: each is read differently by some guard, router, proxy or upstream.

type Spelling = { name: string; of(path: string): string }

const lastSlash = (path: string, replacement: string) =>
  `${path.slice(0, path.lastIndexOf('/'))}${replacement}${path.slice(path.lastIndexOf('/') + 1)}`
const firstSegment = (path: string, after: string) => path.replace(/^\/[^/]+/, `$&${after}`)

/** Those that the gate refuses: 404, under /forward-auth/ 403. */
export const ambiguous: Spelling[] = [
  { name: 'a dot segment', of: (path) => lastSlash(path, '/./') },
  { name: 'an encoded dot segment', of: (path) => lastSlash(path, '/%2e/') },
  { name: 'an encoded dot segment in capitals', of: (path) => lastSlash(path, '/%2E/') },
  { name: 'a segment and back', of: (path) => lastSlash(path, '/x/../') },
  { name: 'a segment and back, encoded', of: (path) => lastSlash(path, '/x/%2e%2e/') },
  { name: 'a segment and back, half encoded', of: (path) => lastSlash(path, '/x/.%2E/') },
  { name: 'a dot segment at the end', of: (path) => `${path}/.` },
  { name: 'a way out of another path', of: (path) => firstSegment(path, `/docs/../..${path}`) },
  { name: 'two slashes', of: (path) => lastSlash(path, '//') },
  { name: 'two slashes at the end', of: (path) => `${path}//` },
  { name: 'an encoded slash', of: (path) => lastSlash(path, '%2F') },
  { name: 'an encoded slash in small letters', of: (path) => lastSlash(path, '%2f') },
  { name: 'a backslash', of: (path) => lastSlash(path, '\\') },
  { name: 'an encoded backslash', of: (path) => lastSlash(path, '%5c') },
  { name: 'an encoded NUL', of: (path) => `${path}%00` },
  { name: 'an encoded line break', of: (path) => `${path}%0d%0a` },
  { name: 'an encoded DEL', of: (path) => `${path}%7f` },
  { name: 'a C1 control character', of: (path) => `${path}%c2%85` },
  { name: 'a percent sign alone', of: (path) => `${path}%` },
  { name: 'bytes that are no UTF-8', of: (path) => `${path}%ff` },
  { name: 'an overlong slash', of: (path) => lastSlash(path, '%c0%af') },
  { name: 'another host in front', of: (path) => `//evil.example${path}` },
  { name: 'two slashes in absolute form', of: (path) => `http://evil.example/${path}` },
  { name: 'a dot segment in absolute form', of: (path) => `http://evil.example/.${path}` },
]

/** Those that are other paths, or that no HTTP server takes: never a success. */
export const others: Spelling[] = [
  { name: 'a matrix parameter', of: (path) => `${path};a=b` },
  { name: 'a matrix parameter within', of: (path) => firstSegment(path, ';a') },
  { name: 'a double encoding', of: (path) => lastSlash(path, '/%252e%252e/') },
  { name: 'an encoded percent sign', of: (path) => `${path}%2500` },
  { name: 'an encoded question mark', of: (path) => `${path}%3fa` },
  { name: 'an encoded fragment', of: (path) => `${path}%23a` },
  { name: 'capitals', of: (path) => path.toUpperCase() },
  { name: 'a raw control character', of: (path) => `${path}\u0001` },
  { name: 'a raw DEL', of: (path) => `${path}\u007f` },
  { name: 'a raw byte that is no UTF-8', of: (path) => `${path}\u00ff` },
  { name: 'no slash in front', of: (path) => path.slice(1) },
  { name: 'an asterisk', of: () => '*' },
]

/** Those that workerd itself reads as the usual path: the gate sees nothing odd, and no guard either. */
export const same: Spelling[] = [
  { name: 'a fragment', of: (path) => `${path}#a` },
  { name: 'a fragment with a way back', of: (path) => `${path}#/../x` },
  { name: 'the absolute form', of: (path) => `http://evil.example${path}` },
]
