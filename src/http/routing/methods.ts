// 405 for a path of ours with a method that is not (RFC 9110 15.5.6): before authentication, since the
// methods of a path are no secret, and before the gateway, which must not get what is ours.
import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from '../app-env.ts'
import { Problem } from '../response/problem.ts'

/** `path` may have parameters as `{name}` and end with `/*`. */
export type Operation = { method: string; path: string }

type Pattern = { parts: string[]; isLiteral: boolean; methods: Set<string> }

/** @param operations all that the router answers; read at the first request. */
export function allowMethods(operations: () => Iterable<Operation>): MiddlewareHandler<AppEnv> {
  let patterns: Pattern[] | null = null
  return async function allowMethods(c, next) {
    patterns ??= patternsOf(operations())
    const methods = methodsOf(patterns, c.req.path.slice(1).split('/'))
    if (methods !== null && !methods.has(c.req.method)) throw notAllowed(c.req.method, methods)
    await next()
  }
}

function patternsOf(operations: Iterable<Operation>): Pattern[] {
  const patterns = new Map<string, Pattern>()
  for (const { method, path } of operations) {
    const parts = path.slice(1).split('/')
    const isLiteral = !path.includes('{') && !path.endsWith('*')
    const pattern = patterns.get(path) ?? { parts, isLiteral, methods: new Set() }
    pattern.methods.add(method.toUpperCase())
    // HEAD is answered where GET is (RFC 9110 9.3.2).
    if (method.toUpperCase() === 'GET') pattern.methods.add('HEAD')
    patterns.set(path, pattern)
  }
  return [...patterns.values()]
}

/** The methods of a path: a literal path hides those with parameters. null: no path of the router. */
function methodsOf(patterns: readonly Pattern[], segments: readonly string[]): Set<string> | null {
  const matching = patterns.filter(({ parts }) => matches(parts, segments))
  if (matching.length === 0) return null
  const literal = matching.find(({ isLiteral }) => isLiteral)
  if (literal !== undefined) return literal.methods
  return new Set(matching.flatMap(({ methods }) => [...methods]))
}

function matches(parts: readonly string[], segments: readonly string[]): boolean {
  const isPrefix = parts.at(-1) === '*'
  if (isPrefix ? segments.length < parts.length : segments.length !== parts.length) return false
  return parts.every((part, at) =>
    part.startsWith('{') ? segments[at] !== '' : part === '*' || part === segments[at],
  )
}

function notAllowed(method: string, methods: ReadonlySet<string>): Problem {
  const allow = [...methods].sort().join(', ')
  const detail = `${method} is not a method of this path: ${allow}.`
  return new Problem('method_not_allowed', { detail, headers: { allow } })
}
