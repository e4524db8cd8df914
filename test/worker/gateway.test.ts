// The gateway: which requests pass, what the upstream receives, and streaming of bodies.
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ConfigInput, defineConfig } from '../../src/core/config.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let account: Account
let key: string
beforeAll(async () => {
  app = await createTestApp()
  account = await openAccount()
  key = (await makeKey(app, account.owner.jwt)).key
})
afterEach(() => vi.restoreAllMocks())

type Upstream = ConfigInput<Env>['gateway']['upstream']

/** An app whose gateway has another upstream. */
function openGateway(upstream: Upstream): Promise<TestApp> {
  const { defaultFormat: _format, leaseMs: _lease, scopes: all, ...rest } = config
  const scopes = Object.fromEntries(
    Object.entries(all).filter(([scope]) => !/^(keys|platform):/.test(scope)),
  )
  const input = { ...rest, scopes, gateway: { policy: 'crm', upstream } }
  const clock = createSkippingClock()
  return createTestApp({ clock, isolate: createIsolate(defineConfig<Env>(input), clock) })
}

/** The request that the upstream received. */
async function sentTo(path: string, init: RequestInit = {}, token = key): Promise<Request> {
  const { promise, resolve } = Promise.withResolvers<Request>()
  const behind = await openGateway({
    fetch(request) {
      resolve(request.clone())
      return new Response('seen')
    },
  })
  const headers = new Headers(init.headers)
  if (!headers.has('authorization')) headers.set('x-api-key', token)
  const response = await behind.send(path, { ...init, headers })
  expect(await response.text()).toBe(init.method === 'HEAD' ? '' : 'seen')
  return promise
}

describe('the scopes of the seeds', () => {
  const id = crypto.randomUUID()
  const routes: [string, string, string, string][] = [
    ['contacts:read', 'GET', '/contacts', '200'],
    ['contacts:read', 'GET', `/contacts/${id}`, '404 not_found'],
    ['contacts:write', 'POST', '/contacts', '400 invalid_request'],
    ['contacts:write', 'PATCH', `/contacts/${id}`, '400 invalid_request'],
    ['messages:send', 'POST', '/messages', '400 invalid_request'],
    ['messages:read', 'GET', '/messages', '200'],
    ['messages:read', 'GET', `/messages/${id}`, '404 not_found'],
    ['conversations:read', 'GET', '/conversations', '200'],
    ['conversations:read', 'GET', `/conversations/${id}`, '404 not_found'],
    ['broadcasts:send', 'POST', '/broadcasts', '400 invalid_request'],
    ['webhooks:manage', 'GET', '/webhooks', '200'],
    ['webhooks:manage', 'POST', '/webhooks', '400 invalid_request'],
    ['webhooks:manage', 'DELETE', `/webhooks/${id}`, '404 not_found'],
  ]
  const scopes = [...new Set(routes.map(([scope]) => scope))]

  it.each(scopes)('%s grants its own routes under both prefixes and no others', async (scope) => {
    const { key } = await makeKey(app, account.owner.jwt, {
      scopes: [scope],
      format: 'wacrm_live',
    })
    for (const [needed, method, path, passed] of routes) {
      for (const prefix of ['/api', '/api/v1']) {
        const body = method === 'POST' || method === 'PATCH' ? { body: {} } : {}
        const result = await outcome(app.request(method, prefix + path, { as: key, ...body }))
        const expected = needed === scope ? passed : '403 insufficient_scope'
        expect(result, `${scope}: ${method} ${prefix}${path}`).toBe(expected)
      }
    }
  })

  it('are seven', () => expect(scopes).toHaveLength(7))

  it('allow HEAD where they allow GET', async () => {
    const reader = await makeKey(app, account.owner.jwt, { scopes: ['contacts:read'] })
    const head = await app.request('HEAD', '/api/contacts', { key: reader.key })
    expect([head.status, head.text]).toEqual([200, ''])
    expect((await app.request('HEAD', '/api/messages', { key: reader.key })).status).toBe(403)
  })
})

