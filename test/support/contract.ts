// Calls operations by id and validates each request and response against the OpenAPI document,
// to the last field.
import { Validator } from '@cfworker/json-schema'
import { expect } from 'vitest'
import { type Document, type Operation, operationsOf } from '../../src/http/openapi/document.ts'
import type { TestApp } from './test-app.ts'

// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema is not typed
type Schema = any
type Content = Record<string, { schema?: Schema }>

export type Call = {
  path?: Record<string, string>
  query?: Record<string, string>
  headers?: Record<string, string>
  as?: string
  key?: string
  cookie?: string
  body?: unknown
  /** Invalid on purpose: only the response is validated. */
  wrong?: boolean
}

export function openContract(app: TestApp, document: Document) {
  const operations = new Map(
    operationsOf(document).map((each) => [each.operation.operationId ?? '', each]),
  )
  const answered = new Map<string, Set<number>>()

  async function call(operationId: string, sent: Call = {}) {
    const { path, method, operation } = found(operations.get(operationId), operationId)
    if (!sent.wrong) judgeRequest(document, operationId, operation, sent)
    const { body, headers = {}, cookie, as, key } = sent
    const isForm = contentOf(operation.requestBody)['application/x-www-form-urlencoded']
    const answer = await app.request(method.toUpperCase(), filled(path, sent), {
      headers: {
        ...(cookie !== undefined && { cookie, origin: 'http://localhost:8787' }),
        ...(isForm && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
      ...(as !== undefined && { as }),
      ...(key !== undefined && { key }),
      ...(body !== undefined && { body: isForm ? formOf(body) : body }),
    })
    judgeAnswer(document, operationId, operation, answer)
    answered.set(operationId, (answered.get(operationId) ?? new Set()).add(answer.status))
    return answer
  }

  return { call, operations, answered }
}

function found<T>(operation: T | undefined, id: string): T {
  if (operation === undefined) throw new Error(`The document has no operation ${id}.`)
  return operation
}

function filled(path: string, { path: values = {}, query }: Call): string {
  const place = path.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? crypto.randomUUID())
  return query === undefined ? place : `${place}?${new URLSearchParams(query)}`
}

function formOf(body: unknown): string {
  return typeof body === 'string' ? body : new URLSearchParams(body as never).toString()
}

function judgeRequest(document: Document, id: string, operation: Operation, sent: Call) {
  const [media] = Object.values(contentOf(operation.requestBody))
  if (media !== undefined && sent.body !== undefined) {
    const value = typeof sent.body === 'string' ? JSON.parse(sent.body) : sent.body
    judge(document, media.schema, value, `the request of ${id}`)
  }
  for (const parameter of operation.parameters ?? []) {
    if (!('name' in parameter)) continue
    const { name, in: place, required, schema } = parameter
    const given = { query: sent.query, path: sent.path, header: sent.headers }[place as 'query']
    const value = Object.entries(given ?? {}).find(([key]) => key.toLowerCase() === name)?.[1]
    if (required && place !== 'path') expect(value, `${id} needs ${name}`).toBeDefined()
    if (value === undefined) continue
    const typed = (schema as Schema)?.type === 'integer' ? Number(value) : value
    judge(document, schema, typed, `${name} of ${id}`)
  }
}

type Answer = { status: number; headers: Headers; text: string }

export function judgeAnswer(document: Document, id: string, operation: Operation, answer: Answer) {
  const { status, headers, text } = answer
  const responses = operation.responses as Record<string, { content?: Content; headers?: object }>
  const response = responses[String(status)]
  if (response === undefined) {
    throw new Error(`${id} does not list ${status}, with which it answered: ${text}`)
  }
  for (const name of Object.keys(response.headers ?? {})) {
    expect(headers.get(name), `${name} of ${id}`).toBeTruthy()
  }
  expect(headers.get('x-request-id'), `the request id of ${id}`).toBeTruthy()
  if (response.content === undefined) return expect(text).toBe('')
  const type = headers.get('content-type')?.split(';')[0] ?? ''
  const media = response.content[type]
  if (media === undefined) throw new Error(`${id} lists no ${type} for ${status}.`)
  // JSON lines are not parsed as one document.
  const value = /[/+]json/.test(type) ? JSON.parse(text) : text
  judge(document, media.schema, value, `the ${status} of ${id}`)
}

export function contentOf(body: unknown): Content {
  return (body as { content?: Content } | undefined)?.content ?? {}
}

export function judge(document: Document, schema: Schema, value: unknown, what: string) {
  const { valid, errors } = new Validator(closed(document, schema), '2020-12', false).validate(
    value,
  )
  const faults = errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`)
  if (!valid)
    throw new Error(`${what} is not as documented.\n${faults.join('\n')}\n${JSON.stringify(value)}`)
}

/** The schema with its references resolved, and additional properties forbidden. */
function closed(document: Document, schema: Schema): Schema {
  if (schema?.$ref) {
    const name = String(schema.$ref).split('/').at(-1) ?? ''
    return closed(document, document.components?.schemas?.[name])
  }
  const inner = (each: Schema) => closed(document, each)
  if (schema?.allOf) {
    const parts = schema.allOf.map((part: Schema) => resolved(document, part))
    return inner({
      type: 'object',
      properties: Object.assign({}, ...parts.map(({ properties }: Schema) => properties)),
      required: parts.flatMap(({ required = [] }: Schema) => required),
    })
  }
  if (schema?.anyOf) return { ...schema, anyOf: schema.anyOf.map(inner) }
  if (schema?.items) return { ...schema, items: inner(schema.items) }
  if (!schema?.properties) return schema ?? {}
  const properties = Object.entries(schema.properties).map(([name, each]) => [name, inner(each)])
  return { additionalProperties: false, ...schema, properties: Object.fromEntries(properties) }
}

function resolved(document: Document, schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : document.components?.schemas?.[name]
}
