// Operations whose routes do not use zod: the hot paths, health, forward auth, and Better Auth's. Tests compare the
// responses with these shapes.
import { type RouteConfig, z } from '@hono/zod-openapi'
import { resourceMetadataPath } from '../paths.ts'
import { failure, limited, success } from '../routing/responses.ts'
import { anonymous, byPrincipal, byScopeOfRoute } from '../routing/security.ts'
import { time } from '../routing/time.ts'
import { memberOperations } from './member-operations.ts'
import type { ResourceMetadata } from './resource-metadata.ts'
import { sessionOperations } from './session-operations.ts'

const account = z.object({ id: z.uuid(), name: z.string() })
// As verification lists them.
const held = { scopes: z.array(z.string()), resources: z.array(z.string()) }
const me = z.union([
  z.object({
    account,
    key: z.object({
      ...{ id: z.uuid(), name: z.string(), ...held, expires_at: time.nullable() },
      external_id: z.string().nullable(),
      environment: z.string(),
    }),
  }),
  z.object({ account, key: z.null(), person: z.object({ id: z.uuid(), ...held }) }),
])

const refusals = {
  401: failure('No credential, or one that is not valid'),
  403: failure('The credential is valid but may not do this'),
  ...limited,
  503: failure('Not known right now, which is not a refusal: try again'),
}

const meOperation: RouteConfig = {
  method: 'get',
  path: '/api/v1/me',
  operationId: 'getMe',
  tags: ['The presented key'],
  security: byPrincipal,
  summary: 'The account and the key or person of the credential; needs no scope',
  description: 'Inherited scopes are listed as they resolve now.',
  responses: {
    200: success('The account, and the key or the person', me),
    400: failure('A token in the query string in addition to the credential'),
    ...refusals,
  },
}

const noParameters = failure('The query has parameters')

const health: RouteConfig = {
  method: 'get',
  path: '/healthz',
  operationId: 'getHealth',
  tags: ['Operations'],
  security: anonymous,
  summary: 'Whether the Worker runs; no store is accessed',
  responses: {
    200: {
      description: 'It runs',
      content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
    },
    400: noParameters,
  },
}

const storeCheck = z.object({ ok: z.boolean(), ms: z.number() })

const readiness = z.object({
  status: z.enum(['ready', 'not_ready']),
  checked_at: time,
  checks: z.object({
    database: storeCheck,
    cache: storeCheck,
    fence: storeCheck,
    meter: storeCheck,
    queue: storeCheck.openapi({
      description: 'Whether one is bound; a check would send a message',
    }),
    raises: storeCheck.openapi({
      description: 'Whether no change has waited over 60 s for a fence',
    }),
  }),
  oldest_pending_seconds: z.int().nullable().openapi({ description: 'null: none is pending' }),
})

const readyContent = { 'application/json': { schema: readiness } }

const ready: RouteConfig = {
  method: 'get',
  path: '/readyz',
  operationId: 'getReadiness',
  tags: ['Operations'],
  security: anonymous,
  summary: 'Whether every store answers within 2 s, near the caller',
  description:
    'For monitors. Cached for 2 s. Do not take Latchkey out of service by it: with one store down most keys still work.',
  responses: {
    200: { description: 'All stores answer', content: readyContent },
    400: noParameters,
    503: { description: 'A store does not answer', content: readyContent },
  },
}

const metadata: z.ZodType<ResourceMetadata> = z.object({
  resource: z.url().openapi({ description: 'The origin of this deployment' }),
  resource_name: z.string(),
  bearer_methods_supported: z.array(z.string()),
  resource_documentation: z.url(),
})

const resource: RouteConfig = {
  method: 'get',
  path: resourceMetadataPath,
  operationId: 'getResourceMetadata',
  tags: ['Discovery'],
  security: anonymous,
  summary: 'How clients authenticate (RFC 9728)',
  description:
    'The resource is the whole origin: management, `/api/v1` and the gateway take the same credentials, so there is no metadata of single paths. It names no authorization server, because keys are made by people and not by a token endpoint. The `WWW-Authenticate` of each 401 names this URL as `resource_metadata`, but for forward auth, whose client asked another server.',
  responses: {
    200: {
      description: 'The metadata of the protected resource',
      content: { 'application/json': { schema: metadata } },
    },
  },
}

const identityHeader = (description: string) => ({
  description,
  schema: { type: 'string' as const },
})

type Dialect = { name: string; id: string; path: string; summary: string; headers: string[] }

/** Only the headers of the proxy's own dialect are read. */
function forwardAuth({ name, id, path, summary, headers }: Dialect): RouteConfig {
  const params = { policy: z.string().openapi({ description: 'A policy of latchkey.config.ts' }) }
  const rest = { path: z.string().openapi({ description: 'The path of the request' }) }
  return {
    method: 'get',
    path,
    operationId: id,
    tags: ['Checking keys'],
    security: byScopeOfRoute,
    summary,
    description: `Forward auth with the headers of ${name}. Anything but 200 denies; the proxy passes it to the client.`,
    request: {
      params: z.object(path.endsWith('{path}') ? { ...params, ...rest } : params),
      ...(headers.length > 0 && {
        headers: z.object(Object.fromEntries(headers.map((header) => [header, z.string()]))),
      }),
    },
    responses: {
      200: {
        description: 'The request is authorized; the headers are never empty',
        headers: {
          'X-Latchkey-Account': identityHeader('The id of the account'),
          'X-Latchkey-Key-Id': identityHeader('The id of the key, or `none`'),
          'X-Latchkey-User': identityHeader('The id of the person, or `none`'),
          'X-Latchkey-Scopes': identityHeader('Held whole, separated by spaces, or `none`'),
          'X-Latchkey-Resources': identityHeader(
            'Scopes of single resources, separated by spaces, or `none`',
          ),
          'X-Latchkey-External-Id': identityHeader('As `encodeURIComponent` writes it, or `none`'),
          'X-Latchkey-Environment': identityHeader('Of the key, or `none`'),
          'X-Latchkey-Request-Id': identityHeader('The id in the log'),
        },
      },
      ...refusals,
      404: failure('No such policy'),
    },
  }
}

const forwardAuths = [
  {
    name: 'nginx `auth_request`',
    id: 'forwardAuthNginx',
    path: '/forward-auth/nginx/{policy}',
    summary: 'Authorize a request that nginx holds',
    headers: ['x-original-method', 'x-original-uri'],
  },
  {
    name: 'Caddy and Traefik',
    id: 'forwardAuthForwarded',
    path: '/forward-auth/forwarded/{policy}',
    summary: 'Authorize a request that Caddy or Traefik holds',
    headers: ['x-forwarded-method', 'x-forwarded-uri'],
  },
  {
    name: 'Envoy `ext_authz`',
    id: 'forwardAuthEnvoy',
    path: '/forward-auth/envoy/{policy}/{path}',
    summary: 'Authorize a request that Envoy holds, with its own method',
    headers: [],
  },
].map(forwardAuth)

export const plainOperations: readonly RouteConfig[] = [
  meOperation,
  health,
  ready,
  resource,
  ...forwardAuths,
  ...sessionOperations,
  ...memberOperations,
]
