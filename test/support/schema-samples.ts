// The smallest bodies that the schemas of the OpenAPI document accept.
import type { Document } from '../../src/http/openapi/document.ts'

// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema is not typed
type Schema = any

/** The smallest value that a schema accepts. */
export function sampleOf(document: Document, schema: Schema): unknown {
  if (schema?.$ref) {
    const name = String(schema.$ref).split('/').at(-1) ?? ''
    return sampleOf(document, document.components?.schemas?.[name])
  }
  const { example, examples, const: only, enum: values, anyOf, oneOf, allOf } = schema ?? {}
  const given = example ?? examples?.[0] ?? only ?? values?.[0]
  if (given !== undefined) return given
  if (allOf) return Object.assign({}, ...allOf.map((part: Schema) => sampleOf(document, part)))
  const choice = (anyOf ?? oneOf)?.[0]
  return choice ? sampleOf(document, choice) : plainSample(document, schema ?? {})
}

function plainSample(document: Document, schema: Schema): unknown {
  const {
    type,
    format,
    properties = {},
    required = [],
    items,
    minimum,
    minLength,
    minItems,
  } = schema
  switch (Array.isArray(type) ? type[0] : type) {
    case 'object':
      return Object.fromEntries(
        required.map((name: string) => [name, sampleOf(document, properties[name])]),
      )
    case 'array':
      return Array.from({ length: minItems ?? 0 }, () => sampleOf(document, items))
    case 'integer':
    case 'number':
      return minimum ?? 1
    case 'boolean':
      return true
    case 'string':
      return stringSample(format, minLength)
    default:
      return null
  }
}

function stringSample(format: string | undefined, minLength = 1): string {
  switch (format) {
    case 'uuid':
      return crypto.randomUUID()
    case 'email':
      return `${crypto.randomUUID()}@example.test`
    case 'uri':
    case 'url':
      return 'https://example.test/'
    case 'date-time':
      return new Date(Date.now() + 3_600_000).toISOString()
    default:
      return 'x'.repeat(Math.max(minLength, 1))
  }
}
