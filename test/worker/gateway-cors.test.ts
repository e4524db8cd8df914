// CORS at the gateway: what a page of another origin may send and read.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CorsInput, readCors } from '../../src/core/cors.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { down } from '../support/outage.ts'
import {
  type Answer,
  createSkippingClock,
  createTestApp,
  type TestApp,
} from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const page = 'https://app.example.com'
const local = 'http://localhost:3000'
const foreign = [
  'https://evil.example',
  'null',
  'https://app.example.com.evil.example',
  'https://APP.example.com',
  'http://app.example.com',
  'https://app.example.com:444',
  `${page}, ${page}`,
]

let answer: (request: Request) => Response | Promise<Response>
let received: Request[]
let account: Account
let key: string

function open(
  cors: CorsInput | 'upstream' | null,
  { gateway = {}, bindings = {} }: { gateway?: object; bindings?: Partial<Env> } = {},
): Promise<TestApp> {
  const upstream = {
    fetch(request: Request) {
      received.push(request)
      return answer(request)
    },
  }
  const settings = {
    ...config,
    cors: readCors(cors),
    gateway: { ...config.gateway, timeoutMs: 100, ...gateway, upstream },
  }
  const clock = createSkippingClock()
  return createTestApp({ clock, bindings, isolate: createIsolate(settings, clock) })
}

const list = { origins: [page, local] }

function preflight(app: TestApp, path: string, origin: string, more: HeadersInit = {}) {
  const headers = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type,x-api-key',
    ...more,
  }
  return app.request('OPTIONS', path, { headers })
}

const corsHeaders = ({ headers }: Answer) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')))
const varyOf = ({ headers }: Answer) => headers.get('vary')?.split(/, */) ?? []

beforeAll(async () => {
  received = []
  answer = () => Response.json({ status: 'success' })
  account = await openAccount()
  key = (await makeKey(await open(null), account.owner.jwt)).key
})
beforeEach(() => {
  received = []
  answer = () => Response.json({ status: 'success' })
})

describe('without cors', () => {
  it('a preflight is refused, and no answer is readable from another origin', async () => {
    const app = await open(null)
    const asked = await preflight(app, '/api/contacts', page)
    expect([asked.status, asked.body.code]).toEqual([401, 'missing_credential'])
    const headers = { origin: page }
    const passed = await app.request('GET', '/api/contacts', { key, headers })
    const refused = await app.request('GET', '/api/contacts', { headers })
    expect([passed.status, refused.status]).toEqual([200, 401])
    for (const each of [asked, passed, refused]) {
      expect(corsHeaders(each)).toEqual({})
      expect(varyOf(each)).not.toContain('Origin')
    }
  })
})

describe('a preflight from a listed origin', () => {
  it.each([page, local])('of %s is answered without a credential', async (origin) => {
    const app = await open(list)
    const { status, headers, text } = await preflight(app, '/api/v1/contacts', origin)
    expect([status, text]).toEqual([204, ''])
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.get('access-control-allow-methods')?.split(',')).toContain('POST')
    expect(headers.get('access-control-allow-headers')).toBe('content-type,x-api-key')
    expect(headers.get('access-control-max-age')).toBe('600')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    expect(varyOf({ headers } as Answer)).toEqual(['Origin', 'Access-Control-Request-Headers'])
    expect(received).toEqual([])
  })

  it('is one with `Content-Length: 0`, but not with the body of another length', async () => {
    const app = await open(list)
    const headers = { origin: page, 'access-control-request-method': 'POST' }
    const sent = (more: HeadersInit, body: string) =>
      app.request('OPTIONS', '/api/contacts', { headers: { ...headers, ...more }, body })
    const empty = await sent({ 'content-length': '0' }, '')
    expect([empty.status, empty.headers.get('access-control-allow-origin')]).toEqual([204, page])
    const chunked = { 'content-length': '0', 'transfer-encoding': 'chunked' }
    expect(await outcome(sent(chunked, ''))).toBe('401 missing_credential')
    expect(await outcome(sent({ 'content-length': '1' }, 'a'))).toBe('401 missing_credential')
    expect(received).toEqual([])
  })

  it('allows every method that a route of the policy has, for the time that is configured', async () => {
    const route = { method: 'PURGE', path: '/api/contacts', scope: 'contacts:write' }
    const settings = {
      ...config,
      policies: { crm: { environments: ['live'], routes: [route] } },
      cors: { ...list, maxAgeSeconds: 5 },
    }
    const app = await createTestApp({ isolate: createIsolate(settings, createSkippingClock()) })
    const { headers } = await preflight(app, '/api/contacts', page)
    expect(headers.get('access-control-allow-methods')?.split(',')).toContain('PURGE')
    expect(headers.get('access-control-max-age')).toBe('5')
  })

  it('reaches no store, and counts nothing', async () => {
    const watched = watchBindings()
    const app = await open(list, { bindings: watched.bindings })
    for (let at = 0; at < 3; at++) await preflight(app, '/api/contacts', page, { 'x-api-key': key })
    expect(watched.counts()).toEqual({})
  })
})