describe('one account', () => {
  it('reads and writes only its own rows, whatever headers it forges', async () => {
    const other = await openAccount('Globex')
    const theirs = await makeKey(app, other.owner.jwt)
    const body = { name: 'Ada', phone: '+4915112345678' }
    const made = await app.request('POST', '/api/v1/contacts', { key, body })
    expect(made.status, made.text).toBe(201)
    const { id } = made.body.data
    expect((await app.request('GET', `/api/contacts/${id}`, { key })).body.data.name).toBe('Ada')
    for (const name of [
      'x-latchkey-account',
      'X-LATCHKEY-ACCOUNT',
      'x_latchkey_account',
      'X-Latchkey_Account',
    ]) {
      const options = { key: theirs.key, headers: { [name]: account.id } }
      expect(await outcome(app.request('GET', `/api/contacts/${id}`, options))).toBe(
        '404 not_found',
      )
      expect((await app.request('GET', '/api/contacts', options)).body.data).toEqual([])
      const patch = app.request('PATCH', `/api/contacts/${id}`, {
        ...options,
        body: { name: 'Eve' },
      })
      expect(await outcome(patch)).toBe('404 not_found')
    }
  })
})

describe('the request to the upstream', () => {
  it('has the identity of the caller, and nothing that could be forged or stolen', async () => {
    const { id, key } = await makeKey(app, account.owner.jwt, {
      scopes: ['contacts:read', 'messages:read', 'contacts:read#7'],
      ...{ external_id: 'Kunde Ä, 1%', metadata: { secret: 'everything' } },
    })
    const seen = await sentTo(
      '/api/contacts?limit=1',
      {
        headers: {
          'x-api-key': key,
          'x-latchkey-account': 'forged',
          'x-latchkey-admin': 'yes',
          'X-LATCHKEY-SCOPES': 'everything',
          'x-latchkey-resources': 'forged',
          'x-latchkey-external-id': 'forged',
          x_latchkey_environment: 'forged',
          x_latchkey_account: 'forged',
          'x_latchkey-user': 'forged',
          cookie:
            'theme=dark; better-auth.session_token=secret.signature; __Secure-better-auth.session_token=s; a=b',
          'accept-language': 'de',
        },
      },
      key,
    )
    const received = Object.fromEntries(seen.headers)
    expect(received).toMatchObject({
      'x-latchkey-account': account.id,
      'x-latchkey-key-id': id,
      'x-latchkey-scopes': 'contacts:read messages:read',
      'x-latchkey-resources': 'none',
      'x-latchkey-external-id': 'Kunde%20%C3%84%2C%201%25',
      'x-latchkey-environment': 'live',
      'accept-language': 'de',
      cookie: 'theme=dark; a=b',
    })
    const names = Object.keys(received).map((name) => name.replaceAll('_', '-'))
    const ours = names.filter((name) => name.startsWith('x-latchkey')).sort()
    expect(ours).toEqual([
      ...[
        'x-latchkey-account',
        'x-latchkey-environment',
        'x-latchkey-external-id',
        'x-latchkey-key-id',
        'x-latchkey-request-id',
        'x-latchkey-resources',
        'x-latchkey-scopes',
        'x-latchkey-user',
      ],
    ])
    for (const gone of ['x-api-key', 'authorization']) expect(names).not.toContain(gone)
    const everything = JSON.stringify([received, seen.url])
    for (const secret of [key, 'forged', 'secret.signature', 'everything']) {
      expect(everything).not.toContain(secret)
    }
    expect(new URL(seen.url).pathname + new URL(seen.url).search).toBe('/api/contacts?limit=1')
  })

  it('has no part of a credential that was presented in addition to the one that was used', async () => {
    const second = await makeKey(app, account.owner.jwt)
    const both = { 'x-api-key': key, authorization: `Bearer ${second.key}` }
    const seen = await sentTo('/api/contacts', { headers: both })
    expect(JSON.stringify([...seen.headers])).not.toContain(second.key)
  })

  it('has no session, even when a client sends two Cookie headers', async () => {
    const headers = new Headers({ 'x-api-key': key })
    headers.append('cookie', 'a=b')
    headers.append('cookie', 'better-auth.session_token=secret')
    const seen = await sentTo('/api/contacts', { headers })
    expect(seen.headers.get('cookie') ?? '').not.toContain('secret')
  })

  it('has no empty header: an absent one means none', async () => {
    const person = await sentTo('/api/contacts', {
      headers: { authorization: `Bearer ${account.member.jwt}` },
    })
    expect(person.headers.get('x-latchkey-key-id')).toBe('none')
    expect(person.headers.get('x-latchkey-account')).toBe(account.id)
    for (const [name, value] of person.headers) expect(value, name).not.toBe('')
  })

  it('has the request id that the client receives', async () => {
    let received: string | null = null
    const behind = await openGateway({
      fetch(request) {
        received = request.headers.get('x-latchkey-request-id')
        return new Response('ok', { headers: { 'x-request-id': 'of the API behind' } })
      },
    })
    const answer = await behind.request('GET', '/api/contacts', {
      key,
      headers: { 'x-request-id': 'forged' },
    })
    expect(answer.headers.get('x-request-id')).toBe(received)
    expect(received).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('has the path and the query unchanged', async () => {
    for (const path of [
      '/api/contacts?a=%20b&a=c&c=%2F..%2F',
      '/api/contact%73',
      '/api/v1/messages/%C3%A9?x',
    ]) {
      expect(new URL((await sentTo(path)).url).href).toBe(new URL(path, env.BASE_URL).href)
    }
  })
})

describe('bodies', () => {
  it('stream to the upstream: it reads the first part before the last is sent', async () => {
    const first = Promise.withResolvers<void>()
    const behind = await openGateway({
      async fetch(request) {
        let bytes = 0
        for await (const chunk of request.body ?? []) {
          bytes += chunk.byteLength
          first.resolve()
        }
        return Response.json({ bytes })
      },
    })
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const headers = { 'x-api-key': key }
    const answer = behind.send('/api/v1/contacts', { method: 'POST', headers, body: readable })
    const writer = writable.getWriter()
    await writer.write(new Uint8Array(1_000))
    await first.promise
    // Far above the 64 kB limit of management endpoints.
    for (let sent = 0; sent < 40; sent++) await writer.write(new Uint8Array(100_000))
    await writer.close()
    expect(await (await answer).json()).toEqual({ bytes: 4_001_000 })
  })

  it('stream back: the first part arrives before the last is made', async () => {
    const last = Promise.withResolvers<void>()
    const behind = await openGateway({
      fetch() {
        const body = new ReadableStream<Uint8Array>({
          async start(controller) {
            controller.enqueue(new TextEncoder().encode('first '))
            await last.promise
            controller.enqueue(new TextEncoder().encode('last'))
            controller.close()
          },
        })
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      },
    })
    const response = await behind.send('/api/contacts', { headers: { 'x-api-key': key } })
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const decoded = async () => new TextDecoder().decode((await reader.read()).value)
    expect(await decoded()).toBe('first ')
    last.resolve()
    expect(await decoded()).toBe('last')
    expect(response.headers.get('content-type')).toBe('text/event-stream')
  })

  it('are not read when the key is refused', async () => {
    let pulled = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled++
          controller.enqueue(new Uint8Array(10))
        },
      },
      { highWaterMark: 0 },
    )
    const response = await app.send('/api/contacts', {
      method: 'POST',
      headers: { 'x-api-key': 'bad' },
      body,
    })
    expect([response.status, pulled]).toEqual([401, 0])
  })

  it('of a GET, which some clients send, are tolerated', async () => {
    const behind = await openGateway({ fetch: () => new Response('ok') })
    const request = new Request(`${env.BASE_URL}/api/contacts`, { headers: { 'x-api-key': key } })
    // As workerd delivers it; the Request constructor refuses one.
    Object.defineProperty(request, 'body', { value: new Response('a body').body })
    const context = { waitUntil() {}, passThroughOnException() {}, props: {} }
    const response = await behind.handler.fetch(
      request,
      behind.bindings,
      context as unknown as ExecutionContext,
    )
    expect(response.status).toBeLessThan(500)
  })
})

