// Environments: of a key by its format; which requests admit which, on every surface that asks.
import { beforeAll, describe, expect, it } from 'vitest'
import { environmentOf } from '../../src/core/environment.ts'
import type { ForeignFormat } from '../../src/core/foreign.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { foreign as others, unkeyToken } from '../support/foreign.ts'
import config from '../support/latchkey.config.ts'
import { bindingTo, createEchoApp, openSurfaces, type Surfaces } from '../support/surfaces.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'
import { deliver } from '../support/usage.ts'

const { routes } = config.policies.crm ?? { routes: [] }
const policies = {
  ...config.policies,
  sandbox: { environments: ['test'], routes },
  both: { environments: ['live', 'test'], routes },
}
const foreign: Record<string, ForeignFormat> = {
  unkey: { ...others.unkey, environment: 'test' } as ForeignFormat,
}

let app: TestApp
let account: Account
let owner: string
let surfaces: Surfaces
let live: string
let test: string

beforeAll(async () => {
  app = await createEchoApp({ policies, foreign })
  account = await openAccount()
  owner = account.owner.jwt
  const issue = async (body: Record<string, unknown>) => (await makeKey(app, owner, body)).key
  surfaces = openSurfaces(app, await issue({ scopes: ['keys:verify'] }))
  live = await issue({ scopes: ['contacts:read'] })
  test = await issue({ scopes: ['contacts:read'], format: 'wacrm_test' })
})

const held = { 'x-original-method': 'GET', 'x-original-uri': '/api/contacts' }

describe.each(['verify', 'verify-batch', 'RPC'] as const)('%s', (surface) => {
  it.each([
    [undefined, 'valid', 'wrong_environment'],
    ['live', 'valid', 'wrong_environment'],
    ['test', 'wrong_environment', 'valid'],
    ['any', 'valid', 'valid'],
  ])('that asks for %s answers %s to a live key and %s to a test key', async (asked, ...codes) => {
    const ask = asked === undefined ? {} : { environment: asked }
    const answer = surfaces.answering[surface]
    expect([(await answer(live, ask)).code, (await answer(test, ask)).code]).toEqual(codes)
  })
})

describe('an unknown environment', () => {
  it.each(['production', '', 'Live', 'constructor'])(
    '%j is a mistake that is named',
    async (name) => {
      const service = (await makeKey(app, owner, { scopes: ['keys:verify'] })).key
      const ask = { token: live, environment: name }
      const post = (path: string, body: unknown, headers = {}) =>
        app.request('POST', `/api/v1/${path}`, { key: service, body, headers })
      const form = { 'content-type': 'application/x-www-form-urlencoded' }
      for (const [path, answer] of [
        ['environment', await post('keys/verify', ask)],
        ['keys.0.environment', await post('keys/verify-batch', { keys: [ask] })],
        ['form.environment', await post('introspect', `token=x&environment=${name}`, form)],
      ] as const) {
        expect(`${answer.status} ${answer.body.code}`, answer.text).toBe('400 invalid_request')
        expect(answer.body.errors).toEqual([{ path, message: 'No such environment' }])
      }
      const byRpc = bindingTo(app).verify(ask)
      await expect(byRpc).rejects.toThrow(TypeError)
      await expect(byRpc).rejects.toThrow('environment as one of live, test, any')
    },
  )
})

describe.each([
  'introspection',
  'latchkey/hono over a binding',
  'latchkey/hono over HTTP',
] as const)('%s', (surface) => {
  it('asks for live keys unless it is told otherwise', async () => {
    const isAdmitted = async (token: string, environment?: string) => {
      const ask = environment === undefined ? {} : { environment }
      const { code, text } = await surfaces.admitting[surface](token, ask)
      return code === 'valid' && text !== '{"active":false}'
    }
    expect([await isAdmitted(live), await isAdmitted(test)]).toEqual([true, false])
    expect([await isAdmitted(live, 'test'), await isAdmitted(test, 'test')]).toEqual([false, true])
    expect([await isAdmitted(live, 'any'), await isAdmitted(test, 'any')]).toEqual([true, true])
  })
})

describe('a policy', () => {
  it.each([
    ['crm', '200', '403 wrong_environment'],
    ['sandbox', '403 wrong_environment', '200'],
    ['both', '200', '200'],
  ])('%s answers %s to a live key and %s to a test key', async (policy, ofLive, ofTest) => {
    const throughProxy = (key: string, dialect: string, headers = {}, rest = '') =>
      outcome(app.request('GET', `/forward-auth/${dialect}/${policy}${rest}`, { key, headers }))
    const forwarded = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/api/contacts' }
    for (const [key, expected] of [
      [live, ofLive],
      [test, ofTest],
    ] as const) {
      expect(await throughProxy(key, 'nginx', held)).toBe(expected)
      expect(await throughProxy(key, 'forwarded', forwarded)).toBe(expected)
      expect(await throughProxy(key, 'envoy', {}, '/api/contacts')).toBe(expected)
    }
  })

  it('of the gateway refuses a test key by name, and a change of its environments lets it in', async () => {
    const refused = await app.request('GET', '/api/contacts', { key: test })
    expect(`${refused.status} ${refused.body.code}`).toBe('403 wrong_environment')
    expect(refused.body.detail).toContain('live')
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer realm="latchkey", error="invalid_token"',
    )
    const gateway = { ...config.gateway, policy: 'sandbox' }
    const sandbox = await createEchoApp({ policies, gateway })
    expect(await outcome(sandbox.request('GET', '/api/contacts', { key: live }))).toBe(
      '403 wrong_environment',
    )
    const { status, body } = await sandbox.request('GET', '/api/contacts', { key: test })
    expect([status, body['x-latchkey-environment']]).toEqual([200, 'test'])
  })

  it('admits people, who have no environment', async () => {
    const headers = { ...held, authorization: `Bearer ${account.member.jwt}` }
    const answer = await app.request('GET', '/forward-auth/nginx/sandbox', { headers })
    expect([answer.status, answer.headers.get('x-latchkey-environment')]).toEqual([200, 'none'])
  })
})

