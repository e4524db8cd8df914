// 405 for an own path with an unsupported method (RFC 9110 15.5.6): before authentication, since the methods
// of a path are not secret, and before the gateway, which must not receive requests to own paths.
import type { HonoRequest, MiddlewareHandler } from 'hono'
import type { AppEnv } from '../app-env.ts'
import { Problem } from '../response/problem.ts'

/** `path` may have parameters as `{name}` and end with `/*`. */
export type Operation = { method: string; path: string }

type Table = {
  /** By path, which is looked up first: a literal path hides those with parameters. */
  literal: Map<string, Set<string>>
  patterns: { parts: string[]; methods: Set<string> }[]
}

type RefusedMethod = (request: Pick<HonoRequest, 'method' | 'path'>) => Problem | null

/** @param operations all that the router answers; read at the first request. */
export function refusedMethod(operations: () => Iterable<Operation>): RefusedMethod {
  let table: Table | null = null
  return function refusedMethod({ method, path }) {
    table ??= tableOf(operations())
    const methods = table.literal.get(path) ?? methodsOf(table, path.slice(1).split('/'))
    return methods !== null && !methods.has(method) ? notAllowed(method, methods) : null
  }
}

export function allowMethods(operations: () => Iterable<Operation>): MiddlewareHandler<AppEnv> {
  const refusalOf = refusedMethod(operations)
  return function allowMethods(c, next) {
    const refusal = refusalOf(c.req)
    if (refusal !== null) throw refusal
    return next()
  }
}

function tableOf(operations: Iterable<Operation>): Table {
  const literal = new Map<string, Set<string>>()
  const patterns = new Map<string, Set<string>>()
  for (const { method, path } of operations) {
    const table = path.includes('{') || path.endsWith('*') ? patterns : literal
    const methods = table.get(path) ?? new Set()
    methods.add(method.toUpperCase())
    // HEAD is answered where GET is (RFC 9110 9.3.2).
    if (method.toUpperCase() === 'GET') methods.add('HEAD')
    table.set(path, methods)
  }
  const split = [...patterns].map(([path, methods]) => ({
    parts: path.slice(1).split('/'),
    methods,
  }))
  return { literal, patterns: split }
}

/** null: no path of the router. */
function methodsOf({ patterns }: Table, segments: readonly string[]): Set<string> | null {
  const matching = patterns.filter(({ parts }) => matches(parts, segments))
  if (matching.length === 0) return null
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
