// latchkey/hono in front of an app, over a service binding and over HTTP: which requests pass, which do not,
// and that none passes while the verdict is unknown.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { Hono } from 'hono'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type ApiKeyOptions,
  apiKey,
  type LatchkeyBinding,
} from '../../packages/latchkey/src/hono.ts'
import { presentedToken } from '../../src/contract/credentials.ts'
import type { BindingVerifyRequest } from '../../src/contract/verify.ts'
import { readCredential } from '../../src/http/auth/credentials.ts'
import { verifyByBinding } from '../../src/worker/rpc.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { bearerOf } from '../support/challenge.ts'
import fc from '../support/fc.ts'
import { down } from '../support/outage.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

const ofLatchkey = bearerOf(env.BASE_URL)
let testApp: TestApp
let acme: Account
let service: string

beforeAll(async () => {
  testApp = await createTestApp()
  acme = await openAccount('Acme Inc')
  service = (await makeKey(testApp, acme.owner.jwt, { scopes: ['keys:verify'] })).key
})

const issue = (body: Record<string, unknown> = {}) => makeKey(testApp, acme.owner.jwt, body)

const atCloudflare = { colo: 'AMS' } as unknown as CfProperties

/** The Worker behind a service binding. */
function bindingTo(at: TestApp, bindings: Partial<Env> = {}): LatchkeyBinding {
  return {
    async verify(request: BindingVerifyRequest) {
      const context = createExecutionContext()
      const all = { ...env, ...bindings }
      const answer = verifyByBinding(at.isolate, all, context, structuredClone(request))
      return answer.finally(() => waitOnExecutionContext(context))
    },
  }
}

/** The Worker from an app on another server. */
const overHttp = (at = testApp, key = service) => ({
  url: env.BASE_URL,
  key,
  fetch: ((url: URL, init: RequestInit) => at.send(String(url), init)) as typeof fetch,
})

const transports: Record<string, () => ApiKeyOptions> = {
  'a service binding': () => ({ binding: bindingTo(testApp) }),
  HTTP: () => overHttp(),
}

/** An app whose handler returns the key that it was given, and counts its runs. */
function appWith(options: ApiKeyOptions & { optional?: true }) {
  const app = new Hono()
  let runs = 0
  const reported: string[] = []
  app.use(apiKey({ onError: ({ message }) => reported.push(message), ...options } as ApiKeyOptions))
  app.all('*', (c) => {
    runs++
    return c.json({ apiKey: c.get('apiKey' as never) ?? null })
  })
  return {
    runs: () => runs,
    reported,
    /** `cf` is what Cloudflare sets on the requests that it receives. */
    async get(headers: Record<string, string> = {}, bindings: object = {}, cf?: CfProperties) {
      const request = new Request('https://api.example/contacts', { headers, ...(cf && { cf }) })
      const response = await app.fetch(request, bindings)
      const { status } = response
      // biome-ignore lint/suspicious/noExplicitAny: assertions check its type
      return { status, headers: response.headers, body: (await response.json()) as any }
    },
  }
}

