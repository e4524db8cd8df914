// Accounts made by the API alone, and every id of each tried by every other: what belongs to another account looks as
// if it did not exist, whatever it is called, and nothing of it changes.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { createDocument, type Operation, operationsOf } from '../../src/http/openapi/document.ts'
import { makeKey, openAccount } from '../support/account.ts'
import { inAccount, makeSigningKey, markPlatform } from '../support/permission-matrix.ts'
import { sampleOf } from '../support/schema-samples.ts'
import { ask, type By, type Maker, openTenant, type Tenant } from '../support/tenants.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const accountCount = 5
const keysEach = 10

const address = '192.0.2.7'
let app: TestApp
let maker: Maker
let tenants: Tenant[]
let document: ReturnType<typeof createDocument>

beforeAll(async () => {
  app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })
  document = createDocument(app.isolate, env.BASE_URL)
  await makeSigningKey(app)
  const platform = await openAccount('Platform')
  await markPlatform(platform.id)
  const expires_at = new Date(app.clock.now() + 86_400_000).toISOString()
  const grant = { scopes: ['platform:manage'], may_grant: {}, allowed_ips: [address], expires_at }
  const { key } = await makeKey(app, platform.owner.jwt, grant)
  maker = { app, platformKey: key, address }
  tenants = []
  // All of one name, as are their keys and their people.
  for (let at = 0; at < accountCount; at++) {
    tenants.push(await openTenant(maker, 'The same name', keysEach))
  }
})

type Said = { status: number; body: unknown }

async function tell(by: By, call: [string, string], body?: unknown, more = {}): Promise<Said> {
  const answer = await ask(maker, by, call, body, more)
  const said = answer.body === null ? answer.text : { ...answer.body, request_id: null }
  return { status: answer.status, body: said }
}

const pairs = () => tenants.flatMap((ours) => tenants.map((theirs) => [ours, theirs] as const))
const others = () => pairs().filter(([ours, theirs]) => ours !== theirs)
const callersOf = ({ jwt, manager }: Tenant): By[] => [{ as: jwt }, { as: manager }]

const tables = ['api_key', 'webhook_endpoint', 'invitation', 'member', 'organization']
const stateOf = () =>
  Promise.all(
    [...tables, 'audit_event'].map(
      async (table) => (await env.DB.prepare(`SELECT * FROM ${table}`).all()).results,
    ),
  )

/** Every route with an id that is of one account, by a person or a managing key. */
function routesWithId() {
  // Passkeys and links are of one person, as sessions are.
  const elsewhere = [
    '/api/accounts/',
    '/api/invitations/',
    '/api/sessions/',
    '/api/auth/',
    '/api/v1/portal/',
  ]
  return operationsOf(document).filter(
    ({ path }) => path.includes('{id}') && !elsewhere.some((start) => path.startsWith(start)),
  )
}

function bodyOf({ requestBody }: Operation): unknown {
  if (requestBody === undefined) return undefined
  const content = (requestBody as { content?: Record<string, { schema?: unknown }> }).content ?? {}
  return sampleOf(document, content['application/json']?.schema)
}

