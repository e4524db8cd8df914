// Requests of the matrix that the document cannot determine: ids of resources that no POST creates, and
// valid bodies. A route that is not listed gets the smallest body that its schema accepts, and an
// id created by the POST of its collection.
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { Document, Operation } from '../../src/http/openapi/document.ts'
import { operationsOf } from '../../src/http/openapi/document.ts'
import type { Caller, Permission } from '../../src/http/openapi/permissions.ts'
import { makeKey } from './account.ts'
import { newAuthenticator } from './authenticator.ts'
import { beginApp, codeOf, enrolApp, enrolPasskey, optionsFor } from './factors.ts'
import {
  accountOf,
  awaitingCookieOf,
  cookieOf,
  credentialOf,
  fromOwnPage,
  givePassword,
  inAccount,
  isKey,
  keyOf,
  password,
  personOf,
  prepared,
  roleOf,
  type World,
} from './permission-matrix.ts'
import {
  confirmationToken,
  email,
  foreign,
  ids,
  invitation,
  resetToken,
  webhookDelivery,
} from './permission-resources.ts'
import { customerInput, manyKeys, portalCode } from './portal.ts'
import { sampleOf } from './schema-samples.ts'
import { writeSuspension } from './suspension.ts'
import { addPerson, createAccount, type TestPerson } from './test-app.ts'