describe('the response of the upstream', () => {
  it.each([200, 201, 204, 304, 400, 401, 403, 404, 409, 422, 429, 500, 503])(
    '%i passes unchanged, headers and body',
    async (status) => {
      const headers = { 'x-own': 'yes', 'retry-after': '7', 'set-cookie': 'a=b' }
      const empty = status === 204 || status === 304
      const behind = await openGateway({
        fetch: () => new Response(empty ? null : 'of the API', { status, headers }),
      })
      const answer = await behind.request('GET', '/api/contacts', { key })
      expect([answer.status, answer.text]).toEqual([status, empty ? '' : 'of the API'])
      for (const [name, value] of Object.entries(headers))
        expect(answer.headers.get(name)).toBe(value)
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    },
  )

  it('passes a redirect to the client', async () => {
    const behind = await openGateway({
      fetch: () => Response.redirect('https://elsewhere.example/'),
    })
    const answer = await behind.request('GET', '/api/contacts', { key })
    expect([answer.status, answer.headers.get('location')]).toEqual([
      302,
      'https://elsewhere.example/',
    ])
  })

  it.each<[string, Upstream]>([
    ['rejects', { fetch: () => Promise.reject(new Error('connection refused')) }],
    [
      'throws at once',
      {
        fetch: () => {
          throw new Error('no such binding')
        },
      },
    ],
  ])('is a 502 problem when it %s, without the cause', async (_, upstream) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const behind = await openGateway(upstream)
    const answer = await behind.request('GET', '/api/contacts', { key })
    expect([answer.status, answer.body.code], answer.text).toEqual([502, 'upstream_unavailable'])
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.text).not.toMatch(/refused|binding/)
  })
})

