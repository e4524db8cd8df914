// The gateway: the request that the upstream receives, the response that the client receives, and timeouts.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createIsolate } from '../../src/worker/context.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

type Answerer = (request: Request) => Response | Promise<Response>

let answer: Answerer
let app: TestApp
let account: Account
let key: string

/** An app whose upstream is `answer`. */
function createGatewayApp(gateway: object = {}, bindings: Partial<Env> = {}): Promise<TestApp> {
  const upstream = { fetch: (request: Request) => answer(request) }
  const settings = { ...config, gateway: { ...config.gateway, ...gateway, upstream } }
  const clock = createSkippingClock()
  return createTestApp({ clock, bindings, isolate: createIsolate(settings, clock) })
}

beforeAll(async () => {
  app = await createGatewayApp({ timeoutMs: 100 })
  account = await openAccount()
  key = (await makeKey(app, account.owner.jwt)).key
})

beforeEach(() => {
  answer = (request) => Response.json(Object.fromEntries(request.headers))
})

const seen = async (headers: Record<string, string>) =>
  (await app.request('GET', '/api/contacts', { key, headers })).body

describe('the request that the upstream receives', () => {
  it('has no connection header, nor one that Connection names', async () => {
    const headers = await seen({
      connection: 'close, X-Hop, x-latchkey-account',
      'x-hop': '1',
      'keep-alive': '5',
      'proxy-authorization': 'Basic eDp5',
      'proxy-connection': 'close',
      te: 'trailers',
      trailer: 'x-sum',
      upgrade: 'h2c',
      'x-kept': '1',
    })
    expect(Object.keys(headers).sort()).toEqual([
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-kept',
      'x-latchkey-account',
      'x-latchkey-environment',
      'x-latchkey-external-id',
      'x-latchkey-key-id',
      'x-latchkey-request-id',
      'x-latchkey-resources',
      'x-latchkey-scopes',
      'x-latchkey-user',
    ])
  })

  it('has the true origin, whatever headers the client sends', async () => {
    const headers = await seen({
      'cf-connecting-ip': '203.0.113.7',
      forwarded: 'for=10.0.0.1',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-host': 'evil.test',
      'x-forwarded-proto': 'gopher',
      'x-forwarded-prefix': '/evil',
      x_forwarded_for: '10.0.0.1',
      'x-real-ip': '10.0.0.1',
      'x-original-url': '/api/admin',
      'x-rewrite-url': '/api/admin',
    })
    expect(JSON.stringify(headers)).not.toMatch(/10\.0\.0\.1|evil|gopher|admin/)
    expect(headers).toMatchObject({
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-host': 'localhost:8787',
      'x-forwarded-proto': 'http',
    })
  })

  it('has neither the credential nor an identity that the client forged', async () => {
    const headers = await seen({
      authorization: `Bearer ${key}`,
      cookie: 'a=1; better-auth.session_token=x; b=2',
      'x-latchkey-account': 'forged',
      x_latchkey_account: 'forged',
      'X-Latchkey_Role': 'forged',
    })
    expect(JSON.stringify(headers)).not.toMatch(/forged|better-auth|Bearer|whm_/)
    expect(headers.cookie).toBe('a=1; b=2')
    expect(headers['x-latchkey-account']).toBe(account.id)
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('has the body of a %s', async (method) => {
    answer = async (request) => new Response(`${request.method} ${await request.text()}`)
    const sent = await app.request(method, '/api/things', { key, body: 'a body' })
    expect(sent.text).toBe(`${method} a body`)
  })

  it('has the path and query unchanged', async () => {
    answer = (request) => new Response(request.url)
    const target = '/api/m%65ssages/%C3%A9?q=a%20b+c&x=%2F..%2F&x='
    const { text } = await app.request('GET', target, { key })
    expect(text).toBe(`http://localhost:8787${target}`)
  })
})

describe('the response that the client receives', () => {
  it('is that of the upstream without its connection headers, with our request id', async () => {
    answer = () =>
      new Response('made', {
        status: 201,
        headers: [
          ['connection', 'x-hop'],
          ['x-hop', '1'],
          ['keep-alive', '5'],
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
          ['x-request-id', 'theirs'],
          ['etag', '"1"'],
        ],
      })
    const { status, headers, text } = await app.request('GET', '/api/contacts', { key })
    expect(`${status} ${text}`).toBe('201 made')
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(headers.get('etag')).toBe('"1"')
    for (const name of ['connection', 'x-hop', 'keep-alive']) expect(headers.has(name)).toBe(false)
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it.each([204, 205, 304])('may be a %s without a body', async (status) => {
    answer = () => new Response(null, { status })
    const { status: got, text } = await app.request('GET', '/api/contacts', { key })
    expect([got, text]).toEqual([status, ''])
  })

  it.each([301, 302, 303, 307, 308])('may be a redirect (%s), which is not followed', async (s) => {
    answer = () => new Response(null, { status: s, headers: { location: 'https://a.test/' } })
    const { status, headers } = await app.request('GET', '/api/contacts', { key })
    expect([status, headers.get('location')]).toEqual([s, 'https://a.test/'])
  })

  it('may be a WebSocket', async () => {
    answer = () => {
      const { 0: client, 1: server } = new WebSocketPair()
      server.accept()
      server.addEventListener('message', ({ data }) => server.send(`echo ${data}`))
      return new Response(null, { status: 101, webSocket: client })
    }
    const response = await app.send('/api/socket', {
      headers: { upgrade: 'websocket', 'x-api-key': key },
    })
    expect(response.status).toBe(101)
    expect(response.headers.get('x-request-id')).toBeTruthy()
    const socket = response.webSocket
    const message = new Promise((got) => socket?.addEventListener('message', (m) => got(m.data)))
    socket?.accept()
    socket?.send('hello')
    expect(await message).toBe('echo hello')
    socket?.close()
  })
})

describe('an upstream that fails', () => {
  const send = (method = 'GET') => outcome(app.request(method, '/api/contacts', { key }))

  it('is a 502 when it throws', async () => {
    answer = () => {
      throw new Error('unreachable')
    }
    expect(await send()).toBe('502 upstream_unavailable')
  })

  it('is a 504 when it does not begin its response in time, and is aborted', async () => {
    let signal: AbortSignal | undefined
    answer = (request) => {
      signal = request.signal
      return new Promise(() => {})
    }
    expect(await send()).toBe('504 upstream_timeout')
    expect(signal?.aborted).toBe(true)
  })

  it('has no time limit after its response begins', async () => {
    answer = () => {
      const { readable, writable } = new TransformStream<string, string>()
      const writer = writable.getWriter()
      writer.write('begun, ')
      setTimeout(() => writer.write('ended').then(() => writer.close()), 250)
      return new Response(readable.pipeThrough(new TextEncoderStream()))
    }
    expect((await app.request('GET', '/api/contacts', { key })).text).toBe('begun, ended')
  })

  it('does not time out during a slow upload', async () => {
    answer = async (request) => new Response(await request.text())
    const { readable, writable } = new TransformStream<string, string>()
    const writer = writable.getWriter()
    writer.write('slow ')
    setTimeout(() => writer.write('upload').then(() => writer.close()), 250)
    const response = await app.send('/api/contacts', {
      method: 'POST',
      headers: { 'x-api-key': key },
      body: readable.pipeThrough(new TextEncoderStream()),
    })
    expect(await response.text()).toBe('slow upload')
  })
})

describe('an ambiguous request', () => {
  it.each(['/api/contacts%2f..%2fmessages', '/api/a%5cb'])('is a 404 at %s', async (path) => {
    expect(await outcome(app.request('GET', path, { key }))).toBe('404 not_found')
  })

  it.each(['/api/%252e%252e/contacts', '/api/contacts;x'])(
    'is a 400 at %s, even for full access',
    async (path) => {
      expect(await outcome(app.request('GET', path, { key }))).toBe('400 invalid_request')
    },
  )

  it('is a 400 when a header names another method', async () => {
    const headers = { 'x-http-method-override': 'DELETE' }
    const refused = app.request('POST', '/api/contacts', { key, headers })
    expect(await outcome(refused)).toBe('400 invalid_request')
  })
})

describe('speculation', () => {
  let events: string[]
  let speculative: TestApp

  /** The real fence, whose response waits until the upstream has been called. */
  function fenceBehindUpstream(upstreamCalled: () => Promise<void>): Partial<Env> {
    const getByName = (...args: Parameters<typeof env.FENCE.getByName>) => {
      const stub = env.FENCE.getByName(...args)
      return {
        async ask(...question: Parameters<typeof stub.ask>) {
          await upstreamCalled()
          const answer = await stub.ask(...question)
          events.push('fence answers')
          return answer
        },
        hold: (...raises: Parameters<typeof stub.hold>) => stub.hold(...raises),
      }
    }
    return { FENCE: { getByName } as unknown as Env['FENCE'] }
  }

  /** Caches the key, then lets the lease of the view expire. */
  async function warm(token: string) {
    await speculative.request('GET', '/api/contacts', { key: token })
    speculative.clock.skip(2_000)
    events = []
  }

  beforeEach(async () => {
    events = []
    let begun = Promise.withResolvers<void>()
    answer = () => {
      events.push('upstream called')
      begun.resolve()
      const body = new ReadableStream({
        pull(controller) {
          controller.enqueue(new TextEncoder().encode('secret'))
          controller.close()
        },
      })
      return new Response(body)
    }
    const bindings = fenceBehindUpstream(() =>
      Promise.race([begun.promise, new Promise<void>((wake) => setTimeout(wake, 50))]),
    )
    speculative = await createGatewayApp({ speculative: true }, bindings)
    begun = Promise.withResolvers<void>()
  })

  it('calls the upstream during the fence query, and releases the response if the key is valid', async () => {
    await warm(key)
    const { status, text } = await speculative.request('GET', '/api/contacts', { key })
    expect([status, text]).toEqual([200, 'secret'])
    expect(events).toEqual(['upstream called', 'fence answers'])
  })

  it('never releases the response for a revoked key', async () => {
    const made = await makeKey(app, account.owner.jwt)
    await warm(made.key)
    await app.request('DELETE', `/api/api-keys/${made.id}`, { as: account.owner.jwt })
    const refused = await speculative.request('GET', '/api/contacts', { key: made.key })
    expect(`${refused.status} ${refused.body.code}`).toBe('401 revoked_api_key')
    expect(refused.text).not.toContain('secret')
    expect(events[0]).toBe('upstream called')
  })

  it('does not apply to a limited key: what its meter refuses must not reach the upstream', async () => {
    const made = await makeKey(app, account.owner.jwt, { credits: { remaining: 2 } })
    await warm(made.key)
    expect((await speculative.request('GET', '/api/contacts', { key: made.key })).status).toBe(200)
    expect(events).toEqual(['fence answers', 'upstream called'])
    events = []
    expect((await speculative.request('GET', '/api/contacts', { key: made.key })).status).toBe(429)
    expect(events).not.toContain('upstream called')
  })

  it('repeats the call when the identity that it sent is outdated', async () => {
    const scopes = ['contacts:read', 'messages:read']
    const made = await makeKey(app, account.owner.jwt, { scopes })
    await warm(made.key)
    const received: (string | null)[] = []
    answer = (request) => {
      received.push(request.headers.get('x-latchkey-scopes'))
      return new Response('anew')
    }
    const body = { scopes: ['contacts:read'] }
    await app.request('PATCH', `/api/api-keys/${made.id}`, { as: account.owner.jwt, body })
    const { text } = await speculative.request('GET', '/api/contacts', { key: made.key })
    expect(text).toBe('anew')
    expect(received).toEqual(['contacts:read messages:read', 'contacts:read'])
  })

  it.each([
    ['a POST', 'POST', {}],
    ['a WebSocket', 'GET', { upgrade: 'websocket' }],
    ['a token that was never verified here', 'GET', { 'x-api-key': `whm_${'0'.repeat(32)}` }],
  ])('waits for the verdict on %s', async (_, method, headers) => {
    await warm(key)
    await speculative.request(method, '/api/contacts', {
      headers: { 'x-api-key': key, ...headers },
    })
    expect(events[0]).not.toBe('upstream called')
  })
})