describe('a preflight from another origin', () => {
  it.each(foreign)('(%s) is answered without an allowed origin', async (origin) => {
    const answered = await preflight(await open(list), '/api/contacts', origin)
    expect(answered.status).toBe(204)
    expect(answered.headers.get('access-control-allow-origin')).toBeNull()
    expect(varyOf(answered)).toContain('Origin')
  })
})

describe('a refusal of the gateway', () => {
  const exposed = [
    'X-Request-Id',
    'ETag',
    'Retry-After',
    'RateLimit',
    'RateLimit-Policy',
    'WWW-Authenticate',
    'Server-Timing',
  ]

  const refusals: [string, () => Promise<(headers: HeadersInit) => Promise<Answer>>][] = [
    ['401 missing_credential', async () => ask(await open(list), '/api/contacts')],
    ['401 invalid_api_key', async () => ask(await open(list), '/api/contacts', 'whm_no')],
    [
      '403 insufficient_scope',
      async () => {
        const { key } = await makeKey(await open(list), account.owner.jwt, { scopes: [] })
        return ask(await open(list), '/api/contacts', key)
      },
    ],
    [
      '403 ip_not_allowed',
      async () => {
        const body = { allowed_ips: ['203.0.113.7'] }
        const { key } = await makeKey(await open(list), account.owner.jwt, body)
        return ask(await open(list), '/api/contacts', key)
      },
    ],
    [
      '429 rate_limited',
      async () => {
        const rate_limit = [{ limit: 1, window_seconds: 3600 }]
        const { key } = await makeKey(await open(list), account.owner.jwt, { rate_limit })
        const app = await open(list)
        await app.request('GET', '/api/contacts', { key })
        return ask(app, '/api/contacts', key)
      },
    ],
    [
      '503 authority_unavailable',
      async () =>
        ask(
          await open(list, { bindings: down(['DB', 'KEY_CACHE', 'FENCE']) }),
          '/api/contacts',
          key,
        ),
    ],
    [
      '502 upstream_unavailable',
      async () => {
        answer = () => Promise.reject(new Error('refused'))
        return ask(await open(list), '/api/contacts', key)
      },
    ],
    [
      '504 upstream_timeout',
      async () => {
        answer = () => new Promise(() => {})
        return ask(await open(list), '/api/contacts', key)
      },
    ],
    ['400 invalid_request', async () => ask(await open(list), '/api/contacts;a=b', key)],
  ]
  const ask = (app: TestApp, path: string, key?: string) => (headers: HeadersInit) =>
    app.request('GET', path, { headers, ...(key !== undefined && { key }) })

  it.each(refusals)('(%s) is readable from a listed origin only', async (expected, prepare) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const send = await prepare()
    const readable = await send({ origin: page })
    expect(`${readable.status} ${readable.body.code}`).toBe(expected)
    expect(corsHeaders(readable)).toEqual({
      'access-control-allow-origin': page,
      'access-control-expose-headers': exposed.join(', '),
    })
    expect(readable.headers.get('x-request-id')).toBe(readable.body.request_id)
    const others = [await send({ origin: foreign[0] as string }), await send({})]
    for (const other of others) expect(corsHeaders(other)).toEqual({})
    for (const each of [readable, ...others]) {
      expect(varyOf(each)).toContain('Origin')
      expect(each.headers.get('cache-control')).toBe('no-store')
    }
    vi.restoreAllMocks()
  })
})

