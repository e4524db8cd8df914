// Every place of a request where a client's text goes: the fields of its body, as the schema names them, and the
// parameters of its query.

import type { Document } from '../../../src/http/openapi/document.ts'
import { authInputs } from '../../../src/identity/inputs.ts'
import type { EveryRoute } from './routes.ts'

// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema is whatever it says
type Schema = any

export const formType = 'application/x-www-form-urlencoded'

type Media = { type: string; schema: Schema; isRequired: boolean }

/** The declared body of an operation; Better Auth's are JSON. */
export function bodyOf({ operation }: EveryRoute): Media | null {
  const body = operation?.requestBody as
    | { required?: boolean; content?: Record<string, { schema?: Schema }> }
    | undefined
  const [[type, media] = ['', undefined]] = Object.entries(body?.content ?? {})
  if (media === undefined) return null
  return { type, schema: media.schema, isRequired: body?.required === true }
}

/** Paths of fields, such as `['limits', 'credits']`; a list is represented by its first entry. */
export function fieldsOf(document: Document, route: EveryRoute): string[][] {
  const media = bodyOf(route)
  if (media !== null) return within(document, media.schema, [])
  return Object.keys(shapeOf(route, 'body')).map((name) => [name])
}

export function parametersOf({ operation, ...route }: EveryRoute): string[] {
  const documented = (operation?.parameters ?? []).flatMap((each) =>
    'name' in each && each.in === 'query' ? [each.name] : [],
  )
  return [...new Set([...documented, ...Object.keys(shapeOf({ operation, ...route }, 'query'))])]
}

function shapeOf({ path, section }: EveryRoute, part: 'body' | 'query'): Record<string, unknown> {
  if (section !== 'people') return {}
  const schema = authInputs[path.replace('/api/auth', '')]?.[part]
  return (schema as { shape?: Record<string, unknown> } | undefined)?.shape ?? {}
}

function within(document: Document, schema: Schema, at: string[]): string[][] {
  if (schema?.$ref) {
    const name = String(schema.$ref).split('/').at(-1) ?? ''
    return within(document, document.components?.schemas?.[name], at)
  }
  if (at.length > 4) return []
  const { anyOf = [], oneOf = [], allOf = [], properties = {}, items } = schema ?? {}
  const found = [
    ...[...anyOf, ...oneOf, ...allOf].flatMap((each: Schema) => within(document, each, at)),
    ...Object.entries(properties).flatMap(([name, each]) => [
      [...at, name],
      ...within(document, each, [...at, name]),
    ]),
    ...(items ? [[...at, '0'], ...within(document, items, [...at, '0'])] : []),
  ]
  return [...new Map(found.map((path) => [path.join('.'), path])).values()]
}

/** A copy of the body with another value at one place; what leads there is made where it is missing. */
export function withValue(body: unknown, [name, ...rest]: string[], value: unknown): unknown {
  if (name === undefined) return value
  const isList = /^\d+$/.test(name)
  const copy: Schema = isList
    ? [...(Array.isArray(body) ? body : [])]
    : { ...(typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {}) }
  copy[name] = withValue(copy[name], rest, value)
  return copy
}
