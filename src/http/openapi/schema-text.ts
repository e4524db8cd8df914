// A JSON Schema as readable text: `{ name: string, scopes?: string[] | null }`.

type Schema = Record<string, unknown>

/** Enclose the name of a component, so that it can become a link. */
export const nameMarks = ['\u0001', '\u0002'] as const

export function schemaText(schema: unknown, indent = ''): string {
  if (typeof schema !== 'object' || schema === null) return 'any'
  const { $ref, type, const: only, enum: values, anyOf, oneOf, allOf } = schema as Schema
  if (typeof $ref === 'string') return nameMarks[0] + $ref.split('/').at(-1) + nameMarks[1]
  if (only !== undefined) return JSON.stringify(only)
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' | ')
  const choices = anyOf ?? oneOf
  if (Array.isArray(choices)) return joined(choices, ' | ', indent)
  if (Array.isArray(allOf)) return joined(allOf, ' & ', indent)
  if (Array.isArray(type)) {
    return type.map((each) => typeText({ ...schema, type: each }, indent)).join(' | ')
  }
  return typeText(schema as Schema, indent)
}

function joined(schemas: unknown[], sign: string, indent: string): string {
  return schemas.map((each) => schemaText(each, indent)).join(sign)
}

function typeText(schema: Schema, indent: string): string {
  const { type, format, items } = schema
  switch (type) {
    case 'object':
      return objectText(schema, indent)
    case 'array': {
      const item = schemaText(items, indent)
      return / [|&] /.test(item) ? `(${item})[]` : `${item}[]`
    }
    case undefined:
      return 'any'
    default:
      return typeof format === 'string' ? `${type} (${format})` : String(type)
  }
}

function objectText({ properties, required, additionalProperties }: Schema, indent: string) {
  const names = Array.isArray(required) ? required : []
  const inner = `${indent}  `
  const lines = Object.entries((properties ?? {}) as Record<string, Schema>).map(
    ([name, schema]) => {
      const mark = names.includes(name) ? '' : '?'
      const note = typeof schema.description === 'string' ? `  // ${schema.description}` : ''
      return `${inner}${name}${mark}: ${schemaText(schema, inner)}${note}`
    },
  )
  if (lines.length > 0) return `{\n${lines.join('\n')}\n${indent}}`
  return typeof additionalProperties === 'object'
    ? `{ [name]: ${schemaText(additionalProperties, indent)} }`
    : '{ … }'
}
