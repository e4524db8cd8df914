// Streams and WebSockets through the gateway end when their credential no longer admits them.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createIsolate } from '../../src/worker/context.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { down } from '../support/outage.ts'
import { resume, suspend } from '../support/suspension.ts'
import { addPerson, createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

// A stream ends after two of these without an answer: long enough for a machine with ten times its load.
const reverifyMs = 800
let answer: (request: Request) => Response | Promise<Response>
let app: TestApp
let account: Account

function createGatewayApp(gateway: object = {}, bindings: Partial<Env> = {}): Promise<TestApp> {
  const upstream = { fetch: (request: Request) => answer(request) }
  // Without a lease each verification reads what is in force.
  const settings = {
    ...config,
    leaseMs: 0,
    gateway: { ...config.gateway, reverifyMs, ...gateway, upstream },
  }
  const clock = createSkippingClock()
  return createTestApp({ clock, bindings, isolate: createIsolate(settings, clock) })
}

/** An upstream whose stream ends only when the test says so. */
function openStream() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const cancelled = writer.closed.then(
    () => 'closed',
    () => 'cancelled',
  )
  answer = () => new Response(readable, { headers: { 'content-type': 'text/event-stream' } })
  return {
    write: (text: string) => writer.write(new TextEncoder().encode(text)),
    close: () => writer.close(),
    cancelled,
  }
}

/** The text of a body, and how it ended. */
async function readAll({ body }: Response): Promise<string> {
  let text = ''
  try {
    for await (const chunk of body ?? []) text += new TextDecoder().decode(chunk)
    return `${text}complete`
  } catch {
    return `${text}aborted`
  }
}

const wait = (ms: number) => new Promise((wake) => setTimeout(wake, ms))
const open = (token: string, at = app, path = '/api/contacts') =>
  at.send(path, {
    headers: token.includes('.') ? { authorization: `Bearer ${token}` } : { 'x-api-key': token },
  })
const asOwner = (method: string, id: string, body?: object) =>
  app.request(method, `/api/api-keys/${id}`, { as: account.owner.jwt, ...(body && { body }) })

beforeAll(async () => {
  app = await createGatewayApp()
  account = await openAccount()
  // The first of each loads code and opens the fence.
  answer = () => new Response('warm')
  const { id, key } = await makeKey(app, account.owner.jwt)
  expect(await readAll(await open(key))).toBe('warmcomplete')
  expect((await asOwner('DELETE', id)).status).toBe(200)
})
beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => {})
})

