// Requests of the matrix that the document cannot determine: ids of resources that no POST creates, and
// valid bodies. A route that is not listed gets the smallest body that its schema accepts, and an
// id created by the POST of its collection.
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { Document, Operation } from '../../src/http/openapi/document.ts'
import { operationsOf } from '../../src/http/openapi/document.ts'
import type { Caller, Permission } from '../../src/http/openapi/permissions.ts'
import { makeKey } from './account.ts'
import {
  cookieOf,
  password,
  personOf,
  sampleOf,
  sessionIdOf,
  type World,
} from './permission-matrix.ts'
import { addPerson, createAccount } from './test-app.ts'

export type Sent = {
  path?: string
  headers?: Record<string, string>
  body?: unknown
}

const email = () => `${crypto.randomUUID()}@example.test`

async function invitation({ acme }: World, to = email(), accountId = acme.id): Promise<string> {
  const id = crypto.randomUUID()
  await env.DB.prepare(
    `INSERT INTO invitation (id, organization_id, email, role, status, inviter_id, expires_at, created_at)
     VALUES (?, ?, ?, 'member', 'pending', ?, ?, ?)`,
  )
    .bind(id, accountId, to, acme.owner.id, Date.now() + 86_400_000, Date.now())
    .run()
  return id
}

const emailOf = (world: World, caller: Caller) => `${personOf(world, caller).id}@example.test`

async function invitedElsewhere(world: World, caller: Caller): Promise<Sent> {
  const elsewhere = await createAccount('Elsewhere')
  const invitationId = await invitation(world, emailOf(world, caller), elsewhere)
  return { body: { invitationId } }
}

const held = { method: 'GET', uri: '/api/contacts' }

/** By method and path: what a request needs to succeed. */
const requests: Record<string, (world: World, caller: Caller) => Promise<Sent> | Sent> = {
  // What the SQL of tests leaves pending, which the cron settles every minute.
  'GET /readyz': async () => {
    await env.DB.prepare('DELETE FROM pending_raise').run()
    return {}
  },
  // Each in a separate account: the matrix keeps using its own.
  'POST /api/account/deletion': async (_, caller) => {
    if (['anonymous', 'key', 'manager', 'verifier'].includes(caller)) {
      return { body: { name: 'Leaving' } }
    }
    const accountId = await createAccount('Leaving')
    const role = caller === 'member' || caller === 'admin' ? caller : 'owner'
    const person = await addPerson(accountId, role)
    const headers: Record<string, string> =
      caller === 'jwt'
        ? { authorization: `Bearer ${person.jwt}` }
        : { cookie: await cookieOf(person, accountId) }
    return { body: { name: 'Leaving' }, headers }
  },
  'POST /api/api-keys/import': () => ({
    body: {
      keys: [{ digest: crypto.randomUUID().replaceAll('-', '').repeat(2), name: 'X', scopes: [] }],
    },
  }),
  'POST /api/api-keys/explain': async ({ app, acme }) => ({
    body: { key_id: (await makeKey(app, acme.owner.jwt)).id },
  }),
  'POST /api/api-keys/lookup': async ({ app, acme }) => ({
    body: { token: (await makeKey(app, acme.owner.jwt)).key },
  }),
  'POST /api/api-keys/revoke': () => ({ body: { ids: [crypto.randomUUID()] } }),
  'POST /api/api-keys': (_, caller) => ({
    body: caller === 'manager' ? { name: 'X', scopes: [] } : { name: 'X' },
  }),
  'POST /api/setup': () => ({
    body: { setup_token: env.SETUP_TOKEN, account: 'X', name: 'X', email: email(), password },
  }),
  'POST /api/introspect': () => ({ body: 'token=nonsense' }),
  'DELETE /api/v1/me': async ({ app, acme }, caller) => {
    if (!['key', 'manager', 'verifier'].includes(caller)) return {}
    const made = await app.request('POST', '/api/api-keys', {
      as: acme.owner.jwt,
      body: { name: 'X' },
    })
    return { headers: { authorization: `Bearer ${made.body.data.key}` } }
  },
  'GET /forward-auth/nginx/{policy}': () => ({
    path: '/forward-auth/nginx/crm',
    headers: { 'x-original-method': held.method, 'x-original-uri': held.uri },
  }),
  'GET /forward-auth/forwarded/{policy}': () => ({
    path: '/forward-auth/forwarded/crm',
    headers: { 'x-forwarded-method': held.method, 'x-forwarded-uri': held.uri },
  }),
  'GET /forward-auth/envoy/{policy}/{path}': () => ({ path: `/forward-auth/envoy/crm${held.uri}` }),

  'POST /api/auth/sign-in/email': (world, caller) => ({
    body: { email: emailOf(world, caller), password },
  }),
  'POST /api/auth/sign-up/email': () => ({ body: { email: email(), password, name: 'X' } }),
  'POST /api/auth/step-up': () => ({ body: { password } }),
  'POST /api/auth/change-password': () => ({
    body: { currentPassword: password, newPassword: password },
  }),
  'POST /api/auth/update-user': () => ({ body: { name: 'X' } }),
  'POST /api/auth/organization/set-active': ({ acme }) => ({ body: { organizationId: acme.id } }),
  'GET /api/auth/organization/get-full-organization': ofAccount,
  'GET /api/auth/organization/list-members': ofAccount,
  'GET /api/auth/organization/list-invitations': ofAccount,
  'POST /api/auth/organization/has-permission': () => ({
    body: { permissions: { member: ['update'] } },
  }),
  'POST /api/auth/organization/leave': async ({ acme, globex }, caller) => {
    if (caller === 'outsider') return { body: { organizationId: acme.id } }
    // A separate person: the matrix keeps using its own.
    const role = caller === 'member' || caller === 'admin' ? caller : 'owner'
    const person = await addPerson(acme.id, role)
    const headers = { cookie: await cookieOf(person, globex.id) }
    const body = { organizationId: acme.id }
    return caller === 'member' || caller === 'admin' || caller === 'owner'
      ? { body, headers }
      : { body }
  },
  'POST /api/auth/organization/invite-member': ({ acme }) => ({
    body: { email: email(), role: 'member', organizationId: acme.id },
  }),
  'POST /api/auth/organization/cancel-invitation': async (world) => ({
    body: { invitationId: await invitation(world) },
  }),
  'POST /api/auth/organization/remove-member': async ({ acme }) => ({
    body: {
      memberIdOrEmail: (await addPerson(acme.id, 'member')).memberId,
      organizationId: acme.id,
    },
  }),
  'POST /api/auth/organization/update-member-role': async ({ acme }) => ({
    body: {
      memberId: (await addPerson(acme.id, 'member')).memberId,
      role: 'member',
      organizationId: acme.id,
    },
  }),
  'POST /api/auth/organization/update': ({ acme }) => ({
    body: { data: { name: 'Acme Inc' }, organizationId: acme.id },
  }),
  'POST /api/auth/organization/accept-invitation': invitedElsewhere,
  'POST /api/auth/organization/reject-invitation': invitedElsewhere,
}