describe('an upstream that is a URL', () => {
  it('is called at its own origin, with path and query, and its redirects are not followed', async () => {
    const fetched = vi
      .spyOn(globalThis, 'fetch')
      .mockImplementation(async () => new Response('far away'))
    const behind = await openGateway('https://api.example.com')
    const answer = await behind.request('POST', '/api/v1/contacts?x=%2F', { key, body: { a: 1 } })
    expect(answer.text).toBe('far away')
    const request = fetched.mock.calls[0]?.[0] as Request
    expect([request.method, request.url, request.redirect]).toEqual([
      ...['POST', 'https://api.example.com/api/v1/contacts?x=%2F', 'manual'],
    ])
    expect(await request.json()).toEqual({ a: 1 })
    expect(request.headers.get('x-latchkey-account')).toBe(account.id)
    expect(request.headers.get('x-api-key')).toBeNull()
  })

  it('cannot be redirected to another host', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(''))
    const behind = await openGateway('https://api.example.com')
    for (const path of [
      '//evil.example/api/contacts',
      '/api//evil.example/x',
      '/api/@evil.example',
      '/api/\\evil.example/',
    ]) {
      await behind.send(new URL(env.BASE_URL).origin + path, { headers: { 'x-api-key': key } })
    }
    for (const [request] of fetched.mock.calls) {
      expect(new URL((request as Request).url).host).toBe('api.example.com')
    }
  })
})

describe('an ambiguous path', () => {
  it.each([
    '/api/contacts/%2e%2e%2fapi-keys',
    '/api/contacts/..%2Fx',
    '/api/contacts%2f',
    '/api/contacts/%5c',
    '/api/contacts/%00',
    '/api/contacts/%ff',
    '/api//contacts',
    '//api/contacts',
  ])('%s is a 404, and the upstream receives nothing', async (path) => {
    let requests = 0
    const behind = await openGateway({ fetch: () => new Response(String(requests++)) })
    const answer = await behind.request('GET', path, { key })
    expect([answer.status, answer.body.code], answer.text).toEqual([404, 'not_found'])
    expect(requests).toBe(0)
  })

  it.each(['/api/contacts;a=b', '/api/contacts/%252e'])(
    '%s is a 400 even with full access, and does not reach the upstream',
    async (path) => {
      let calls = 0
      const behind = await openGateway({ fetch: () => new Response(String(calls++)) })
      const answer = await behind.request('GET', path, { key })
      expect([answer.status, answer.body.code], answer.text).toEqual([400, 'invalid_request'])
      expect(answer.body.errors).toHaveLength(1)
      expect(calls).toBe(0)
    },
  )

  it('requires its scope however its letters are encoded', async () => {
    const { key } = await makeKey(app, account.owner.jwt, { scopes: ['messages:read'] })
    for (const path of [
      '/api/contact%73',
      '/%61pi/contacts',
      '/api/%63%6f%6e%74%61%63%74%73',
      '/api/./contacts',
      '/api/x/../contacts',
    ]) {
      expect(await outcome(app.request('GET', path, { key })), path).toBe('403 insufficient_scope')
    }
    for (const path of ['/api/Contacts', '/api/contacts/', '/api/contacts%20']) {
      expect(await outcome(app.request('GET', path, { key })), path).toBe('403 forbidden')
    }
  })

  it('without a route, or with another method, requires full access', async () => {
    const { key: reader } = await makeKey(app, account.owner.jwt, { scopes: ['contacts:read'] })
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PURGE']) {
      expect(await outcome(app.request(method, '/api/contacts', { key: reader }))).toBe(
        '403 forbidden',
      )
    }
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
      const options = { key: reader, headers: { [name]: 'POST' } }
      expect(await outcome(app.request('GET', '/api/contacts', options))).toBe(
        '400 invalid_request',
      )
    }
  })
})