describe('an answer of the API', () => {
  const contradicting = {
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'TRACE',
    'access-control-expose-headers': 'X-Total-Count',
    'access-control-max-age': '1',
    vary: 'Accept',
  }

  it('has our allowed origin in place of its own, and both lists of readable headers', async () => {
    answer = () => new Response('body', { headers: contradicting })
    const app = await open(list)
    const read = await app.request('GET', '/api/contacts', { key, headers: { origin: page } })
    expect([read.status, read.text]).toEqual([200, 'body'])
    const { 'access-control-expose-headers': exposed, ...others } = corsHeaders(read)
    expect(others).toEqual({ 'access-control-allow-origin': page })
    expect(exposed).toMatch(/^X-Request-Id, .*, X-Total-Count$/)
    expect(varyOf(read)).toEqual(['Accept', 'Authorization', 'X-API-Key', 'Origin'])
  })

  it.each([foreign[0], undefined])('has none for the origin %s', async (origin) => {
    answer = () => new Response('body', { headers: contradicting })
    const headers = new Headers(origin === undefined ? {} : { origin })
    const app = await open(list)
    const read = await app.request('GET', '/api/contacts', { key, headers })
    expect([read.status, corsHeaders(read)]).toEqual([200, {}])
    expect(varyOf(read)).toContain('Origin')
  })

  it('to an OPTIONS that is no preflight is the API’s own, and needs a credential', async () => {
    const app = await open(list)
    answer = ({ method }) => new Response(`${method} of the API`)
    const headers = { origin: page }
    const refused = await app.request('OPTIONS', '/api/contacts', { headers })
    expect([refused.status, refused.body.code]).toEqual([401, 'missing_credential'])
    const passed = await app.request('OPTIONS', '/api/contacts', { key, headers })
    expect([passed.status, passed.text]).toEqual([200, 'OPTIONS of the API'])
    expect(passed.headers.get('access-control-allow-origin')).toBe(page)
    const noOrigin = { 'access-control-request-method': 'POST' }
    const curl = app.request('OPTIONS', '/api/contacts', { headers: noOrigin })
    expect(await outcome(curl)).toBe('401 missing_credential')
  })
})

describe('paths of Latchkey', () => {
  it.each([
    ['/api/api-keys', 405],
    ['/api/v1/me', 405],
    ['/api/v1/keys/verify', 405],
    ['/api/usage', 405],
    ['/healthz', 405],
    ['/.well-known/oauth-protected-resource', 405],
    ['/api/contacts%2f', 404],
    ['/', 404],
  ])('%s answers a preflight with %i, and opens nothing', async (path, status) => {
    const answered = await preflight(await open(list), path, page)
    expect([answered.status, corsHeaders(answered)]).toEqual([status, {}])
  })

  it('answer a page of a listed origin without making it readable', async () => {
    const me = await (await open(list)).request('GET', '/api/v1/me', {
      key,
      headers: { origin: page },
    })
    expect([me.status, corsHeaders(me)]).toEqual([200, {}])
  })
})

describe('a WebSocket', () => {
  const connect = async (app: TestApp, origin?: string) => {
    answer = () => {
      const { 0: client, 1: server } = new WebSocketPair()
      server.accept()
      return new Response(null, { status: 101, webSocket: client })
    }
    const headers = new Headers({ upgrade: 'websocket', 'x-api-key': key })
    if (origin !== undefined) headers.set('origin', origin)
    const response = await app.send('/api/contacts', { headers })
    if (response.webSocket) {
      response.webSocket.accept()
      response.webSocket.close()
      return '101'
    }
    const { code } = (await response.json()) as { code: string }
    return `${response.status} ${code}`
  }

  it.each(foreign)('from %s is refused before the API is called', async (origin) => {
    expect(await connect(await open(list), origin)).toBe('403 forbidden')
    expect(received).toEqual([])
  })

  it('from a listed origin opens, and from a client that is no browser', async () => {
    const app = await open(list)
    expect(await connect(app, page)).toBe('101')
    expect(await connect(app)).toBe('101')
    expect(received.map(({ headers }) => headers.get('origin'))).toEqual([page, null])
  })

  it.each([null, 'upstream' as const])('opens from any origin with cors %s', async (cors) => {
    expect(await connect(await open(cors), foreign[0])).toBe('101')
  })
})