describe('Latchkey’s own endpoints', () => {
  it('answer keys of any environment', async () => {
    const body = { scopes: ['keys:manage', 'keys:verify'], may_grant: {}, format: 'wacrm_test' }
    const { key, id } = await makeKey(app, owner, body)
    const me = await app.request('GET', '/api/v1/me', { key })
    expect([me.status, me.body.data.key.environment]).toEqual([200, 'test'])
    const shown = await app.request('GET', `/api/api-keys/${id}`, { key })
    expect(shown.body.data).toMatchObject({ format: 'wacrm_test', environment: 'test' })
    const { verify } = openSurfaces(app, key).answering
    expect((await verify(live, {})).code).toBe('valid')
    expect(await outcome(app.request('DELETE', '/api/v1/me', { key }))).toBe('200')
  })

  it('keep the environment of a key that is rotated', async () => {
    const { id } = await makeKey(app, owner, { scopes: [], format: 'wacrm_test' })
    const { body } = await app.request('POST', `/api/api-keys/${id}/rotate`, {
      as: owner,
      body: {},
    })
    expect(body.data.key).toMatch(/^wacrm_test_/)
    const { told } = await surfaces.answering.verify(body.data.key, { environment: 'test' })
    expect(told).toMatchObject({ key: { environment: 'test', format: 'wacrm_test' } })
  })

  it('count what a test key does as of test', async () => {
    const sent: unknown[] = []
    const USAGE = { send: async (message: unknown) => void sent.push(message) }
    const at = await createTestApp({ bindings: { USAGE } as unknown as Partial<Env> })
    const fresh = await openAccount('Counted')
    for (const format of ['whm', 'wacrm_test', 'wacrm_test']) {
      const { key } = await makeKey(at, fresh.owner.jwt, { scopes: [], format })
      await at.request('GET', '/api/v1/me', { key })
    }
    await deliver(sent)
    const { body } = await at.request('GET', '/api/usage?group_by=environment', {
      as: fresh.owner.jwt,
    })
    expect(body.data.groups).toMatchObject([
      { value: 'test', total: 2 },
      { value: 'live', total: 1 },
    ])
  })
})

describe('a format', () => {
  it('of another system may name an environment', async () => {
    const { token, digest, format } = await unkeyToken()
    const keys = [{ digest, format, name: 'Moved', scopes: ['contacts:read'] }]
    const { text } = await app.request('POST', '/api/api-keys/import', {
      as: owner,
      body: { keys },
    })
    expect(text).toContain('"created"')
    const { verify } = surfaces.answering
    expect((await verify(token, {})).code).toBe('wrong_environment')
    const told = { key: { environment: 'test', format: 'unkey' } }
    expect(await verify(token, { environment: 'test' })).toMatchObject({ code: 'valid', told })
  })

  it('that is gone is live', async () => {
    const staging = { prefix: 'st_', alphabet: 'hex', length: 32, tagLength: 8 } as const
    const ofTest = { ...staging, environment: 'test' }
    const withFormats = (formats: object) =>
      createTestApp({ isolate: createIsolate({ ...config, formats } as never, app.clock) })
    const before = await withFormats({ ...config.formats, old: ofTest })
    const { key } = await makeKey(before, owner, { scopes: [], format: 'old' })
    const service = (await makeKey(app, owner, { scopes: ['keys:verify'] })).key
    const toldAt = async (at: TestApp) =>
      (await openSurfaces(at, service).answering.verify(key, { environment: 'any' })).told
    expect(await toldAt(before)).toMatchObject({ key: { environment: 'test', format: 'old' } })
    // The token is still recognised, by the format of another name.
    const after = await withFormats({ ...config.formats, renamed: ofTest })
    expect(await toldAt(after)).toMatchObject({ key: { environment: 'live', format: 'old' } })
    expect(environmentOf('constructor', { formats: {}, foreign: {} })).toBe('live')
  })
})

it('the environment is judged after the expiry and before the address and the scopes', async () => {
  const expires_at = new Date(app.clock.now() + 60_000).toISOString()
  const allowed_ips = ['192.0.2.1']
  const body = { scopes: [], format: 'wacrm_test', allowed_ips, expires_at }
  const { key } = await makeKey(app, owner, body)
  const code = async (more: object) => {
    const ask = { token: key, scopes: ['contacts:read'], ...more }
    return (await bindingTo(app).verify(ask)).code
  }
  const [ip, environment] = ['192.0.2.1', 'test']
  expect(await code({})).toBe('wrong_environment')
  expect(await code({ ip })).toBe('wrong_environment')
  expect(await code({ environment })).toBe('ip_not_allowed')
  expect(await code({ environment, ip })).toBe('insufficient_scope')
  expect(await code({ environment, ip, scopes: [] })).toBe('valid')
  app.clock.skip(60_000)
  expect(await code({})).toBe('expired_api_key')
})