describe('a stream', () => {
  it.each<[string, (id: string) => Promise<unknown>]>([
    ['revoked', (id) => asOwner('DELETE', id)],
    ['disabled', (id) => asOwner('PATCH', id, { is_active: false })],
    [
      'expired',
      (id) =>
        asOwner('PATCH', id, { expires_at: new Date(app.clock.now() + 2_500).toISOString() }).then(
          () => app.clock.skip(5_000),
        ),
    ],
    ['without the scope', (id) => asOwner('PATCH', id, { scopes: ['messages:read'] })],
    ['bound to other addresses', (id) => asOwner('PATCH', id, { allowed_ips: ['192.0.2.1'] })],
    ['of a suspended account', () => suspend(app, account.id)],
  ])('ends when its key is %s, and the client sees that it is not complete', async (_, change) => {
    const { id, key } = await makeKey(app, account.owner.jwt, { scopes: ['contacts:read'] })
    const upstream = openStream()
    const response = await open(key)
    const read = readAll(response)
    await upstream.write('first ')
    await wait(1.5 * reverifyMs)
    await upstream.write('second ')
    await change(id)
    expect(await read).toBe('first second aborted')
    expect(await upstream.cancelled).toBe('cancelled')
    await resume(app, account.id)
  })

  it('on a path that no scope covers ends when its key no longer has full access', async () => {
    const { id, key } = await makeKey(app, account.owner.jwt)
    openStream()
    const read = readAll(await open(key, app, '/api/unlisted'))
    await asOwner('PATCH', id, { scopes: ['contacts:read'] })
    expect(await read).toBe('aborted')
  })

  it('of a person ends when they are no longer a member', async () => {
    const person = await addPerson(account.id, 'member')
    const upstream = openStream()
    const read = readAll(await open(person.jwt))
    await upstream.write('first ')
    await wait(1.5 * reverifyMs)
    await upstream.write('second ')
    await env.DB.prepare('DELETE FROM member WHERE id = ?').bind(person.memberId).run()
    expect(await read).toBe('first second aborted')
  })

  it('survives a short outage, and ends when its key cannot be verified for two intervals', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    const isDown = { now: false }
    const working = env as Partial<Env>
    const broken = down(['DB', 'KEY_CACHE', 'FENCE'])
    const pick = (name: keyof Env) =>
      new Proxy(
        {},
        {
          get(_, method) {
            const from = (isDown.now ? broken : working)[name] as object
            const value = Reflect.get(from, method)
            return typeof value === 'function'
              ? (...args: unknown[]) => Reflect.apply(Reflect.get(from, method), from, args)
              : value
          },
        },
      )
    const bindings = Object.fromEntries(
      ['DB', 'KEY_CACHE', 'FENCE'].map((name) => [name, pick(name as keyof Env)]),
    )
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const at = await createGatewayApp({ reverifyMs: 500 }, bindings as Partial<Env>)
    const upstream = openStream()
    const read = readAll(await open(key, at))
    isDown.now = true
    await wait(600)
    isDown.now = false
    await wait(600)
    await upstream.write('alive ')
    isDown.now = true
    expect(await read).toBe('alive aborted')
  })

  it('ends when the stores of its key do not answer at all', async () => {
    const hanging = down(['DB', 'KEY_CACHE', 'FENCE'], 'hangs')
    const { key } = await makeKey(app, account.owner.jwt)
    const at = await createGatewayApp()
    openStream()
    const response = await open(key, at)
    Object.assign(at.bindings, hanging)
    expect(await readAll(response)).toBe('aborted')
  })

  it('is verified at once when the API began it later than an interval', async () => {
    const { id, key } = await makeKey(app, account.owner.jwt)
    const at = await createGatewayApp({ reverifyMs: 300_000 })
    openStream()
    const begin = answer
    answer = async (request) => {
      await asOwner('DELETE', id)
      at.clock.skip(300_000)
      return begin(request)
    }
    // Later than the limit of this test if it waited for the interval.
    expect(await readAll(await open(key, at))).toBe('aborted')
  })

  it('consumes no credit and counts no use while it is open', async () => {
    const counted = watchBindings()
    const at = await createGatewayApp({}, counted.bindings)
    const { key } = await makeKey(at, account.owner.jwt, { credits: { remaining: 5 } })
    const upstream = openStream()
    const read = readAll(await open(key, at))
    counted.clear()
    await wait(3 * reverifyMs)
    expect(counted.counts()['FENCE.ask']).toBeGreaterThan(1)
    expect(Object.keys(counted.counts())).not.toContain('METER.take')
    expect(Object.keys(counted.counts())).not.toContain('USAGE.send')
    await upstream.close()
    expect(await read).toBe('complete')
  })
})

describe('nothing is verified any more', () => {
  let counted: ReturnType<typeof watchBindings>
  let at: TestApp
  let key: string
  beforeAll(async () => {
    counted = watchBindings()
    at = await createGatewayApp({}, counted.bindings)
    key = (await makeKey(at, account.owner.jwt)).key
  })

  async function expectSilence() {
    // A verification that had begun may still end.
    await wait(100)
    counted.clear()
    await wait(2 * reverifyMs)
    expect(counted.counts()).toEqual({})
  }

  it('when the API ends the stream', async () => {
    const upstream = openStream()
    const read = readAll(await open(key, at))
    await upstream.write('all ')
    await upstream.close()
    expect(await read).toBe('all complete')
    await expectSilence()
  })

  it('when the stream of the API fails', async () => {
    answer = () =>
      new Response(
        new ReadableStream({
          async pull() {
            await wait(10)
            throw new Error('reset')
          },
        }),
      )
    expect(await readAll(await open(key, at))).toBe('aborted')
    await expectSilence()
  })

  it('when the client disconnects', async () => {
    const upstream = openStream()
    const client = new AbortController()
    const headers = { 'x-api-key': key }
    await at.send('/api/contacts', { headers, signal: client.signal })
    client.abort()
    expect(await upstream.cancelled).toBe('cancelled')
    await expectSilence()
  })

  it('from the next byte on when the client cancels', async () => {
    const upstream = openStream()
    const response = await open(key, at)
    await response.body?.cancel()
    await upstream.write('unread').catch(() => {})
    expect(await upstream.cancelled).toBe('cancelled')
    await expectSilence()
  })

  it.each<[string, string, () => Response]>([
    ['known length', 'GET', () => new Response('four', { headers: { 'content-length': '4' } })],
    ['no content (204)', 'DELETE', () => new Response(null, { status: 204 })],
    ['no content (304)', 'GET', () => new Response(null, { status: 304 })],
    ['HEAD', 'HEAD', () => new Response(new ReadableStream())],
  ])('after an answer of %s, whose body is not piped', async (_, method, respond) => {
    answer = respond
    const timers = vi.spyOn(globalThis, 'setTimeout')
    counted.clear()
    const response = await at.send('/api/contacts', { method, headers: { 'x-api-key': key } })
    const delays = timers.mock.calls.map(([, ms]) => ms)
    timers.mockRestore()
    expect(response.status).toBeLessThan(400)
    expect(delays).not.toContain(reverifyMs)
    if (method !== 'HEAD') await response.arrayBuffer()
    await expectSilence()
  })
})

