// Forward auth: a proxy describes the request in its own headers, and no client header affects the decision.
import { beforeAll, describe, expect, it } from 'vitest'
import { createIsolate } from '../../src/worker/context.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { down } from '../support/outage.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

const identity = [
  ...['account', 'key-id', 'user', 'scopes', 'resources', 'external-id', 'environment'],
  'request-id',
].map((name) => `x-latchkey-${name}`)

let app: TestApp
let account: Account
let reader: string
let inheriting: string

beforeAll(async () => {
  app = await createTestApp()
  account = await openAccount()
  reader = (await makeKey(app, account.owner.jwt, { scopes: ['contacts:read'] })).key
  inheriting = (await makeKey(app, account.owner.jwt)).key
})

type Options = { key?: string; headers?: Record<string, string>; policy?: string; at?: TestApp }

/** The same request in the headers of each proxy. */
const dialects = {
  nginx: (method: string, target: string, { key, headers, policy = 'crm', at = app }: Options) =>
    at.request('GET', `/forward-auth/nginx/${policy}`, {
      ...(key && { key }),
      headers: { ...headers, 'x-original-method': method, 'x-original-uri': target },
    }),
  forwarded: (
    method: string,
    target: string,
    { key, headers, policy = 'crm', at = app }: Options,
  ) =>
    at.request('GET', `/forward-auth/forwarded/${policy}`, {
      ...(key && { key }),
      headers: { ...headers, 'x-forwarded-method': method, 'x-forwarded-uri': target },
    }),
  envoy: (method: string, target: string, { key, headers, policy = 'crm', at = app }: Options) =>
    at.request(method, `/forward-auth/envoy/${policy}${target}`, {
      ...(key && { key }),
      ...(headers && { headers }),
    }),
}

type Dialect = keyof typeof dialects

const names = Object.keys(dialects) as Dialect[]

describe.each(names)('%s', (dialect) => {
  const send = dialects[dialect]

  it('accepts a key with the scope of the route and returns its identity', async () => {
    const answer = await send('GET', '/api/contacts?limit=2', { key: reader })
    expect(answer.status, answer.text).toBe(200)
    for (const name of identity) expect(answer.headers.get(name), name).toMatch(/^\S+$/)
    expect(answer.headers.get('x-latchkey-account')).toBe(account.id)
    expect(answer.headers.get('x-latchkey-user')).toBe(account.owner.id)
    expect(answer.headers.get('x-latchkey-scopes')).toBe('contacts:read')
    expect(answer.headers.get('x-latchkey-request-id')).toBe(answer.headers.get('x-request-id'))
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.text).toBe('')
  })

  it('sends every identity header for a key without scopes, none of them empty', async () => {
    const { key } = await makeKey(app, account.owner.jwt, { scopes: [] })
    expect(await outcome(send('GET', '/api/contacts', { key }))).toBe('403 insufficient_scope')
    const person = await send('GET', '/api/contacts', {
      headers: { authorization: `Bearer ${account.member.jwt}` },
    })
    expect(person.status, person.text).toBe(200)
    for (const name of identity) expect(person.headers.get(name), name).toBeTruthy()
    expect(person.headers.get('x-latchkey-key-id')).toBe('none')
  })

  it.each([
    ['nothing presented', undefined, 'GET', '/api/contacts', '401 missing_credential'],
    ['a forged key', `whm_${'0'.repeat(32)}`, 'GET', '/api/contacts', '401 invalid_api_key'],
    ['another method', 'reader', 'POST', '/api/contacts', '403 insufficient_scope'],
    ['another route', 'reader', 'GET', '/api/messages', '403 insufficient_scope'],
    ['HEAD as GET', 'reader', 'HEAD', '/api/contacts', '200'],
    ['a path of no route', 'reader', 'GET', '/api/unheard-of', '403 forbidden'],
    ['a path of no route, full access', 'inheriting', 'GET', '/api/unheard-of', '200'],
    ['an encoded letter', 'reader', 'GET', '/api/c%6fntacts', '200'],
    ['an encoded slash', 'inheriting', 'GET', '/api/contacts%2f..%2fmessages', '403 forbidden'],
    ['a second layer', 'inheriting', 'GET', '/api/%252e%252e/contacts', '403 forbidden'],
    ['an empty segment', 'reader', 'GET', '/api//contacts', '403 forbidden'],
    ['a matrix parameter', 'inheriting', 'GET', '/api/contacts;a=b', '403 forbidden'],
    ['a bad escape', 'inheriting', 'GET', '/api/%zz', '403 forbidden'],
    ['a scope by query', 'reader', 'GET', '/api/messages?scopes=contacts:read', '403'],
  ] as const)('answers %s', async (_, key, method, target, expected) => {
    const token = key === 'reader' ? reader : key === 'inheriting' ? inheriting : key
    const answer = await send(method, target, token ? { key: token } : {})
    const said = method === 'HEAD' ? `${answer.status}` : await outcome(Promise.resolve(answer))
    expect(said).toContain(expected)
    const isDenial = answer.status === 401 || answer.status === 403
    if (isDenial) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm=/)
  })

  it('answers 403 where the request names another account than that of the key', async () => {
    const named = (id: string) => ({ key: reader, headers: { 'latchkey-account': id } })
    expect(await outcome(send('GET', '/api/contacts', named(account.id)))).toBe('200')
    for (const id of [crypto.randomUUID(), 'acme']) {
      expect(await outcome(send('GET', '/api/contacts', named(id)))).toBe('403 forbidden')
    }
  })

  it('refuses a token in the query of the original request', async () => {
    const target = `/api/contacts?key=${reader}`
    expect(await outcome(send('GET', target, {}))).toBe('401 missing_credential')
    expect(await outcome(send('GET', target, { key: reader }))).toBe('403 forbidden')
  })

  it.each(['x-http-method-override', 'x-http-method', 'x-method-override'])(
    'refuses a request that carries %s',
    async (name) => {
      const denied = send('GET', '/api/contacts', {
        key: inheriting,
        headers: { [name]: 'DELETE' },
      })
      expect(await outcome(denied)).toBe('403 forbidden')
    },
  )

  it('answers 503 when the verdict is unknown, and never lets the request pass', async () => {
    const at = await createTestApp({ bindings: down(['DB', 'KEY_CACHE', 'FENCE']) })
    const answer = await send('GET', '/api/contacts', { key: reader, at })
    expect(`${answer.status} ${answer.body.code}`).toBe('503 authority_unavailable')
    expect(answer.headers.get('retry-after')).toBe('1')
  })

  it('refuses a key on the first request after its revocation', async () => {
    const { id, key } = await makeKey(app, account.owner.jwt, { scopes: ['contacts:read'] })
    expect(await outcome(send('GET', '/api/contacts', { key }))).toBe('200')
    await app.request('DELETE', `/api/api-keys/${id}`, { as: account.owner.jwt })
    expect(await outcome(send('GET', '/api/contacts', { key }))).toBe('401 revoked_api_key')
  })

  it('accepts only the policies of the configuration', async () => {
    for (const policy of ['other', '__proto__', 'constructor']) {
      const answer = await send('GET', '/api/contacts', { key: inheriting, policy })
      expect(answer.status, policy).toBe(404)
    }
    const answer = await send('GET', '/api/contacts', { key: inheriting, policy: 'crm%2f' })
    expect(answer.status).toBe(403)
  })
})