export type Sent = {
  path?: string
  headers?: { [name: string]: string } | { cookie?: string }
  body?: unknown
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
  'POST /api/account/deletion': async ({ globex }, caller) => {
    const body = { name: 'Leaving' }
    if (['anonymous', 'awaiting'].includes(caller) || isKey(caller)) return { body }
    const accountId = await createAccount('Leaving')
    const person = await addPerson(accountId, roleOf(caller))
    if (caller === 'jwt') return { body, headers: { authorization: `Bearer ${person.jwt}` } }
    if (caller === 'suspended') await writeSuspension(accountId, Date.now())
    const cookie = await cookieOf(person, caller === 'guest' ? globex.id : accountId)
    return { body, headers: { cookie, ...(caller === 'guest' && inAccount(accountId)) } }
  },
  'PATCH /api/account': () => ({ body: { require_factor: false } }),
  'POST /api/api-keys/import': () => ({
    body: {
      keys: [{ digest: crypto.randomUUID().replaceAll('-', '').repeat(2), name: 'X', scopes: [] }],
    },
  }),
  'POST /api/api-keys/explain': async (world, caller) => ({
    body: { key_id: (await newKey(world, caller)).id },
  }),
  'POST /api/api-keys/lookup': async (world, caller) => ({
    body: { token: (await newKey(world, caller)).key },
  }),
  'GET /api/api-keys/usage': () => ({
    path: `/api/api-keys/usage?ids=${crypto.randomUUID()}`,
  }),
  'POST /api/api-keys/revoke': () => ({ body: { ids: [crypto.randomUUID()] } }),
  'POST /api/api-keys': (_, caller) => ({
    body:
      caller === 'manager' || caller === 'platformKey' ? { name: 'X', scopes: [] } : { name: 'X' },
  }),
  'POST /api/accounts/{id}/owner-invitation': () => ({ body: { owner_email: email() } }),
  'POST /api/setup': () => ({
    body: { setup_token: env.SETUP_TOKEN, account: 'X', name: 'X', email: email(), password },
  }),
  'POST /api/v1/keys/verify': ({ acme }, caller) => ({ body: verificationOf(acme.id, caller) }),
  'POST /api/v1/keys/verify-batch': ({ acme }, caller) => ({
    body: { keys: [verificationOf(acme.id, caller)] },
  }),
  'POST /api/introspect': () => ({ body: 'token=nonsense' }),
  'POST /api/v1/portal-sessions': () => ({ body: customerInput }),
  'POST /api/v1/portal/session': async ({ app, keys }) => ({
    body: { code: await portalCode(app, keys.portalKey, manyKeys) },
  }),
  'POST /api/v1/portal/keys': () => ({ body: { name: 'X', scopes: [] } }),
  'DELETE /api/v1/me': async (world, caller) => {
    if (!isKey(caller)) return {}
    return { headers: { authorization: `Bearer ${await keyOf(world, caller)}` } }
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
  'POST /api/auth/request-password-reset': () => ({ body: { email: email() } }),
  'POST /api/auth/confirm-address': async (world) => ({
    body: { token: await confirmationToken(world.globex), remove_credentials: true },
  }),
  'POST /api/auth/reset-password': async ({ globex }) => {
    const { id } = await addPerson(globex.id, 'member')
    return { body: { token: await resetToken(id), password } }
  },
  'POST /api/members/{user_id}/reset-link': async (world, caller) => {
    const { id } = await addPerson(accountOf(world, caller).id, 'member')
    return { path: `/api/members/${id}/reset-link` }
  },
  'POST /api/auth/factor': async (world, caller) => {
    const { person, headers } = await separate(world, caller)
    const code = codeOf(await enrolApp(person))
    if (caller !== 'awaiting') return { body: { code }, headers }
    return { body: { code }, headers: { cookie: await awaitingCookieOf(person, world.acme.id) } }
  },
  'POST /api/auth/factors/totp/confirm': async (world, caller) => {
    const { person, headers } = await separate(world, caller)
    return { headers, body: { code: codeOf(await beginApp(person)) } }
  },
  'POST /api/auth/factor/options': async (world, caller) => {
    if (caller !== 'awaiting') return {}
    const { person } = await withPasskey(world, caller)
    return { headers: { cookie: await awaitingCookieOf(person, world.acme.id) } }
  },
  'POST /api/auth/step-up/options': withPasskey,
  'POST /api/auth/sign-in/passkey': async (world, caller) => {
    const { authenticator } = await withPasskey(world, caller)
    const options = await optionsFor(world.app, null, '/sign-in/passkey')
    return { body: { passkey: await authenticator.get(options) } }
  },
  'POST /api/auth/factors/passkeys': async (world, caller) => {
    const { person, headers } = await separate(world, caller)
    const cookie = headers.cookie ?? (await cookieOf(person, world.acme.id))
    const options = await optionsFor(world.app, cookie, '/factors/passkeys')
    return { headers, body: { passkey: await (await newAuthenticator()).create(options) } }
  },
  'PATCH /api/auth/factors/passkeys/{id}': async (world, caller) => ({
    ...(await ofPasskey(world, caller)),
    body: { name: 'X' },
  }),
  'DELETE /api/auth/factors/passkeys/{id}': ofPasskey,
  'DELETE /api/auth/factors/totp': withApp,
  'POST /api/auth/factors/recovery-codes': withApp,
  'POST /api/auth/sign-in/provider': () => ({ body: { provider: 'github' } }),
  'GET /api/auth/callback/{provider}': () => ({ path: '/api/auth/callback/github' }),
  'POST /api/auth/links': () => ({ body: { provider: 'github' } }),
  'POST /api/auth/change-password': () => ({
    body: { currentPassword: password, newPassword: password },
  }),
  'POST /api/auth/update-user': () => ({ body: { name: 'X' } }),
  'POST /api/auth/organization/set-active': (world, caller) => ({
    body: { organizationId: accountOf(world, caller).id },
  }),
  'GET /api/auth/organization/get-full-organization': ofAccount,
  'GET /api/auth/organization/list-members': ofAccount,
  'GET /api/auth/organization/list-invitations': ofAccount,
  'POST /api/auth/organization/has-permission': () => ({
    body: { permissions: { member: ['update'] } },
  }),
  'POST /api/auth/organization/leave': async (world, caller) => {
    const { id } = accountOf(world, caller)
    const body = { organizationId: id }
    const isMember = ['member', 'admin', 'owner', 'guest', 'suspended'].includes(caller)
    if (!isMember) return { body }
    // A separate person: the matrix keeps using its own.
    const person = await addPerson(id, roleOf(caller))
    const cookie = await cookieOf(person, world.globex.id)
    return { body, headers: { cookie, ...fromOwnPage } }
  },
  'POST /api/auth/organization/invite-member': (world, caller) => ({
    body: { email: email(), role: 'member', organizationId: accountOf(world, caller).id },
  }),
  'POST /api/auth/organization/cancel-invitation': async (world, caller) => ({
    body: { invitationId: await invitation(world, email(), accountOf(world, caller).id) },
  }),
  'POST /api/auth/organization/remove-member': async (world, caller) => {
    const { id } = accountOf(world, caller)
    const { memberId } = await addPerson(id, 'member')
    return { body: { memberIdOrEmail: memberId, organizationId: id } }
  },
  'POST /api/auth/organization/update-member-role': async (world, caller) => {
    const { id } = accountOf(world, caller)
    const { memberId } = await addPerson(id, 'member')
    return { body: { memberId, role: 'member', organizationId: id } }
  },
  'POST /api/auth/organization/update': (world, caller) => {
    const { id, name } = accountOf(world, caller)
    return { body: { data: { name }, organizationId: id } }
  },
  'POST /api/auth/organization/accept-invitation': invitedElsewhere,
  'POST /api/auth/organization/reject-invitation': invitedElsewhere,
}

/** A person of their own for a caller with a session: the matrix keeps using its people without factors. */
async function separate(
  world: World,
  caller: Caller,
): Promise<{ person: TestPerson; headers: { cookie?: string } }> {
  const accountId = await createAccount('Separate')
  const person = await addPerson(accountId, roleOf(caller))
  await givePassword(person, world.passwordHash)
  const { cookie: own } = await credentialOf(world, caller)
  if (own === undefined || caller === 'awaiting') return { person, headers: {} }
  return { person, headers: { cookie: await cookieOf(person, accountId) } }
}

async function withPasskey(world: World, caller: Caller) {
  const { person, headers } = await separate(world, caller)
  const authenticator = await newAuthenticator()
  const cookie = headers.cookie ?? (await cookieOf(person, world.acme.id))
  const { body } = await enrolPasskey(world.app, cookie, authenticator)
  return { person, headers, authenticator, id: body.data.passkey.id as string }
}

/** Their own; callers of another account name one of somebody else. */
async function ofPasskey(world: World, caller: Caller): Promise<Sent> {
  const { headers, id } = await withPasskey(world, caller)
  const isForeign = foreign.includes(caller)
  const named = isForeign ? (await withPasskey(world, 'owner')).id : id
  return { headers, path: `/api/auth/factors/passkeys/${named}` }
}

async function withApp(world: World, caller: Caller): Promise<Sent> {
  const { person, headers } = await separate(world, caller)
  await enrolApp(person)
  return { headers }
}

/** A key of the platform says of which account the token is. */
function verificationOf(account_id: string, caller: Caller) {
  return { token: 'nonsense', ...(caller === 'platformVerifier' && { account_id }) }
}

function ofAccount(world: World, caller: Caller): Sent {
  return { path: `?organizationId=${accountOf(world, caller).id}` }
}

function newKey(world: World, caller: Caller) {
  const { owner } = accountOf(world, caller)
  return prepared(world, caller, () => makeKey(world.app, owner.jwt))
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
  const made = ids[`${collection}/{id}`] ?? (() => make(document, world, caller, collection))
  const id = await made(world, caller)
  const filled = path.replace('{id}', id)
  if (!filled.includes('{delivery_id}')) return filled
  return filled.replace('{delivery_id}', await webhookDelivery(world, caller, id))
}

/** A resource of the account of the data, created by its owner through the API itself. */
async function make(document: Document, world: World, caller: Caller, collection: string) {
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
  const as = accountOf(world, caller).owner.jwt
  const made = await prepared(world, caller, () =>
    world.app.request('POST', collection, { as, body }),
  )
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
