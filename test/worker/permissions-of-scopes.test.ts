// What scopes of one resource, wildcards and any-of admit, by requests to the gateway, a proxy and verify.
import { type Context, Hono } from 'hono'
import { beforeAll, describe, expect, it } from 'vitest'
import { type ApiKeyVariables, apiKey } from '../../packages/latchkey/src/hono.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { permissions } from '../support/permissions.ts'
import { bindingTo, createEchoApp } from '../support/surfaces.ts'
import type { TestApp } from '../support/test-app.ts'

let app: TestApp
let account: Account
let owner: string
let service: string

beforeAll(async () => {
  app = await createEchoApp(permissions)
  account = await openAccount()
  owner = account.owner.jwt
  service = await keyWith('keys:verify')
})

const keyWith = async (...scopes: string[]) => (await makeKey(app, owner, { scopes })).key
const at = (key: string, path: string, method = 'GET', to = app) =>
  outcome(to.request(method, path, { key, ...(method === 'POST' && { body: {} }) }))

/** As the gateway answers, and nginx, which must not differ. */
async function through(key: string, path: string, method = 'GET') {
  const headers = { 'x-original-method': method, 'x-original-uri': path }
  const byProxy = await outcome(app.request('GET', '/forward-auth/nginx/crm', { key, headers }))
  const byGateway = await at(key, path, method)
  expect(byProxy, `${method} ${path}`).toBe(byGateway)
  return byGateway
}

const [good, lacking, forbidden] = ['200', '403 insufficient_scope', '403 forbidden']

describe('a key with contacts:read#7', () => {
  let key: string
  beforeAll(async () => {
    key = await keyWith('contacts:read#7')
  })

  it.each([
    ['GET', '/api/contacts/7', good],
    ['GET', '/api/contacts/7?fields=name', good],
    ['GET', '/api/contacts/8', lacking],
    ['GET', '/api/contacts/77', lacking],
    ['GET', '/api/contacts/07', lacking],
    ['GET', '/api/contacts/%37', forbidden],
    ['GET', '/api/contacts/7%20', forbidden],
    ['GET', '/api/contacts/7@8', lacking],
    ['GET', '/api/contacts', lacking],
    ['PATCH', '/api/contacts/7', lacking],
    ['GET', '/api/reports/7', lacking],
    ['GET', '/api/unlisted/7', forbidden],
  ])('%s %s is %s', async (method, path, expected) => {
    expect(await through(key, path, method)).toBe(expected)
  })

  it('reads it by HEAD, and the refusal for another names that one', async () => {
    const head = await app.request('HEAD', '/api/contacts/7', { key })
    const other = await app.request('GET', '/api/contacts/8', { key })
    expect([head.status, other.status]).toEqual([200, 403])
    const challenge = other.headers.get('www-authenticate')
    expect(challenge).toContain('error="insufficient_scope", scope="contacts:read#8"')
  })

  it.each(['A', 'a', '0.1', '~', '_-'])('compares the id %s byte for byte', async (id) => {
    const own = await keyWith(`contacts:read#${id}`)
    for (const other of ['A', 'a', '0.1', '~', '_-']) {
      expect(await through(own, `/api/contacts/${other}`), other).toBe(
        other === id ? good : lacking,
      )
    }
  })

  it('takes an id of 128 letters', async () => {
    const id = 'x'.repeat(128)
    const own = await keyWith(`contacts:read#${id}`)
    expect(await through(own, `/api/contacts/${id}`)).toBe(good)
    expect(await through(own, `/api/contacts/${id}x`)).toBe(lacking)
  })
})

it('a percent-encoded id is refused to every key, whatever it holds', async () => {
  const inherits = (await makeKey(app, owner)).key
  for (const key of [await keyWith('contacts:read'), await keyWith('contacts:*'), inherits]) {
    expect(await through(key, '/api/contacts/7')).toBe(good)
    expect(await through(key, '/api/contacts/%37')).toBe(forbidden)
    // No resource is named by it, so the whole scope is needed.
    expect(await through(key, '/api/contacts/7@8')).toBe(good)
    expect(await through(key, '/api/c%6fntacts/7')).toBe(good)
  }
})

describe('a key with contacts:*', () => {
  it('has what begins so, and no scope that is closed to wildcards, reserved or another', async () => {
    const key = await keyWith('contacts:*')
    expect(await through(key, '/api/contacts')).toBe(good)
    expect(await through(key, '/api/contacts/9')).toBe(good)
    expect(await through(key, '/api/contacts/9', 'PATCH')).toBe(good)
    expect(await through(key, '/api/exports', 'POST')).toBe(lacking)
    expect(await through(key, '/api/inbox')).toBe(lacking)
    expect(await at(key, '/api/api-keys')).toBe(lacking)
    expect(await at(key, '/api/v1/keys/verify', 'POST')).toBe(lacking)
    expect(await through(key, '/api/unlisted')).toBe(forbidden)
  })

  it('has a scope to come as soon as the configuration lists it', async () => {
    const key = await keyWith('contacts:*')
    const scopes = { ...permissions.scopes, 'contacts:merge': 'Merge contacts' }
    const routes = [{ method: 'POST', path: '/api/merges', scope: 'contacts:merge' }]
    const policies = { crm: { environments: ['live'], routes } }
    const next = await createEchoApp({ ...permissions, scopes, policies })
    expect(await at(key, '/api/merges', 'POST', next)).toBe(good)
    expect(await at(await keyWith('contacts:write'), '/api/merges', 'POST', next)).toBe(lacking)
  })
})