describe('a WebSocket', () => {
  /** The API's end of the socket, and the client's. */
  async function openSocket(token: string, at = app) {
    const { promise, resolve } = Promise.withResolvers<WebSocket>()
    answer = () => {
      const { 0: client, 1: server } = new WebSocketPair()
      server.binaryType = 'arraybuffer'
      server.accept()
      server.addEventListener('message', ({ data }) =>
        server.send(typeof data === 'string' ? `echo ${data}` : data),
      )
      resolve(server)
      return new Response(null, {
        status: 101,
        webSocket: client,
        headers: { 'sec-websocket-protocol': 'chat' },
      })
    }
    const headers = { upgrade: 'websocket', 'x-api-key': token }
    const response = await at.send('/api/contacts', { headers })
    expect([response.status, response.headers.get('sec-websocket-protocol')]).toEqual([101, 'chat'])
    const socket = response.webSocket as WebSocket
    socket.binaryType = 'arraybuffer'
    socket.accept()
    return { socket, server: await promise }
  }

  const nextMessage = (socket: WebSocket) =>
    new Promise<unknown>((got) =>
      socket.addEventListener('message', ({ data }) => got(data), { once: true }),
    )
  const closed = (socket: WebSocket) =>
    new Promise<string>((got) =>
      socket.addEventListener('close', ({ code, reason }) => got(`${code} ${reason}`)),
    )

  it('is closed with 1008 on both sides when its key is revoked', async () => {
    const { id, key } = await makeKey(app, account.owner.jwt)
    const { socket, server } = await openSocket(key)
    const ends = [closed(socket), closed(server)]
    await wait(1.5 * reverifyMs)
    const message = nextMessage(socket)
    socket.send('hello')
    expect(await message).toBe('echo hello')
    await asOwner('DELETE', id)
    const text = '1008 The credential no longer admits this connection.'
    expect(await Promise.all(ends)).toEqual([text, text])
  })

  it('is closed with 1008 on both sides when the account of its key is suspended', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    const { socket, server } = await openSocket(key)
    const ends = [closed(socket), closed(server)]
    await suspend(app, account.id)
    const text = '1008 The credential no longer admits this connection.'
    expect(await Promise.all(ends)).toEqual([text, text])
    await resume(app, account.id)
  })

  it('passes binary messages', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    const { socket } = await openSocket(key)
    const message = nextMessage(socket)
    socket.send(new Uint8Array([1, 2, 255]))
    expect([...new Uint8Array((await message) as ArrayBuffer)]).toEqual([1, 2, 255])
    socket.close()
  })

  it.each<[string, [number?, string?], string]>([
    ['a code and a reason', [4001, 'bye'], '4001 bye'],
    ['1000', [1000, ''], '1000 '],
    ['no code', [], '1005 '],
  ])(
    'passes the close of either side with %s, and is verified no more',
    async (_, args, expected) => {
      const counted = watchBindings()
      const at = await createGatewayApp({}, counted.bindings)
      const { key } = await makeKey(at, account.owner.jwt)
      for (const from of ['socket', 'server'] as const) {
        const ends = await openSocket(key, at)
        const other = closed(ends[from === 'socket' ? 'server' : 'socket'])
        ends[from].close(...args)
        expect(await other, from).toBe(expected)
      }
      await wait(reverifyMs)
      counted.clear()
      await wait(2 * reverifyMs)
      expect(counted.counts()).toEqual({})
    },
  )
})