describe('client headers of another proxy', () => {
  const spoofed = {
    nginx: { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/api/contacts' },
    forwarded: { 'x-original-method': 'GET', 'x-original-uri': '/api/contacts' },
    envoy: {
      ...{ 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/api/contacts' },
      ...{ 'x-original-method': 'GET', 'x-original-uri': '/api/contacts' },
    },
  }

  it.each(names)('are ignored by %s', async (dialect) => {
    const denied = dialects[dialect]('POST', '/api/broadcasts', {
      key: reader,
      headers: spoofed[dialect],
    })
    expect(await outcome(denied)).toBe('403 insufficient_scope')
  })

  it.each(['nginx', 'forwarded'] as const)('are not sufficient for %s', async (dialect) => {
    const answer = await app.request('GET', `/forward-auth/${dialect}/crm`, {
      key: inheriting,
      headers: spoofed[dialect],
    })
    expect(`${answer.status} ${answer.body.code}`).toBe('403 forbidden')
  })

  it.each([
    ...['account', 'key_id', 'scopes', 'resources', 'external-id', 'external_id', 'environment'],
  ])('cannot forge X-Latchkey-%s', async (name) => {
    const answer = await dialects.nginx('GET', '/api/contacts', {
      key: reader,
      headers: { [`x-latchkey-${name}`]: 'forged' },
    })
    expect([...answer.headers.values()]).not.toContain('forged')
  })
})

describe('ambiguous headers', () => {
  const table: [string, Record<string, string>][] = [
    ['no target', { method: 'GET' }],
    ['no method', { uri: '/api/contacts' }],
    ['an empty method', { method: '', uri: '/api/contacts' }],
    ['an empty target', { method: 'GET', uri: '' }],
    ['two methods', { method: 'GET, POST', uri: '/api/contacts' }],
    ['two targets', { method: 'GET', uri: '/api/contacts, /api/contacts' }],
    ['an absolute target', { method: 'GET', uri: 'http://crm.test/api/contacts' }],
    ['a relative target', { method: 'GET', uri: 'api/contacts' }],
    ['a space', { method: 'GET', uri: '/api/contacts /x' }],
    ['a fragment', { method: 'GET', uri: '/api/contacts#x' }],
    ['dot segments', { method: 'GET', uri: '/api/../api/contacts' }],
    ['encoded dot segments', { method: 'GET', uri: '/api/%2e%2e/api/contacts' }],
    ['a back-slash', { method: 'GET', uri: '/api\\contacts' }],
    ['a null byte', { method: 'GET', uri: '/api/contacts%00' }],
  ]

  for (const [dialect, family] of [
    ['nginx', 'x-original-'],
    ['forwarded', 'x-forwarded-'],
  ]) {
    it.each(table)(`%s is a 403 of ${dialect}, even for full access`, async (_, said) => {
      const headers = Object.entries(said).map(([name, value]) => [`${family}${name}`, value])
      const answer = await app.request('GET', `/forward-auth/${dialect}/crm`, {
        key: inheriting,
        headers: Object.fromEntries(headers),
      })
      expect(`${answer.status} ${answer.body.code}`).toBe('403 forbidden')
    })
  }

  it.each(['unknown/crm', 'nginx/crm/more', 'forwarded/crm/', 'nginx', '', 'toString/crm'])(
    'there is nothing at /forward-auth/%s',
    async (place) => {
      const answer = await app.request('GET', `/forward-auth/${place}`, { key: inheriting })
      expect(answer.status).toBe(404)
    },
  )
})

describe('nginx, which drops the body of a denial', () => {
  it('gets the problem in a header as well', async () => {
    const answer = await dialects.nginx('GET', '/api/messages', { key: reader })
    const header = answer.headers.get('x-latchkey-problem') ?? ''
    expect(JSON.parse(header)).toEqual(answer.body)
    expect(header).toMatch(/^[ -~]+$/)
  })
})

describe('a path that a proxy rewrites out of the prefix', () => {
  const place = { 'x-latchkey-forward-auth': 'envoy/crm' }

  it.each(['/healthz', '/forward-auth/envoy/crm2/api/contacts', '/forward-auth/nginx/crm', '/'])(
    'is a 403 at %s when the proxy names the endpoint that it calls',
    async (path) => {
      const answer = await app.request('GET', path, { key: inheriting, headers: place })
      expect(answer.status).toBe(403)
    },
  )

  it('is answered as usual inside the prefix', async () => {
    const inside = { key: reader, headers: place }
    expect(await outcome(dialects.envoy('GET', '/api/contacts', inside))).toBe('200')
  })
})

describe('a key that is bound to addresses', () => {
  const client = '203.0.113.7'
  const proxy = '198.51.100.1'
  let bound: string

  beforeAll(async () => {
    const body = { scopes: ['contacts:read'], allowed_ips: [client] }
    bound = (await makeKey(app, account.owner.jwt, body)).key
  })

  const believing = (proxies: string[]) => {
    const forwardAuth = { proxies, clientAddressHeader: 'X-Client-Address' }
    return createTestApp({
      isolate: createIsolate({ ...config, forwardAuth }, createSkippingClock()),
    })
  }

  const outcomeAt = (at: TestApp, from: string, said: Record<string, string>) =>
    outcome(
      dialects.nginx('GET', '/api/contacts', {
        key: bound,
        at,
        headers: { 'cf-connecting-ip': from, ...said },
      }),
    )

  it('is refused while no proxy is trusted, whatever the headers say', async () => {
    const said = { 'x-client-address': client, 'x-forwarded-for': client, 'x-real-ip': client }
    expect(await outcomeAt(app, proxy, said)).toBe('403 ip_not_allowed')
    expect(await outcomeAt(app, client, {})).toBe('403 ip_not_allowed')
  })

  it('passes when a listed proxy reports its address', async () => {
    const at = await believing(['198.51.100.0/24'])
    expect(await outcomeAt(at, proxy, { 'x-client-address': client })).toBe('200')
    expect(await outcomeAt(at, proxy, { 'x-client-address': '203.0.113.8' })).toBe(
      '403 ip_not_allowed',
    )
  })

  it('is refused when an unlisted proxy reports the address, or with two reports, or none', async () => {
    const at = await believing([proxy])
    const said = { 'x-client-address': client }
    expect(await outcomeAt(at, '198.51.100.2', said)).toBe('403 ip_not_allowed')
    expect(await outcomeAt(at, proxy, { 'x-client-address': `${client}, ${client}` })).toBe(
      '403 ip_not_allowed',
    )
    expect(await outcomeAt(at, proxy, {})).toBe('403 ip_not_allowed')
  })
})
