// The OpenAPI document: made from the routes themselves, so that it cannot tell of others.
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AppEnv } from '../app-env.ts'
import { createManagement } from '../management/routes.ts'
import { createRevocations } from '../revocation/routes.ts'
import { createRouter } from '../routing/router.ts'
import { type Requirement, securitySchemes } from '../routing/security.ts'
import type { AppSettings } from '../services.ts'
import { createChecks } from '../verify/routes.ts'
import { plainOperations } from './plain-operations.ts'

export type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>

/** Every router with zod routes: a new one belongs here, or its routes are missing from the document. */
export const documentedRouters = [createManagement, createRevocations, createChecks] as const

export function createDocument(settings: AppSettings, baseUrl: string): Document {
  const all = createRouter()
  const { openAPIRegistry } = all
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    openAPIRegistry.registerComponent('securitySchemes', name, scheme)
  }
  for (const create of documentedRouters) all.route('/', create(settings) as OpenAPIHono<AppEnv>)
  for (const operation of plainOperations) openAPIRegistry.registerPath(operation)
  const document = all.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Latchkey',
      version: '1',
      description,
      license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT.html' },
    },
    servers: [{ url: new URL(baseUrl).origin }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
  })
  for (const { method, operation } of operationsOf(document)) {
    operation.responses = { ...operation.responses, default: anyFailure }
    if (operation.security) operation.security = operation.security.map(withRole(method))
  }
  return document
}

/** Of management members only read: what the guard asks of the method is said by name. */
function withRole(method: string) {
  const role = method === 'get' ? 'member' : 'admin'
  return (requirement: Requirement, _: number, all: Requirement[]): Requirement => {
    if (!all.some(({ apiKey }) => apiKey?.includes('keys:manage'))) return requirement
    const [scheme = '', needs = []] = Object.entries(requirement)[0] ?? []
    const isPerson = scheme === 'session' || scheme === 'jwt'
    return isPerson && needs.length === 0 ? { [scheme]: [role] } : requirement
  }
}

/** What a store, or the Worker itself, may fail at. */
const anyFailure = {
  description: 'Any other failure',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

export type Operation = NonNullable<NonNullable<Document['paths']>[string]['get']>

/** Every operation with its place, in the order of the document. */
export function operationsOf({ paths = {} }: Document) {
  return Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation: Operation | undefined = item[method]
      return operation === undefined ? [] : [{ path, method, operation }]
    }),
  )
}

const tags = {
  'API keys': 'Made, changed, rotated, revoked and imported by an account. Members of it may read.',
  Account: 'What it is, everything that is known of it to take along, and its end.',
  Audit: 'Who did what, for ever.',
  Catalogue: 'What a key can be made of.',
  'Checking keys':
    'For services that ask whether a key is good: by their own key, or as a proxy that holds a request.',
  'Key holders': 'For whoever holds a token, by right or by chance.',
  Webhooks:
    'Where an account is told of what happens to its keys, and what became of each message.',
  People: 'Signing in, joining an account, and the first account of all.',
  Operations: "For the operator, with the deployment's own secret.",
}

const description = `API keys at the edge: revoked means revoked on the very next request.

Success is \`{ "status": "success", "data": … }\`; a list adds \`next_cursor\`. Every failure is a problem
(RFC 9457) with a stable \`code\`, explained under [/docs/errors](/docs/errors). Every answer carries \`X-Request-Id\`. Times are RFC
3339 in UTC, ids are UUIDs.

A change (PATCH, DELETE, rotate, revoke) answers 200 only once it is in force everywhere. \`Prefer: respond-async\` answers 202
at once, with \`effective_at\`. A 202 without being asked is in force but for its \`pending_regions\`.

A key may have rate limits (GCRA, several windows, all or nothing) and credits. Every answer to its holder carries \`RateLimit-Policy\`
and \`RateLimit\`; what they refuse is a 429 with \`Retry-After\` and takes nothing.

**The gateway.** Any other path under \`/api/\` belongs to the API behind Latchkey: the credential is checked against the route's
scope and taken out, and \`X-Latchkey-Account\`, \`-Key-Id\`, \`-User\`, \`-Scopes\` and \`-Request-Id\` are added.`