describe('every id of an account, tried by every other', () => {
  it('looks unknown at every route with an id, and nothing changes', async () => {
    const before = await stateOf()
    const routes = routesWithId()
    expect(routes.length).toBeGreaterThan(12)
    for (const { path, method, operation } of routes) {
      const body = bodyOf(operation)
      const fill = (ids: { id: string; delivery: string }) =>
        path.replace('{id}', ids.id).replace('{delivery_id}', ids.delivery)
      const unknown = fill({ id: crypto.randomUUID(), delivery: crypto.randomUUID() })
      const call = (filled: string): [string, string] => [method.toUpperCase(), filled]
      for (const [ours, theirs] of others()) {
        const sample = theirs.keys[tenants.indexOf(ours) % keysEach]
        const isKey = path.startsWith('/api/api-keys/')
        const id = isKey ? (sample?.id ?? '') : theirs.endpoint
        const none = crypto.randomUUID()
        const tried = [[fill({ id, delivery: theirs.delivery }), unknown]]
        if (path.includes('{delivery_id}')) {
          const ofOurs = (delivery: string) => fill({ id: ours.endpoint, delivery })
          tried.push([ofOurs(theirs.delivery), ofOurs(none)])
        }
        for (const by of callersOf(ours)) {
          for (const [real = '', missing = ''] of tried) {
            const expected = await tell(by, call(missing), body)
            expect([path, expected.status]).toEqual([path, 404])
            expect(await tell(by, call(real), body)).toEqual(expected)
          }
        }
      }
    }
    expect(await stateOf()).toEqual(before)
  })

  it('is read, looked up, explained and revoked by nobody else', async () => {
    const before = await stateOf()
    const fake = (tenants[0]?.keys[0]?.key ?? '').replace(/.$/, (last) =>
      last === '0' ? '1' : '0',
    )
    const unknownId = crypto.randomUUID()
    for (const [ours, theirs] of others()) {
      const [byOwner, byManager] = callersOf(ours) as [By, By]
      const missing = await tell(byOwner, ['GET', `/api/api-keys/${unknownId}`])
      for (const { id } of theirs.keys) {
        expect(await tell(byOwner, ['GET', `/api/api-keys/${id}`])).toEqual(missing)
      }
      const ids = theirs.keys.map(({ id }) => id)
      for (const by of [byOwner, byManager]) {
        const revoked = await tell(by, ['POST', '/api/api-keys/revoke'], { ids })
        expect(revoked).toMatchObject({ status: 200, body: { data: { missing: ids } } })
        const { id, key } = theirs.keys[0] as Tenant['keys'][number]
        const pairsOfBodies: [string, object, object][] = [
          ['/api/api-keys/explain', { key_id: id }, { key_id: unknownId }],
          ['/api/api-keys/lookup', { token: key }, { token: fake }],
        ]
        for (const [path, real, unknown] of pairsOfBodies) {
          const said = await tell(by, ['POST', path], real)
          expect([path, said.status]).toEqual([path, 404])
          expect(said).toEqual(await tell(by, ['POST', path], unknown))
        }
      }
    }
    expect(await stateOf()).toEqual(before)
  })

  it('filters nothing out of the lists of others', async () => {
    for (const [ours, theirs] of others()) {
      const key = theirs.keys[0]?.id ?? ''
      const calls: [string, string][] = [
        ['/api/audit-events?key_id=', key],
        ['/api/audit-events?actor_id=', theirs.ownerId],
        ['/api/requests?key_id=', key],
        ['/api/api-keys?search=', key],
      ]
      for (const [path, id] of calls) {
        const by = { as: ours.jwt }
        const said = await tell(by, ['GET', path + id])
        expect([path, said]).toEqual([path, await tell(by, ['GET', path + crypto.randomUUID()])])
      }
    }
  })

  it('names neither members nor invitations', async () => {
    const before = await stateOf()
    const unknown = crypto.randomUUID()
    for (const [ours, theirs] of others()) {
      const calls: [string, object, object][] = [
        ['cancel-invitation', { invitationId: theirs.invitation }, { invitationId: unknown }],
        [
          'update-member-role',
          { memberId: theirs.memberId, role: 'admin' },
          { memberId: unknown, role: 'admin' },
        ],
        ['remove-member', { memberIdOrEmail: theirs.memberId }, { memberIdOrEmail: unknown }],
        [
          'remove-member',
          { memberIdOrEmail: theirs.ownerEmail },
          { memberIdOrEmail: `${unknown}@customer.test` },
        ],
        ['set-active', { organizationId: theirs.id }, { organizationId: unknown }],
      ]
      for (const [name, real, none] of calls) {
        const call: [string, string] = ['POST', `/api/auth/organization/${name}`]
        const said = await tell({ cookie: ours.cookie }, call, real)
        expect([name, said.status]).toEqual([name, 404])
        expect([name, said]).toEqual([name, await tell({ cookie: ours.cookie }, call, none)])
      }
    }
    expect(await stateOf()).toEqual(before)
  })
})

describe('the account of another', () => {
  it('is an unknown one where Latchkey-Account names it', async () => {
    const reads = operationsOf(document).filter(
      ({ path, method, operation }) =>
        method === 'get' &&
        !path.includes('{') &&
        ['session', 'jwt'].every((scheme) =>
          (operation.security ?? []).some((each) => scheme in each),
        ),
    )
    // Of the platform, which no key of a tenant reaches, whatever it names.
    const paths = reads.map(({ path }) => path).filter((path) => path !== '/api/accounts')
    expect(paths).toEqual(expect.arrayContaining(['/api/account', '/api/api-keys', '/api/usage']))
    const calls = [
      ...paths.map((path): [[string, string], object?] => [['GET', path]]),
      [['POST', '/api/api-keys'], { name: 'Theirs', scopes: [] }] as [[string, string], object],
    ]
    const before = await stateOf()
    for (const [ours, theirs] of others()) {
      for (const by of [...callersOf(ours), { cookie: ours.cookie }]) {
        for (const [call, body] of calls) {
          const said = await tell(by, call, body, inAccount(theirs.id))
          expect([call, said.status]).toEqual([call, 404])
          const none = inAccount(crypto.randomUUID())
          expect(said).toEqual(await tell(by, call, body, none))
        }
      }
    }
    expect(await stateOf()).toEqual(before)
  })

  it('is not betrayed by an address that is a member of it', async () => {
    const [ours, theirs] = tenants as [Tenant, Tenant]
    const invite = async (email: string) => {
      const call: [string, string] = ['POST', '/api/auth/organization/invite-member']
      const { status, body } = await ask(maker, { cookie: ours.cookie }, call, {
        email,
        role: 'member',
      })
      const { id: _, email: __, createdAt: ___, expiresAt: ____, ...rest } = body
      return { status, rest }
    }
    const known = await invite(theirs.ownerEmail)
    expect(known.status).toBe(200)
    expect(known).toEqual(await invite(`${crypto.randomUUID()}@customer.test`))
  })

  it('has each its own keys under the names of the others', async () => {
    for (const { jwt, keys, id } of tenants) {
      const list = await ask(maker, { as: jwt }, ['GET', '/api/api-keys?limit=100&search=Shop'])
      const found = list.body.data.map((key: { id: string }) => key.id)
      expect(found).toHaveLength(keysEach)
      expect(new Set(found)).toEqual(new Set(keys.map((key) => key.id)))
      const { body } = await app.request('GET', '/api/v1/me', { key: keys[0]?.key ?? '' })
      expect(body.data.account).toEqual({ id, name: 'The same name' })
    }
  })
})
