// The OpenAPI document as clients are generated from it: whole, typed, and without a `default` in a request.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { webhookTypes } from '../../src/core/webhook-event.ts'
import { authEndpoints } from '../../src/http/management/people/auth-endpoints.ts'
import {
  createDocument,
  type Document,
  eventsOf,
  operationsOf,
} from '../../src/http/openapi/document.ts'
import { authInputs } from '../../src/identity/inputs.ts'
import { createIsolate, systemClock } from '../../src/worker/context.ts'
import { contentOf } from '../support/contract.ts'
import config from '../support/latchkey.config.ts'

const made = createDocument(createIsolate(config, systemClock), env.BASE_URL)
// As it is served: without the keys that are undefined.
const document: Document = JSON.parse(JSON.stringify(made))
const operations = operationsOf(document).map(({ method, path, operation }) => ({
  name: `${method.toUpperCase()} ${path}`,
  operation,
}))

type Schema = { [name: string]: Schema } & { required?: string[]; properties?: object }

/** The places of `default` as a keyword of a schema or a parameter, not as the name of a field or a response. */
function defaultsIn(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  const isNames = /\/(?:properties|responses|examples?)$/.test(at)
  return Object.entries(value).flatMap(([name, each]) => [
    ...(name === 'default' && !isNames ? [at] : []),
    ...defaultsIn(each, `${at}/${name}`),
  ])
}

/** Whether its `data` is an array. */
function isList({ properties }: Schema): boolean {
  return (properties as { data?: { type?: unknown } } | undefined)?.data?.type === 'array'
}

function schemasOfAnswers({ responses }: (typeof operations)[number]['operation']) {
  const good = Object.entries(responses ?? {}).filter(([status]) => status.startsWith('2'))
  return good.map(([status, response]) => ({
    status,
    schemas: Object.values(contentOf(response)).map(({ schema }) => schema as Schema),
  }))
}

describe('the document', () => {
  it('has no default: generated clients would make such a field required', () => {
    expect(defaultsIn(document)).toEqual([])
  })

  it('has no reference that a null would have to satisfy: it would never be null', () => {
    const found = JSON.stringify(document).match(
      /\{"allOf":\[\{"\$ref":"[^"]*"\},\{[^{}]*"null"[^{}]*\}/g,
    )
    expect(found).toBeNull()
  })

  it('has next_cursor in each list, also where there are no pages', () => {
    const lists = operations.flatMap(({ name, operation }) => {
      const schemas = schemasOfAnswers(operation).flatMap(({ schemas }) => schemas)
      const isPaged = ({ required }: Schema) => required?.includes('next_cursor')
      const lists = name.startsWith('GET ') ? schemas.filter(isList) : []
      return lists.map((list) => [name, isPaged(list)])
    })
    expect(lists.length).toBeGreaterThan(12)
    expect(lists.filter(([, isPaged]) => !isPaged)).toEqual([])
  })

  it('is found to have one wherever it may stand', () => {
    const schema = { type: 'integer', default: 1 }
    const parameters = [{ name: 'limit', in: 'query', schema }]
    const nested = { anyOf: [{ properties: { default: schema } }], items: schema }
    expect(defaultsIn({ parameters, nested, responses: { default: {} } })).toEqual([
      '/parameters/0/schema',
      '/nested/anyOf/0/properties/default',
      '/nested/items',
    ])
  })

  it('has each open endpoint of Better Auth', () => {
    const open = Object.entries(authEndpoints).flatMap(([name, { security }]) =>
      security.some((each) => 'closed' in each) ? [] : [name.replace(' ', ' /api/auth')],
    )
    const names = operations.map(({ name }) => name)
    expect(open.filter((name) => !names.includes(name))).toEqual([])
    expect(open.length).toBeGreaterThan(20)
  })

  it.each(operations.map(({ name, operation }) => [name, operation] as const))(
    'types what is answered: %s',
    (name, operation) => {
      const answers = schemasOfAnswers(operation)
      // A redirect, for browsers.
      if (name.includes(' /api/auth/callback/')) return expect(answers).toEqual([])
      expect(answers.length).toBeGreaterThan(0)
      for (const { status, schemas } of answers) {
        // A proxy reads status and headers only.
        if (name.includes(' /forward-auth/')) return expect(schemas).toEqual([])
        expect(schemas.length, status).toBeGreaterThan(0)
        for (const schema of schemas) {
          const keys = Object.keys(schema)
          expect(
            keys.some((key) => ['$ref', 'type', 'anyOf', 'oneOf', 'allOf'].includes(key)),
          ).toBe(true)
          const data = (schema.properties as Schema | undefined)?.data
          if (data !== undefined) expect(Object.keys(data), name).not.toEqual([])
        }
      }
    },
  )

  it('requires nothing but the token of a verification', () => {
    const request = document.components?.schemas?.VerifyRequest as Schema
    expect(request.required).toEqual(['token'])
  })

  it('has the message of each event, as the body of its webhook', () => {
    const events = eventsOf(document)
    expect(events.map(({ type }) => type).sort()).toEqual([...webhookTypes, 'ping'].sort())
    for (const { operation } of events) {
      const [media] = Object.values(contentOf(operation.requestBody))
      expect(media?.schema.$ref).toMatch(/^#\/components\/schemas\/\w+Event$/)
    }
  })
})

describe('an operation of Better Auth takes the fields that are read of it', () => {
  const shapeOf = (schema: unknown) =>
    Object.entries((schema as { shape?: Record<string, never> }).shape ?? {})
  const isOptional = (field: { safeParse(value: unknown): { success: boolean } }) =>
    field.safeParse(undefined).success

  it.each(operations.filter(({ name }) => authInputs[pathOf(name)]).map(({ name }) => name))(
    '%s',
    (name) => {
      const { body, query } = authInputs[pathOf(name)] ?? {}
      const { operation } = operations.find((each) => each.name === name) ?? {}
      const [media] = Object.values(contentOf(operation?.requestBody))
      const fields = shapeOf(body)
      expect(Object.keys(media?.schema.properties ?? {}).sort()).toEqual(
        fields.map(([field]) => field).sort(),
      )
      const required = fields.flatMap(([field, schema]) => (isOptional(schema) ? [] : [field]))
      expect([...(media?.schema.required ?? [])].sort()).toEqual(required.sort())
      const parameters = (operation?.parameters ?? []).flatMap((each) =>
        'name' in each && each.in === 'query' ? [each.name] : [],
      )
      expect(parameters.sort()).toEqual(
        shapeOf(query)
          .map(([field]) => field)
          .sort(),
      )
    },
  )
})

function pathOf(name: string): string {
  return name.replace(/^\w+ \/api\/auth/, '')
}
