// POST /api/api-keys/explain: every check of a request, in order, in words; without an effect and without a trace.
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Format } from '../../src/core/format.ts'
import { mintToken } from '../../src/core/token.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { createForeignTestApp, unkeyToken } from '../support/foreign.ts'
import { down } from '../support/outage.ts'
import type { TestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const watch = watchBindings()
const bindings = { ...watch.bindings, LOG_SAMPLE: '1' } as unknown as Partial<Env>
let app: TestApp
let account: Account
let owner: string
beforeAll(async () => {
  app = await createForeignTestApp({ bindings })
  account = await openAccount()
  owner = account.owner.jwt
})
afterEach(() => vi.restoreAllMocks())

const path = '/api/api-keys/explain'
const ask = (body: unknown, as = owner, on = app) => on.request('POST', path, { as, body })

type Check = {
  check: string
  passed: boolean | null
  code: string | null
  detail: string
  remedy: string | null
}
type Explained = { code: string; checks: Check[] } & Record<string, unknown>

async function explain(body: object, as = owner, on = app): Promise<Explained> {
  const answer = await ask(body, as, on)
  expect(answer.status, answer.text).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  return answer.body.data
}
const ofCheck = ({ checks }: Explained, name: string) =>
  checks.find(({ check }) => check === name) as Check
const failedIn = ({ checks }: Explained) =>
  checks.filter(({ passed }) => passed === false).map(({ check, code }) => [check, code])
const altered = (key: string) => `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
const inSeconds = (seconds: number) => new Date(app.clock.now() + seconds * 1_000).toISOString()

describe('an explanation', () => {
  it('says whose key it is, what it holds, what is needed and what is left', async () => {
    const { id, key } = await makeKey(app, owner, {
      ...{ name: 'CI', scopes: ['contacts:*', 'messages:read'], external_id: 'c-1' },
      ...{ metadata: { plan: 'gold' }, credits: { remaining: 7 } },
      rate_limit: { limit: 5, window_seconds: 60 },
    })
    const request = { method: 'GET', path: '/api/contacts/42', ip: '192.0.2.1' }
    const found = await explain({ token: ` ${key}\n`, ...request })
    expect(found).toMatchObject({
      code: 'valid',
      key: {
        ...{ id, name: 'CI', external_id: 'c-1', metadata: { plan: 'gold' } },
        ...{ environment: 'live', format: 'whm', expires_at: null },
      },
      account: { id: account.id, name: account.name },
      scopes: ['contacts:read', 'contacts:write', 'messages:read'],
      resources: [],
      needed: { scopes: [], any_of: ['contacts:read#42'], environments: ['live'] },
      route: '/api/contacts/{id}',
      credits: { remaining: 7 },
      rate_limit: [expect.objectContaining({ name: 'default', limit: 5, remaining: 5 })],
      ...{ retry_after_seconds: null, lease_seconds: 1 },
    })
    const narrower = { ...request, scopes: ['messages:send'], environment: 'test' }
    expect(await explain({ token: key, ...narrower })).toMatchObject({
      code: 'wrong_environment',
      needed: {
        ...{ scopes: ['messages:send'], any_of: ['contacts:read#42'] },
        environments: ['test'],
      },
      checks: expect.arrayContaining([
        expect.objectContaining({ check: 'scope', passed: false, code: 'insufficient_scope' }),
      ]),
    })
    expect(found.checks.map(({ check, passed }) => [check, passed])).toEqual([
      ...[
        ['path', true],
        ['shape', true],
        ['tag', true],
        ['known', true],
        ['revoked', true],
      ],
      ...[
        ['disabled', true],
        ['expired', true],
        ['suspended', true],
        ['environment', true],
      ],
      ...[
        ['address', true],
        ['scope', true],
        ['policy', true],
        ['limits', true],
      ],
    ])
    for (const { code, remedy, detail } of found.checks) {
      expect([code, remedy]).toEqual([null, null])
      expect(detail).not.toBe('')
    }
    const byId = await explain({ key_id: id.toUpperCase(), ...request })
    const other = ['shape', 'tag', 'known']
    const rest = ({ checks }: Explained) => checks.filter(({ check }) => !other.includes(check))
    expect(rest(byId)).toEqual(rest(found))
    expect({ ...byId, checks: null }).toEqual({ ...found, checks: null })
  })

  it('lists every check that fails, with what would mend it, and the code of the first', async () => {
    const { id, key } = await makeKey(app, owner, {
      ...{ format: 'wacrm_test', scopes: ['messages:read'], allowed_ips: ['192.0.2.0/24'] },
      ...{ expires_at: inSeconds(60), is_active: false, credits: { remaining: 0 } },
    })
    await app.request('DELETE', `/api/api-keys/${id}`, { as: owner })
    app.clock.skip(60_000)
    const found = await explain({ token: key, scopes: ['contacts:read'], ip: '198.51.100.1' })
    expect(failedIn(found)).toEqual([
      ['revoked', 'revoked_api_key'],
      ['disabled', 'disabled_api_key'],
      ['expired', 'expired_api_key'],
      ['environment', 'wrong_environment'],
      ['address', 'ip_not_allowed'],
      ['scope', 'insufficient_scope'],
      ['limits', 'credits_exhausted'],
    ])
    expect(found).toMatchObject({ code: 'revoked_api_key', scopes: ['messages:read'] })
    expect(found).toMatchObject({ credits: { remaining: 0 }, retry_after_seconds: null })
    const words = (name: string) => {
      const { detail, remedy } = ofCheck(found, name)
      return `${detail} ${remedy}`
    }
    expect(words('revoked')).toMatch(/revoked at \d{4}-.* Make another key/)
    expect(words('disabled')).toContain('is_active true')
    expect(words('expired')).toMatch(/expired at \d{4}-.* Set a later expires_at/)
    expect(words('environment')).toMatch(/of test.*environment live.*verify with environment test/)
    expect(words('address')).toMatch(/198\.51\.100\.1 is not in 192\.0\.2\.0\/24.*allowed_ips/)
    expect(words('scope')).toMatch(/contacts:read.*does not hold it.*Add it/)
    expect(words('limits')).toMatch(/0 credits.*add credits/)
  })

  it('names the key that replaced one, and who inherits nothing', async () => {
    const old = await makeKey(app, owner)
    const { body } = await app.request('POST', `/api/api-keys/${old.id}/rotate`, {
      ...{ as: owner, body: {} },
    })
    const rotated = await explain({ key_id: old.id })
    expect([rotated.code, ofCheck(rotated, 'expired').remedy]).toEqual([
      ...['expired_api_key', expect.stringContaining(body.data.id)],
    ])
    const inherited = await explain({ key_id: body.data.id, scopes: ['keys:verify'] })
    expect(ofCheck(inherited, 'scope').detail).toContain('a member as owner')
  })

  it('says what of the account disables the key', async () => {
    const leaving = await openAccount('Leaving')
    const { id } = await makeKey(app, leaving.owner.jwt)
    const named = { as: leaving.owner.jwt, body: { name: 'Leaving' } }
    expect((await app.request('POST', '/api/account/deletion', named)).status).toBeLessThan(300)
    const found = await explain({ key_id: id }, leaving.owner.jwt)
    expect([found.code, ofCheck(found, 'disabled').remedy]).toEqual([
      ...['disabled_api_key', expect.stringContaining('cancels the deletion')],
    ])
  })

  it('of the limits says how long to wait', async () => {
    const rate_limit = { limit: 1, window_seconds: 3_600 }
    const { id, key } = await makeKey(app, owner, { scopes: [], rate_limit })
    expect((await explain({ key_id: id })).code).toBe('valid')
    await app.request('GET', '/api/v1/me', { key })
    const found = await explain({ key_id: id })
    expect([found.code, failedIn(found)]).toEqual(['rate_limited', [['limits', 'rate_limited']]])
    expect(found.retry_after_seconds).toBeGreaterThan(3_500)
    expect(found.rate_limit).toMatchObject([{ remaining: 0 }])
    expect(ofCheck(found, 'limits').remedy).toMatch(/Wait \d+ seconds, or raise/)
  })

  it('says that the limits are not known where their meter does not answer', async () => {
    const { id } = await makeKey(app, owner, { scopes: [], credits: { remaining: 1 } })
    const without = await createForeignTestApp({ clock: app.clock, bindings: down(['METER']) })
    const found = await explain({ key_id: id }, owner, without)
    expect(ofCheck(found, 'limits')).toMatchObject({
      ...{ passed: null, code: 'authority_unavailable', remedy: 'Ask again.' },
    })
    expect(found).toMatchObject({ code: 'authority_unavailable', credits: null })
    const revoked = await makeKey(app, owner, { scopes: [], credits: { remaining: 1 } })
    await app.request('DELETE', `/api/api-keys/${revoked.id}`, { as: owner })
    expect((await explain({ key_id: revoked.id }, owner, without)).code).toBe('revoked_api_key')
  })

  it('is what the database has now, also where an isolate remembers otherwise', async () => {
    const { id, key } = await makeKey(app, owner, { scopes: [] })
    expect(await outcome(app.request('GET', '/api/v1/me', { key }))).toBe('200')
    await env.DB.prepare('UPDATE api_key SET disabled = 1 WHERE id = ?').bind(id).run()
    expect((await explain({ key_id: id })).code).toBe('disabled_api_key')
  })

  it('is a 503 where the database does not answer', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const without = await createForeignTestApp({ clock: app.clock, bindings: down(['DB']) })
    const { key } = await makeKey(app, owner)
    expect(await outcome(ask({ token: key }, owner, without))).toBe('503 authority_unavailable')
  })
})

describe('of a request to the gateway, an explanation', () => {
  const found = async (request: object, scopes: string[] | null = ['contacts:read#42']) =>
    explain({ key_id: (await makeKey(app, owner, { scopes })).id, ...request })
  const get = (path: string) => ({ method: 'GET', path })

  it('has the route and its scope', async () => {
    const held = await found(get('/api/contacts/42'))
    expect([held.code, held.route]).toEqual(['valid', '/api/contacts/{id}'])
    const other = await found(get('/api/contacts/43'))
    expect(failedIn(other)).toEqual([['scope', 'insufficient_scope']])
    expect(ofCheck(other, 'policy').passed).toBe(true)
  })

  it.each([
    ['a path that no route lists', get('/api/nowhere'), 'policy', 'forbidden', 'policies.crm'],
    [
      'another method',
      { ...get('/api/contacts'), method: 'get' },
      'policy',
      'forbidden',
      'List the method',
    ],
    ['an encoded id', get('/api/contacts/%34%32'), 'policy', 'forbidden', 'percent-encoding'],
    ['an unsafe path', get('/api/contacts/42;a'), 'policy', 'invalid_request', 'semicolons'],
    ['an ambiguous path', get('/api/contacts/../x'), 'path', 'not_found', 'dot segments'],
  ])('names what is wrong with %s', async (_, request, name, code, remedy) => {
    const explained = await found(request)
    expect(explained.code).toBe(code)
    expect(ofCheck(explained, name)).toMatchObject({ passed: false, code })
    expect(ofCheck(explained, name).remedy).toContain(remedy)
    expect(explained.route).toBeNull()
  })

  it('passes a path that no route lists for a key with full access', async () => {
    const explained = await found(get('/api/nowhere'), null)
    expect([explained.code, ofCheck(explained, 'policy').passed]).toEqual(['valid', true])
  })

  it.each([
    ...['/api/v1/me', '/api/api-keys', '/api/api-keys/explain', '/api/auth/token', '/healthz'],
    ...['/api/v1/keys/verify', '/api/leaks/github', '/contacts', '/'],
  ])('is a 400 for a path that the gateway does not take: %s', async (path) => {
    const { id } = await makeKey(app, owner)
    const { status, body } = await ask({ key_id: id, method: 'GET', path })
    expect([status, body.errors]).toEqual([400, [expect.objectContaining({ path: 'path' })]])
  })
})

describe('of a token, an explanation', () => {
  it('says which check of the token fails, and that there is no key', async () => {
    const { key } = await makeKey(app, owner)
    const theirs = await makeKey(app, (await openAccount('Globex')).owner.jwt)
    const unknown = await unkeyToken()
    const cases: [string, string][] = [
      ['nonsense', 'shape'],
      ['', 'shape'],
      [altered(key), 'tag'],
      [unknown.token, 'known'],
      [theirs.key, 'known'],
    ]
    for (const [token, check] of cases) {
      const found = await explain({ token })
      expect([token, failedIn(found)]).toEqual([token, [[check, 'invalid_api_key']]])
      expect(found).toMatchObject({
        ...{ code: 'invalid_api_key', key: null, account: null, scopes: null, resources: null },
        ...{ rate_limit: null, credits: null },
      })
      expect(found.checks).toHaveLength(13)
      expect(ofCheck(found, 'revoked')).toMatchObject({ passed: null, code: null })
    }
  })

  it('is the same for an unknown token and one of another account', async () => {
    const tagKeys = await app.isolate.tagKeys(env.TAG_SECRETS)
    const format = app.isolate.config.formats.whm as Format
    const unknown = await mintToken(format, tagKeys, (bytes) => crypto.getRandomValues(bytes))
    const theirs = await makeKey(app, (await openAccount('Globex')).owner.jwt)
    expect(await explain({ token: theirs.key })).toEqual(await explain({ token: unknown }))
    const byId = await ask({ key_id: theirs.id })
    const none = await ask({ key_id: crypto.randomUUID() })
    for (const { status, body } of [byId, none]) {
      expect([status, body.detail]).toEqual([404, 'There is no such key in this account.'])
    }
  })

  it('knows a foreign token, which has no tag', async () => {
    const { token, digest, format } = await unkeyToken()
    const keys = [{ digest, format, name: 'Moved', scopes: [] }]
    await app.request('POST', '/api/api-keys/import', { as: owner, body: { keys } })
    const found = await explain({ token })
    expect([found.code, ofCheck(found, 'tag').passed]).toEqual(['valid', null])
  })
})

describe('who may ask', () => {
  it('members, admins and managing keys, and no other key', async () => {
    const { id, key } = await makeKey(app, owner, { scopes: ['contacts:read'] })
    const manager = await makeKey(app, owner, { scopes: ['keys:manage'] })
    for (const as of [account.member.jwt, account.admin.jwt, manager.key]) {
      expect((await explain({ key_id: id }, as)).code).toBe('valid')
    }
    expect(await outcome(ask({ key_id: id }, key))).toBe('403 insufficient_scope')
    const nobody = app.request('POST', path, { body: { key_id: id } })
    expect(await outcome(nobody)).toBe('401 missing_credential')
  })

  it('a key with bounds only of what it may read: all else is one 404', async () => {
    const bounds = { scopes: ['keys:manage'], may_grant: { external_ids: ['c-2'] } }
    const manager = await makeKey(app, owner, bounds)
    const within = await makeKey(app, owner, { external_id: 'c-2' })
    expect((await explain({ token: within.key }, manager.key)).code).toBe('valid')
    expect((await explain({ key_id: manager.id }, manager.key)).code).toBe('valid')
    const beyond = await makeKey(app, owner)
    const theirs = await makeKey(app, (await openAccount('Globex')).owner.jwt)
    const unknown = (await unkeyToken()).token
    const hidden = [beyond.key, theirs.key, unknown].map((token) => ({ token }))
    for (const body of [...hidden, { key_id: beyond.id }, { key_id: theirs.id }]) {
      const { status, body: problem } = await ask(body, manager.key)
      expect([status, problem.detail]).toEqual([404, 'There is no such key in this account.'])
    }
    // Told by the token alone, without a store.
    expect((await explain({ token: altered(beyond.key) }, manager.key)).code).toBe(
      'invalid_api_key',
    )
  })
})

describe('asking', () => {
  it('takes nothing and counts nothing: it reads D1 and the meter', async () => {
    const { id, key } = await makeKey(app, owner, {
      ...{ credits: { remaining: 1 }, scopes: ['contacts:read'] },
      rate_limit: { limit: 1, window_seconds: 3_600 },
    })
    const read = async () =>
      (await app.request('GET', `/api/api-keys/${id}`, { as: owner })).body.data
    const before = await read()
    const stopped = await createForeignTestApp({
      ...{ clock: app.clock, bindings: { ...bindings, CHANGES: 'stopped' as never } },
    })
    const requests = [
      ...[{ token: key }, { key_id: id }, { token: key, method: 'GET', path: '/api/contacts' }],
      ...[{ token: altered(key) }, { token: 'x' }, { token: (await unkeyToken()).token }],
    ]
    for (const on of [app, stopped]) {
      watch.clear()
      for (const body of requests) await explain(body, owner, on)
      const stores = Object.keys(watch.counts()).filter((where) => !where.startsWith('D1.'))
      expect(stores).toEqual(['METER.read'])
      expect(watch.counts()['METER.read']).toBe(3)
      const writes = watch.calls.filter(({ what }) => /\b(INSERT|UPDATE|DELETE)\b/i.test(what))
      expect(writes).toEqual([])
    }
    expect(await read()).toEqual(before)
    expect(before).toMatchObject({ credits: { remaining: 1 }, last_used_at: null })
    expect(await outcome(app.request('GET', '/api/contacts', { key }))).toBe('200')
  })

  it('leaves no trace of the token in an answer, a log or an error', async () => {
    const lines: string[] = []
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn(console, method).mockImplementation(
        (...args) => void lines.push(JSON.stringify(args)),
      )
    }
    const { key } = await makeKey(app, owner)
    const post = (body: unknown) => app.request('POST', path, { as: owner, body })
    const answers = [
      await post({ token: key }),
      await post({ token: `${key}x` }),
      await post({ token: altered(key) }),
      await post({ token: key, [key]: 1 }),
      await post({ token: key, method: key.slice(0, 32), path: `/api/contacts/${key}` }),
      await post({ token: key, method: 'GET', path: `/api/contacts/${key}` }),
      await post({ token: key, scopes: [key] }),
      await post(`{"token":"${key}"`),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 400, 200, 200, 400, 400])
    expect(lines.length).toBeGreaterThan(0)
    for (const text of [...lines, ...answers.map(({ text }) => text)]) {
      expect(text).not.toContain(key.slice(4, 30))
    }
  })

  it.each([
    [{}, ''],
    [{ token: 'x', key_id: crypto.randomUUID() }, 'token'],
    [{ token: 'x', method: 'GET' }, 'path'],
    [{ token: 'x', path: '/api/contacts' }, 'method'],
    [{ token: 1 }, 'token'],
    [{ key_id: 'x' }, 'key_id'],
    [{ token: 'x', cost: 1 }, 'cost'],
    [{ token: 'x', ip: 'here' }, 'ip'],
    [{ token: 'x', scopes: ['contacts:raed'] }, 'scopes.0'],
    [{ token: 'x', any_of: ['contacts:*'] }, 'any_of.0'],
    [{ token: 'x', any_of: [] }, 'any_of'],
    [{ token: 'x', environment: 'staging' }, 'environment'],
    [{ token: 'x', method: 'G T', path: '/api/contacts' }, 'method'],
    [{ token: 'x', method: 'GET', path: 'contacts' }, 'path'],
    [{ token: 'x', method: 'GET', path: '/api/contacts?x=1' }, 'path'],
    [{ token: 'x', method: 'GET', path: '/api/contäcts' }, 'path'],
    [{ token: 'x', method: 'GET', path: '/api/contacts', any_of: ['contacts:read'] }, 'any_of'],
  ])('refuses the body %j', async (body, field) => {
    const answer = await ask(body)
    const fields = answer.body.errors?.map((error: { path: string }) => error.path)
    expect([answer.status, fields], answer.text).toEqual([400, [field]])
  })
})