describe('speculation', () => {
  it('sends nothing for a preflight or a WebSocket of another origin, in either mode', async () => {
    for (const cors of [list, null]) {
      const app = await open(cors, { gateway: { speculative: true } })
      await app.request('GET', '/api/contacts', { key })
      app.clock.skip(2_000)
      received = []
      await preflight(app, '/api/contacts', foreign[0] as string, { 'x-api-key': 'whm_no' })
      await preflight(app, '/api/contacts', page, { 'x-api-key': 'whm_no' })
      const headers = { upgrade: 'websocket', 'x-api-key': key, origin: foreign[0] as string }
      if (cors !== null) await app.request('GET', '/api/contacts', { headers })
      expect(received).toEqual([])
    }
  })
})

describe("with cors: 'upstream'", () => {
  const allowed = {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': 'x-api-key',
  }

  it('a preflight reaches the API without a credential and without an identity', async () => {
    answer = () => new Response(null, { status: 204, headers: allowed })
    const app = await open('upstream')
    const answered = await preflight(app, '/api/contacts?a=b', page, {
      'x-api-key': key,
      authorization: `Bearer ${key}`,
      cookie: 'session=1',
      'x-latchkey-account': account.id,
      'x-other': 'dropped',
      'cf-connecting-ip': '203.0.113.7',
    })
    expect([answered.status, corsHeaders(answered)]).toEqual([204, allowed])
    const [request] = received
    expect(`${request?.method} ${new URL(request?.url ?? '').pathname}`).toBe(
      'OPTIONS /api/contacts',
    )
    expect(Object.fromEntries(request?.headers ?? [])).toEqual({
      origin: page,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-api-key',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-host': 'localhost:8787',
      'x-forwarded-proto': 'http',
      'x-latchkey-request-id': answered.headers.get('x-request-id'),
    })
  })

  it('a preflight with `Content-Length: 0` reaches the API, too', async () => {
    answer = () => new Response(null, { status: 204, headers: allowed })
    const app = await open('upstream')
    const headers = { origin: page, 'access-control-request-method': 'POST', 'content-length': '0' }
    const answered = await app.request('OPTIONS', '/api/contacts', { headers, body: '' })
    expect([answered.status, corsHeaders(answered)]).toEqual([204, allowed])
    expect(await received[0]?.text()).toBe('')
  })

  it('brings no body back, and reaches no store', async () => {
    const watched = watchBindings()
    answer = () => Response.json({ secret: 'rows' }, { headers: allowed })
    const app = await open('upstream', { bindings: watched.bindings })
    const { status, text } = await preflight(app, '/api/contacts', page)
    expect([status, text]).toEqual([200, ''])
    expect(watched.counts()).toEqual({})
  })

  it('passes nothing that could be more than a preflight', async () => {
    const app = await open('upstream')
    const overridden = preflight(app, '/api/contacts', page, { 'x-http-method-override': 'DELETE' })
    expect(await outcome(overridden)).toBe('400 invalid_request')
    expect(await outcome(preflight(app, '/api/contacts;a', page))).toBe('400 invalid_request')
    expect(await outcome(preflight(app, `/api/contacts?key=${key}`, page))).toBe(
      '401 missing_credential',
    )
    const headers = { origin: page, 'access-control-request-method': 'POST' }
    const withBody = app.request('OPTIONS', '/api/contacts', { headers, body: { a: 1 } })
    expect(await outcome(withBody)).toBe('401 missing_credential')
    const plain = app.request('OPTIONS', '/api/contacts', { headers: { origin: page } })
    expect(await outcome(plain)).toBe('401 missing_credential')
    expect(received).toEqual([])
  })

  it('everything else is the API’s: its answers pass as they are, and refusals say nothing', async () => {
    answer = () => new Response('body', { headers: { ...allowed, vary: 'Origin' } })
    const app = await open('upstream')
    const headers = { origin: page }
    const passed = await app.request('GET', '/api/contacts', { key, headers })
    expect([passed.text, corsHeaders(passed)]).toEqual(['body', allowed])
    const refused = await app.request('GET', '/api/contacts', { headers })
    expect([refused.status, corsHeaders(refused)]).toEqual([401, {}])
  })
})