describe.each(Object.entries(transports))('over %s', (_, transport) => {
  it('a valid key passes, in either header, and the handler receives its key and account', async () => {
    const { key, id } = await issue({
      ...{ name: 'CI', scopes: ['contacts:read', 'messages:*'] },
      ...{ external_id: 'customer-42', metadata: { plan: 'gold' } },
    })
    const app = appWith({ ...transport(), scopes: ['contacts:read'] })
    const expected = {
      id,
      name: 'CI',
      external_id: 'customer-42',
      metadata: { plan: 'gold' },
      environment: 'live',
      format: 'whm',
      expires_at: null,
      account: { id: acme.id, name: 'Acme Inc' },
      scopes: ['contacts:read', 'messages:send', 'messages:read'],
      resources: [],
      rate_limit: null,
      credits: null,
    }
    for (const headers of [{ 'x-api-key': key }, { authorization: `bearer  ${key}` }]) {
      const { status, body } = await app.get(headers)
      expect(status, JSON.stringify(body)).toBe(200)
      expect(body.apiKey).toEqual(expected)
    }
  })

  it('a refusal is the one of Latchkey itself, header for header', async () => {
    const scopes = ['contacts:read']
    const [revoked, disabled, restricted] = [
      await issue(),
      await issue(),
      await issue({ allowed_ips: ['192.0.2.1'] }),
    ]
    const expired = await issue({
      expires_at: new Date(testApp.clock.now() + 30_000).toISOString(),
    })
    const as = acme.owner.jwt
    await testApp.request('DELETE', `/api/api-keys/${revoked.id}`, { as })
    await testApp.request('PATCH', `/api/api-keys/${disabled.id}`, {
      as,
      body: { is_active: false },
    })
    testApp.clock.skip(60_000)
    const unscoped = await issue({ scopes: [] })
    const app = appWith({ ...transport(), scopes })
    const cases: Record<string, Record<string, string>> = {
      missing_credential: {},
      invalid_api_key: { 'x-api-key': 'whm_nonsense' },
      revoked_api_key: { 'x-api-key': revoked.key },
      disabled_api_key: { authorization: `Bearer ${disabled.key}` },
      expired_api_key: { 'x-api-key': expired.key },
      ip_not_allowed: { 'x-api-key': restricted.key, 'cf-connecting-ip': '198.51.100.1' },
      insufficient_scope: { 'x-api-key': unscoped.key },
    }
    for (const [code, headers] of Object.entries(cases)) {
      const own = await testApp.request('GET', '/api/contacts', { headers })
      const { request_id, ...body } = (await app.get(headers, {}, atCloudflare)).body
      const { request_id: _, ...ownBody } = own.body
      expect(body).toEqual(ownBody)
      expect(body.code).toBe(code)
      const answered = (await app.get(headers, {}, atCloudflare)).headers
      for (const name of ['content-type', 'cache-control', 'retry-after']) {
        expect(answered.get(name), `${code}: ${name}`).toBe(own.headers.get(name))
      }
      // The metadata is of Latchkey, and the middleware answers for another server.
      const challenge = own.headers.get('www-authenticate')?.replace(ofLatchkey, bearerOf(null))
      expect(answered.get('www-authenticate'), code).toBe(challenge)
      expect(answered.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
    expect(app.runs()).toBe(0)
  })

  it('a rate-limited key gets the headers and the refusal of Latchkey itself', async () => {
    const rate_limit = [
      { name: 'minute', limit: 2, window_seconds: 60 },
      { name: 'month', limit: 100, window_seconds: 31 * 86_400 },
    ]
    const fields = ['ratelimit-policy', 'ratelimit', 'retry-after', 'www-authenticate']
    // The meters read the real clock, and a second may pass between two requests.
    const valuesOf = ({ headers }: { headers: Headers }) =>
      fields.map((name) => headers.get(name)?.replace(/t=\d+|^(29|30)$/g, 'soon'))
    const app = appWith(transport())
    const [here, there] = [await issue({ rate_limit }), await issue({ rate_limit })]
    const answers = []
    for (let turn = 0; turn < 3; turn++) {
      const answer = await app.get({ 'x-api-key': here.key })
      const own = await testApp.request('GET', '/api/contacts', { key: there.key })
      expect(answer.status).toBe(own.status)
      expect(valuesOf(answer)).toEqual(valuesOf(own))
      const { request_id: _, ...body } = answer.body
      const { request_id: __, ...ownBody } = own.body
      if (answer.status !== 200) expect(body).toEqual(ownBody)
      answers.push(answer)
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(answers[2]?.headers.get('retry-after')).toMatch(/^(29|30)$/)
    expect(answers[2]?.headers.get('ratelimit')).toMatch(/^"minute";r=0;t=(29|30)$/)
    expect(app.runs()).toBe(2)
  })

  it('the cost of a request is consumed once for an idempotency key, or refused with 429 or 409', async () => {
    const { key } = await issue({ credits: { remaining: 5 } })
    const app = appWith({
      ...transport(),
      cost: (c) => Number(c.req.header('x-cost')),
      idempotencyKey: (c) => `app/${c.req.header('x-order')}`,
    })
    const spend = (cost: string, order: string) =>
      app.get({ 'x-api-key': key, 'x-cost': cost, 'x-order': order })
    expect((await spend('3', 'a')).body.apiKey.credits).toEqual({ remaining: 2 })
    expect((await spend('3', 'a')).body.apiKey.credits).toEqual({ remaining: 2 })
    const refused = await spend('3', 'b')
    expect([refused.status, refused.body.code]).toEqual([429, 'credits_exhausted'])
    expect(refused.headers.get('retry-after')).toBe('3600')
    const conflict = await spend('1', 'a')
    expect([conflict.status, conflict.body.code]).toEqual([409, 'conflict'])
    expect(app.runs()).toBe(2)
  })

  it('a revoked key fails on the very next request', async () => {
    const { key, id } = await issue()
    const app = appWith(transport())
    expect((await app.get({ 'x-api-key': key })).status).toBe(200)
    await testApp.request('DELETE', `/api/api-keys/${id}`, { as: acme.owner.jwt })
    expect((await app.get({ 'x-api-key': key })).body.code).toBe('revoked_api_key')
    expect(app.runs()).toBe(1)
  })

  it('the address that Cloudflare states reaches Latchkey', async () => {
    const { key } = await issue({ allowed_ips: ['192.0.2.0/24'] })
    const app = appWith(transport())
    const from = async (ip: string) =>
      (await app.get({ 'x-api-key': key, 'cf-connecting-ip': ip }, {}, atCloudflare)).status
    expect(await from('192.0.2.9')).toBe(200)
    expect(await from('198.51.100.1')).toBe(403)
    expect((await app.get({ 'x-api-key': key }, {}, atCloudflare)).status).toBe(403)
  })

  it('a CF-Connecting-IP that did not come through Cloudflare is ignored', async () => {
    const { key } = await issue({ allowed_ips: ['192.0.2.0/24'] })
    const app = appWith(transport())
    const headers = { 'x-api-key': key, 'cf-connecting-ip': '192.0.2.9' }
    expect((await app.get(headers)).body.code).toBe('ip_not_allowed')
    vi.stubGlobal('navigator', { userAgent: 'Node.js/24' })
    expect((await app.get(headers, {}, atCloudflare)).body.code).toBe('ip_not_allowed')
    vi.unstubAllGlobals()
    expect((await app.get(headers, {}, atCloudflare)).status).toBe(200)
    expect(app.runs()).toBe(1)
  })

  it('the address is the one that `clientAddress` gives, and no other', async () => {
    const { key } = await issue({ allowed_ips: ['192.0.2.0/24'] })
    const app = appWith({ ...transport(), clientAddress: (c) => c.req.header('x-real-ip') ?? null })
    const elsewhere = { 'x-api-key': key, 'cf-connecting-ip': '10.0.0.1' }
    expect((await app.get({ ...elsewhere, 'x-real-ip': '192.0.2.9' })).status).toBe(200)
    const headers = { 'x-api-key': key, 'cf-connecting-ip': '192.0.2.9' }
    expect((await app.get(headers, {}, atCloudflare)).body.code).toBe('ip_not_allowed')
  })

  it('an optional key may be absent, but never invalid', async () => {
    const app = appWith({ ...transport(), optional: true })
    const absent = await app.get()
    expect(absent).toMatchObject({ status: 200, body: { apiKey: null } })
    expect((await app.get({ authorization: 'Basic eDp5' })).status).toBe(200)
    expect((await app.get({ 'x-api-key': (await issue()).key })).body.apiKey).not.toBe(null)
    const before = app.runs()
    for (const headers of [
      { 'x-api-key': '' },
      { 'x-api-key': 'whm_nonsense' },
      { authorization: 'Bearer' },
      { authorization: 'Bearer x' },
      { authorization: 'Bearer x\u2028x' },
      { authorization: `bearer ${' '.repeat(32_000)}x\u2028x` },
    ]) {
      expect((await app.get(headers)).body.code, JSON.stringify(headers)).toBe('invalid_api_key')
    }
    expect(app.runs()).toBe(before)
  })

  it('an invalid X-API-Key does not fall back to a valid Bearer', async () => {
    const { key } = await issue()
    const app = appWith(transport())
    const headers = { 'x-api-key': 'whm_nonsense', authorization: `Bearer ${key}` }
    expect((await app.get(headers)).status).toBe(401)
    expect(app.runs()).toBe(0)
  })

  it('an unknown scope is an error of the app: 500 and reported, not passed', async () => {
    const app = appWith({ ...transport(), scopes: ['contacts:raed'] })
    const { status, body } = await app.get({ 'x-api-key': (await issue()).key })
    expect([status, body.code]).toEqual([500, 'internal_error'])
    expect(app.reported).toEqual([expect.stringMatching(/scope/)])
    expect(app.runs()).toBe(0)
  })
})

describe('while the verdict is unknown, no request passes', () => {
  const never = () => new Promise<never>(() => {})
  const answering = (body: unknown, init?: ResponseInit) => ({
    ...overHttp(),
    fetch: (async () => new Response(JSON.stringify(body), init)) as typeof fetch,
  })
  const bound = (verify: () => unknown) => ({ binding: { verify } as unknown as LatchkeyBinding })

  it.each<[string, () => ApiKeyOptions]>([
    [
      'Latchkey’s stores are down, behind the binding',
      () => ({
        binding: bindingTo(testApp, down(['DB', 'KEY_CACHE', 'FENCE'])),
      }),
    ],
    ['the binding hangs', () => ({ ...bound(never), timeoutMs: 20 })],
    ['the binding fails', () => bound(() => Promise.reject(new Error('Network connection lost.')))],
    [
      'the binding throws at once',
      () =>
        bound(() => {
          throw new Error('no')
        }),
    ],
    ['the binding answers nothing', () => bound(async () => undefined)],
    ['the binding answers true', () => bound(async () => true)],
    [
      'the binding answers without a key',
      () => bound(async () => ({ valid: true, code: 'valid' })),
    ],
    ['the binding answers "true"', () => bound(async () => ({ valid: 'true', code: 'valid' }))],
    [
      'the binding answers an unknown code',
      () => bound(async () => ({ valid: false, code: 'toString' })),
    ],
    [
      'the server hangs',
      () => ({
        ...overHttp(),
        timeoutMs: 20,
        fetch: ((_: URL, { signal }: RequestInit) =>
          new Promise((_, reject) =>
            signal?.addEventListener('abort', () => reject(signal.reason)),
          )) as typeof fetch,
      }),
    ],
    [
      'the server cannot be reached',
      () => ({
        ...overHttp(),
        fetch: (() => Promise.reject(new TypeError('fetch failed'))) as typeof fetch,
      }),
    ],
    [
      'a proxy answers with a page',
      () => ({
        ...overHttp(),
        fetch: (async () => new Response('<h1>Hello</h1>')) as typeof fetch,
      }),
    ],
    ['the server answers nothing', () => answering(null)],
    ['the server fails', () => answering({}, { status: 502 })],
    ['the server redirects', () => answering({}, { status: 302, headers: { location: '/' } })],
    ['the server limits the app', () => answering({}, { status: 429 })],
  ])('%s: 503 with Retry-After', async (_, transport) => {
    const { key } = await issue()
    const app = appWith(transport())
    const { status, headers, body } = await app.get({ 'x-api-key': key })
    expect(status).toBe(503)
    expect(body).toMatchObject({ code: 'authority_unavailable', status: 503 })
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(headers.get('retry-after')).toBe('1')
    expect(headers.get('www-authenticate')).toBe(null)
    expect(app.runs()).toBe(0)
  })

  it('says in development that the service binding is not connected', async () => {
    const message = 'Worker "latchkey" not found. Make sure it is running locally.'
    const logged: string[] = []
    const onError = (error: Error) => logged.push(error.message)
    const get = (cause: Error) => {
      const binding: LatchkeyBinding = { verify: () => Promise.reject(cause) }
      return appWith({ binding, onError }).get({ 'x-api-key': 'x' })
    }
    const { status, headers, body } = await get(new Error(message))
    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
    expect(body).toMatchObject({ code: 'authority_unavailable' })
    expect(body.detail).toContain(message)
    expect(body.detail).toMatch(/binding needs npm start of latchkey/)
    expect(logged[0]).toContain(message)
    const other = await get(new Error('a secret of production'))
    expect(other.status).toBe(503)
    expect(other.body.detail).not.toContain('secret')
  })

  it('follows no redirect, which would carry the app’s key elsewhere', async () => {
    const sent: RequestInit[] = []
    const redirecting = {
      ...overHttp(),
      fetch: (async (_: URL, init: RequestInit) => {
        sent.push(init)
        return new Response(null, { status: 307, headers: { location: 'https://else.example/' } })
      }) as typeof fetch,
    }
    expect((await appWith(redirecting).get({ 'x-api-key': 'x' })).status).toBe(503)
    expect(sent.map(({ redirect }) => redirect)).toEqual(['manual'])
  })

  it('passes the Retry-After of Latchkey on', async () => {
    const app = appWith(answering({}, { status: 503, headers: { 'retry-after': '7' } }))
    expect((await app.get({ 'x-api-key': 'x' })).headers.get('retry-after')).toBe('7')
  })

  it('an optional key does not pass either', async () => {
    const app = appWith({ ...bound(never), timeoutMs: 20, optional: true })
    expect((await app.get({ 'x-api-key': 'x' })).status).toBe(503)
    expect((await app.get()).status).toBe(200)
  })

  it.each([
    ['its own key is invalid', () => overHttp(testApp, 'whm_nonsense'), /401/],
    ['its own key lacks keys:verify', async () => overHttp(testApp, (await issue()).key), /403/],
    ['nothing is there', async () => answering({ detail: 'No' }, { status: 404 }), /404/],
    ['the binding is missing', async () => ({}), /no binding LATCHKEY/],
  ])('answers 500 and reports an error of the app: %s', async (_, transport, sentence) => {
    const app = appWith(await transport())
    const { status, headers, body } = await app.get({ 'x-api-key': (await issue()).key })
    expect([status, body.code]).toEqual([500, 'internal_error'])
    expect(headers.get('www-authenticate')).toBe(null)
    expect(app.reported).toEqual([expect.stringMatching(sentence)])
    expect(app.reported.join()).not.toContain('whm_')
    expect(app.runs()).toBe(0)
  })
})

it('a request is read as Latchkey reads it, whatever its headers hold', () => {
  const schemes = ['Bearer', 'bEARER', 'Basic', 'Token', 'Bearerx', '']
  const texts = fc.array(fc.constantFrom(' ', '\t', 'x', 'whm_0', '\u2028', '\u0085', ',', '='))
  const value = fc.tuple(fc.constantFrom(...schemes), texts).map(([a, b]) => a + b.join(''))
  const headers = fc.record({ 'x-api-key': value, authorization: value }, { requiredKeys: [] })
  fc.assert(
    fc.property(headers, (record) => {
      const sent = new Headers(record)
      const read = readCredential(sent)
      expect(presentedToken(sent)).toBe(read.kind === 'none' ? null : read.token)
    }),
    { numRuns: 2_000 },
  )
})

describe('the options', () => {
  it('are checked once, as the app is built', () => {
    expect(() => apiKey({ url: 'not a URL', key: 'x' })).toThrow(TypeError)
    expect(() => apiKey({ url: undefined, key: 'x' })).toThrow(TypeError)
    expect(() => apiKey({ url: 'https://keys.example', key: '' })).toThrow(/key is missing/)
    expect(() => apiKey({ url: undefined, key: undefined })).toThrow(TypeError)
    expect(() => apiKey({ url: 'https://keys.example?a=b', key: 'x' })).toThrow(/query/)
  })

  it('reach Latchkey unchanged', async () => {
    const requests: unknown[] = []
    const binding = {
      async verify(request: unknown) {
        requests.push(request)
        return { valid: false, code: 'invalid_api_key' }
      },
    } as unknown as LatchkeyBinding
    const app = appWith({
      binding,
      scopes: ['contacts:read'],
      fresh: true,
      cost: (c) => c.req.path.length,
      idempotencyKey: (c) => `${c.req.method} 1`,
    })
    await app.get({ 'x-api-key': ' x ' })
    expect(requests).toEqual([
      {
        token: 'x',
        scopes: ['contacts:read'],
        fresh: true,
        cost: 9,
        idempotencyKey: 'GET 1',
        ip: null,
        cf: { latitude: undefined, longitude: undefined },
      },
    ])
  })

  it.each([
    ['https://keys.example', 'https://keys.example/api/v1/keys/verify'],
    ['https://keys.example/base/', 'https://keys.example/base/api/v1/keys/verify'],
    ['https://keys.example/a/b', 'https://keys.example/a/b/api/v1/keys/verify'],
  ])('url: %s is called at %s', async (url, target) => {
    const called: string[] = []
    const send = async (to: URL) => {
      called.push(String(to))
      return Response.json({ data: { valid: false, code: 'invalid_api_key' } })
    }
    await appWith({ url, key: 'x', fetch: send as typeof fetch }).get({ 'x-api-key': 'x' })
    expect(called).toEqual([target])
  })

  it('name the account whose keys pass, or all, to a service of the platform', async () => {
    const platform = await openAccount('Platform')
    await env.DB.prepare('INSERT INTO platform (id, account_id) VALUES (1, ?)')
      .bind(platform.id)
      .run()
    const allowed_ips = ['192.0.2.7']
    const expires_at = new Date(testApp.clock.now() + 86_400_000).toISOString()
    const scopes = ['platform:verify']
    const made = await makeKey(testApp, platform.owner.jwt, { scopes, allowed_ips, expires_at })
    const fromThere = ((url: URL, init: RequestInit) => {
      const headers = { ...init.headers, 'cf-connecting-ip': '192.0.2.7' }
      return testApp.send(String(url), { ...init, headers })
    }) as typeof fetch
    const ask = async (accountId: string | undefined) => {
      const options = { ...overHttp(testApp, made.key), fetch: fromThere, accountId }
      const { key } = await issue({ scopes: [] })
      const { status, body } = await appWith(options as ApiKeyOptions).get({ 'x-api-key': key })
      return [status, body.apiKey?.account.id ?? body.code]
    }
    expect(await ask(acme.id)).toEqual([200, acme.id])
    expect(await ask('*')).toEqual([200, acme.id])
    expect(await ask(platform.id)).toEqual([401, 'invalid_api_key'])
    expect(await ask(undefined)).toEqual([500, 'internal_error'])
    expect(await ask('')).toEqual([500, 'internal_error'])
  })

  it('name a binding of the app, and work over real RPC', async () => {
    const { key } = await issue({ scopes: ['contacts:read'] })
    const app = appWith({ binding: 'KEYS', scopes: ['contacts:read'] })
    const bindings = { KEYS: exports.default }
    expect(await app.get({ 'x-api-key': key }, bindings)).toMatchObject({ status: 200 })
    const refused = await app.get({ 'x-api-key': 'x' }, bindings)
    expect(refused.body).toMatchObject({ code: 'invalid_api_key' })
    const mistaken = appWith({ binding: 'KEYS', scopes: ['contacts:raed'] })
    expect((await mistaken.get({ 'x-api-key': key }, bindings)).status).toBe(500)
    expect(mistaken.reported).toEqual([expect.stringContaining('contacts:raed')])
  })
})

describe('its types', () => {
  it('give a handler the key, and an optional key only where there is one', async () => {
    const { key } = await issue({ name: 'Typed' })
    const binding = bindingTo(testApp)
    const app = new Hono()
      .get('/needed', apiKey({ binding }), (c) => c.text(c.var.apiKey.account.name))
      // @ts-expect-error: an optional key may be undefined
      .get('/unsafe', apiKey({ binding, optional: true }), (c) => c.text(c.var.apiKey.name))
      .get('/optional', apiKey({ binding, optional: true }), (c) =>
        c.text(c.var.apiKey?.name ?? 'anonymous'),
      )
    const headers = { 'x-api-key': key }
    expect(await (await app.request('/needed', { headers })).text()).toBe('Acme Inc')
    expect(await (await app.request('/optional', { headers })).text()).toBe('Typed')
    expect(await (await app.request('/optional')).text()).toBe('anonymous')
  })

  it('do not take a url without a key', () => {
    // @ts-expect-error: key is missing
    expect(() => apiKey({ url: 'https://keys.example' })).toThrow(TypeError)
  })
})
