// The OpenAPI document, made from the routes themselves.
import type { OpenAPIHono } from '@hono/zod-openapi'
import { roles } from '../../core/role.ts'
import type { AppEnv } from '../app-env.ts'
import { createManagement } from '../management/routes.ts'
import { guardedResources } from '../paths.ts'
import { createRevocations } from '../revocation/routes.ts'
import { onlyReads } from '../routing/method.ts'
import { createRouter } from '../routing/router.ts'
import { type Requirement, securitySchemes } from '../routing/security.ts'
import type { AppSettings } from '../services.ts'
import { createChecks } from '../verify/routes.ts'
import { plainOperations } from './plain-operations.ts'
import { webhookOperations } from './webhook-operations.ts'

export type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>

/** Every router with zod routes; the routes of one that is missing here are missing from the document. */
export const documentedRouters = [createManagement, createRevocations, createChecks] as const

export function createDocument(settings: AppSettings, baseUrl: string): Document {
  const all = createRouter()
  const { openAPIRegistry } = all
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    openAPIRegistry.registerComponent('securitySchemes', name, scheme)
  }
  for (const create of documentedRouters) all.route('/', create(settings) as OpenAPIHono<AppEnv>)
  for (const operation of plainOperations) openAPIRegistry.registerPath(operation)
  for (const operation of webhookOperations) openAPIRegistry.registerWebhook(operation)
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
  for (const { method, path, operation } of operationsOf(document)) {
    if (actsInAccount(path)) nameAccount(operation)
    operation.responses = { ...operation.responses, default: anyFailure }
    if (operation.security) operation.security = operation.security.map(withRole({ method, path }))
  }
  return document
}

/** The guard of management lets members only read: the document names the role for each method. */
function withRole({ method, path }: { method: string; path: string }) {
  const role = onlyReads({ method: method.toUpperCase(), path }) ? 'member' : 'admin'
  return (requirement: Requirement, _: number, all: Requirement[]): Requirement => {
    if (!all.some(({ apiKey }) => apiKey?.includes('keys:manage'))) return requirement
    const [scheme = '', needs = []] = Object.entries(requirement)[0] ?? []
    const isPerson = scheme === 'session' || scheme === 'jwt'
    const hasRole = needs.some((each) => (roles as readonly string[]).includes(each))
    return isPerson && !hasRole ? { [scheme]: [role, ...needs] } : requirement
  }
}

const problem = {
  'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
}
const anyFailure = { description: 'Any other failure', content: problem }

/** Whether the operation is of the account that `Latchkey-Account` names: of management, not of services that check keys. */
function actsInAccount(path: string): boolean {
  const [, api, resource, next] = path.split('/')
  if (api !== 'api') return false
  return resource === 'auth' ? next === 'organization' : managed.has(resource ?? '')
}

const managed: ReadonlySet<string> = new Set(['accounts', ...guardedResources])

/** The guards read the header, so that no route declares it. */
function nameAccount(operation: Operation): void {
  operation.parameters = [...(operation.parameters ?? []), accountParameter]
  const noAccount = { description: 'The caller has no account with this id', content: problem }
  operation.responses = { 404: noAccount, ...operation.responses }
}

const accountParameter = {
  name: 'Latchkey-Account',
  in: 'header' as const,
  required: false,
  description:
    'The id of the account in which the request acts: one of the person’s, that of the session or JWT if left out; of a key its own; needed with `platform:manage`, but not under `/api/accounts`. Any other is 404',
  schema: { type: 'string' as const, format: 'uuid' },
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

/** The requests that Latchkey sends, with the type of their event. */
export function eventsOf({ webhooks = {} }: Document): { type: string; operation: Operation }[] {
  return Object.entries(webhooks).flatMap(([type, item]) =>
    'post' in item && item.post ? [{ type, operation: item.post as Operation }] : [],
  )
}

const tags = {
  'API keys': 'Create, change, rotate, revoke and import the keys of an account. Members may read.',
  Accounts: 'All accounts of the deployment, for the account that operates it',
  Account: 'Read, export and delete an account.',
  Audit: 'Changes and who made them. Events are never deleted.',
  Catalogue: 'The scopes and formats of keys.',
  'Checking keys': 'For services that verify keys, and for proxies that authorize requests.',
  Portal: 'Customers manage their own keys, in sessions that the host opens for them.',
  'The presented key': 'Read or revoke the key whose token is presented, also as its finder.',
  Webhooks:
    'Endpoints that are notified of events, their deliveries, and the messages that they receive.',
  People: 'Sign in, sessions, and setting up the first account.',
  Members:
    'Members of an account, and invitations to it. Better Auth calls an account an organization, and answers without an envelope.',
  Discovery: 'For clients and agents that know only the address.',
  Operations: "For the operator, with the deployment's own secret.",
}

const description = `API keys at the edge: revoked means revoked on the very next request.

The guides, in Markdown, begin at [/llms.txt](/llms.txt).

Success is \`{ "status": "success", "data": … }\`; a list adds \`next_cursor\`. Every failure is a problem
(RFC 9457) with a stable \`code\`, explained under [/docs/errors](/docs/errors). Every answer carries \`X-Request-Id\`. Times are RFC
3339 in UTC, ids are UUIDs.

A change (PATCH, DELETE, rotate, revoke) answers 200 only once it is in force everywhere. \`Prefer: respond-async\` answers 202
at once, with \`effective_at\`. A 202 without that header is in force everywhere except in its \`pending_regions\`.

\`Latchkey-Account\` names the account in which a request of management acts: one of the caller's, else 404.

With an \`Idempotency-Key\` a POST that makes or spends something is executed once in 24 hours; tokens are never shown again. \`ETag\` is the
version of a key, for \`If-Match\`.

A key may have rate limits (GCRA, several windows, all or nothing) and credits. Responses to requests with a limited key carry
\`RateLimit-Policy\` and \`RateLimit\`; a refused request gets a 429 with \`Retry-After\` and consumes nothing.

**The gateway.** Any other path under the gateway's base (as shipped \`/api\`) belongs to the API behind Latchkey: the credential is
checked against the route's scope and removed, and \`X-Latchkey-Account\`, \`-Key-Id\`, \`-User\`, \`-Scopes\`, \`-Resources\`,
\`-External-Id\`, \`-Environment\` and \`-Request-Id\` are added.

**Messages.** What Latchkey sends to webhook endpoints stands under \`webhooks\`, signed as Standard
Webhooks (standardwebhooks.com) specifies.`