describe('a route of which any scope suffices', () => {
  it('admits each of them, and names them all where none is held', async () => {
    for (const scope of ['messages:read', 'messages:send', 'messages:*']) {
      expect(await through(await keyWith(scope), '/api/inbox'), scope).toBe(good)
    }
    const answer = await app.request('GET', '/api/inbox', { key: await keyWith('contacts:*') })
    expect(answer.headers.get('www-authenticate')).toContain('scope="messages:read messages:send"')
  })

  it('gives the resource to those that take one', async () => {
    for (const [scope, expected] of [
      ['reports:read', good],
      ['reports:read#7', good],
      ['reports:read#8', lacking],
      ['messages:send', good],
    ] as const) {
      expect(await through(await keyWith(scope), '/api/reports/7'), scope).toBe(expected)
    }
  })
})

describe('any_of in verify', () => {
  const verified = async (token: string, needs: object) => {
    const body = { token, ...needs }
    const overHttp = await app.request('POST', '/api/v1/keys/verify', { key: service, body })
    expect(overHttp.body.data, overHttp.text).toEqual(await bindingTo(app).verify(body))
    return overHttp.body.data
  }

  it('is met by any one, beside all of scopes', async () => {
    const key = await keyWith('contacts:read#7', 'messages:*')
    const any_of = ['contacts:read', 'contacts:read#7']
    expect(await verified(key, { any_of })).toMatchObject({
      ...{
        valid: true,
        scopes: ['messages:read', 'messages:send'],
        resources: ['contacts:read#7'],
      },
    })
    expect(await verified(key, { scopes: ['messages:send'], any_of })).toMatchObject({
      valid: true,
    })
    const refused = { valid: false, code: 'insufficient_scope' }
    const others = ['contacts:read#8', 'reports:read']
    expect(await verified(key, { scopes: ['messages:send'], any_of: others })).toMatchObject({
      ...{ ...refused, missing_scopes: [], missing_any_of: others },
    })
    expect(await verified(key, { scopes: ['contacts:write'], any_of })).toMatchObject({
      ...{ ...refused, missing_scopes: ['contacts:write'], missing_any_of: [] },
    })
  })

  it.each([
    ['scopes', ['contacts:*']],
    ['scopes', ['no:such']],
    ['scopes', ['contacts:write#7']],
    ['scopes', ['contacts:read#']],
    ['any_of', ['contacts:read', 'contacts:read#..']],
    ['any_of', ['*']],
    ['any_of', []],
  ])('or %s that nothing can meet, %j, is a mistake', async (field, needs) => {
    const token = await keyWith('contacts:*')
    const body = { token, [field]: needs }
    const answer = await app.request('POST', '/api/v1/keys/verify', { key: service, body })
    expect(`${answer.status} ${answer.body.code}`, answer.text).toBe('400 invalid_request')
    expect(answer.body.errors[0].path).toMatch(new RegExp(`^${field}\\b`))
    await expect(bindingTo(app).verify(body)).rejects.toThrow(TypeError)
  })
})

describe('latchkey/hono', () => {
  it('needs what a function of the request names, such as the scope of its resource', async () => {
    const reader = new Hono<{ Variables: ApiKeyVariables }>()
    const ofContact = (c: Context) => [`contacts:read#${c.req.param('id')}`]
    const binding = bindingTo(app)
    reader.get('/contacts/:id', apiKey({ binding, scopes: ofContact }), (c) => c.text('read'))
    const either = (c: Context) => ['reports:read', ...ofContact(c)]
    reader.get('/either/:id', apiKey({ binding, anyOf: either }), (c) => c.text('read'))
    const get = async (key: string, path: string) => {
      const response = await reader.request(path, { headers: { 'x-api-key': key } })
      return response.ok ? '200' : `${response.headers.get('www-authenticate')}`
    }
    const key = await keyWith('contacts:read#7')
    expect([await get(key, '/contacts/7'), await get(key, '/either/7')]).toEqual(['200', '200'])
    expect(await get(key, '/contacts/8')).toContain('scope="contacts:read#8"')
    expect(await get(key, '/either/8')).toContain('scope="reports:read contacts:read#8"')
    expect(await get(await keyWith('reports:read'), '/either/8')).toBe('200')
  })
})

describe('what a key holds is listed', () => {
  it('whole names as scopes, the rest as resources, to the key and its verifiers; as granted to managers', async () => {
    const scopes = ['reports:read#8', 'contacts:*', 'contacts:read#7', 'reports:read#9']
    const { key, id } = await makeKey(app, owner, { scopes })
    const listed = {
      scopes: ['contacts:read', 'contacts:write'],
      resources: ['reports:read#8', 'reports:read#9'],
    }
    expect((await app.request('GET', '/api/v1/me', { key })).body.data.key).toMatchObject(listed)
    expect(await bindingTo(app).verify({ token: key })).toMatchObject(listed)
    const { body } = await app.request('GET', `/api/api-keys/${id}`, { as: owner })
    expect(body.data.scopes).toEqual(scopes)
  })

  it('and not what the configuration no longer lists', async () => {
    const token = await keyWith('contacts:*', 'reports:read#8', 'messages:send')
    const scopes = { 'contacts:read': 'Read', 'reports:read': 'Without resources' }
    const reserved = { 'keys:manage': 'Manage', 'keys:verify': 'Verify' }
    const roles = { ...permissions.roles, member: { scopes: [] } }
    const policies = { crm: { environments: ['live'], routes: [] } }
    const next = await createEchoApp({ scopes: { ...scopes, ...reserved }, roles, policies })
    const answer = await bindingTo(next).verify({ token })
    expect(answer).toMatchObject({ scopes: ['contacts:read'], resources: [] })
  })
})