function ofAccount({ acme }: World): Sent {
  return { path: `?organizationId=${acme.id}` }
}

/** The ids of resources that no POST of their collection creates. */
const ids: Record<string, (world: World, caller: Caller) => Promise<string>> = {
  // A session belongs to one person: a caller of another account requests one of this account.
  '/api/sessions/{id}': (world, caller) =>
    sessionIdOf(personOf(world, caller === 'outsider' ? 'owner' : caller)),
  '/api/invitations/{id}': (world) => invitation(world),
  '/api/webhook-endpoints/{id}': (world) => webhookEndpoint(world),
}

/** An account may have few of them: each one replaces the previous one. */
async function webhookEndpoint({ app, acme }: World): Promise<string> {
  await env.DB.prepare('DELETE FROM webhook_endpoint WHERE account_id = ?').bind(acme.id).run()
  const body = { url: 'https://example.com/' }
  const made = await app.request('POST', '/api/webhook-endpoints', { as: acme.owner.jwt, body })
  return made.body.data.id
}

async function webhookDelivery({ app, acme }: World, endpointId: string): Promise<string> {
  const path = `/api/webhook-endpoints/${endpointId}/test`
  return (await app.request('POST', path, { as: acme.owner.jwt })).body.data.id
}

/** A request that succeeds for every permitted caller. */
export async function requestOf(
  document: Document,
  world: World,
  { method, path }: Permission,
  caller: Caller,
): Promise<Required<Pick<Sent, 'path' | 'headers'>> & { body: unknown }> {
  const operation = operationsOf(document).find(
    (each) => each.path === path && each.method.toUpperCase() === method,
  )?.operation
  const special = await requests[`${method} ${path}`]?.(world, caller)
  const body = special?.body ?? (operation && bodyOf(document, operation))
  const place = special?.path?.startsWith('/') ? special.path : path + (special?.path ?? '')
  const filled = await fill(document, world, place, caller)
  const isForm =
    operation?.requestBody && mediaOf(operation)[0] === 'application/x-www-form-urlencoded'
  return {
    path: filled,
    body: isForm && typeof body === 'object' ? new URLSearchParams(body as never).toString() : body,
    headers: {
      ...(isForm && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...special?.headers,
    },
  }
}

async function fill(document: Document, world: World, path: string, caller: Caller) {
  const [collection = '', rest] = path.split('/{id}')
  const isDocumented = operationsOf(document).some((each) => each.path === path)
  if (rest === undefined || !isDocumented)
    return path.replace(/\{\w+\}/g, () => crypto.randomUUID())
  const made = ids[`${collection}/{id}`] ?? (() => make(document, world, collection))
  const id = await made(world, caller)
  const filled = path.replace('{id}', id)
  if (!filled.includes('{delivery_id}')) return filled
  return filled.replace('{delivery_id}', await webhookDelivery(world, id))
}

/** A resource of the account, created by its owner through the API itself. */
async function make(document: Document, { app, acme }: World, collection: string) {
  const found = operationsOf(document).find(
    ({ path, method }) => path === collection && method === 'post',
  )
  if (found === undefined) {
    throw new Error(
      `test/support/permission-requests.ts creates no id for ${collection}/{id}: add it.`,
    )
  }
  // A managing key may create and rotate only keys that list their scopes.
  const body =
    collection === '/api/api-keys' ? { name: 'X', scopes: [] } : bodyOf(document, found.operation)
  const made = await app.request('POST', collection, { as: acme.owner.jwt, body })
  expect(made.status, `POST ${collection}: ${made.text}`).toBe(201)
  return made.body.data.id as string
}

function bodyOf(document: Document, operation: Operation): unknown {
  if (operation.requestBody === undefined) return undefined
  const [, media] = mediaOf(operation)
  return sampleOf(document, media?.schema)
}

function mediaOf({ requestBody }: Operation): [string, { schema?: unknown } | undefined] {
  const content = (requestBody as { content?: Record<string, { schema?: unknown }> }).content ?? {}
  const [[type, media] = ['', undefined]] = Object.entries(content)
  return [type, media]
}
