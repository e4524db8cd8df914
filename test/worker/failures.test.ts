// Outages: each row of the failure table in architecture.md. An outage never turns a valid key into a 401 and
// never lets a revoked key pass.
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { digestOf } from '../../src/core/token.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { openFence } from '../support/fences.ts'
import config from '../support/latchkey.config.ts'
import { down, type Failure, type Store } from '../support/outage.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

const clock = createSkippingClock()
let app: TestApp
let account: Account
let as: string
let hot: string

beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  app = await createTestApp({ clock })
  account = await openAccount()
  as = account.owner.jwt
  hot = (await makeKey(app, as)).key
  await openFence()
})
afterAll(() => vi.restoreAllMocks())

const background = {
  waitUntil() {},
  passThroughOnException() {},
  props: {},
} as unknown as ExecutionContext
const nameOf = async (key: string) => `key/${await digestOf(key)}`

type Outcome = { outcome: string; headers: Headers; ms: number }

/** Sends one request without awaiting its background work, which may never end. */
async function send(
  isolate: TestApp,
  init: RequestInit & { path?: string },
  bindings: Partial<Env> = {},
): Promise<Outcome> {
  const { path = '/api/v1/me', ...rest } = init
  const start = Date.now()
  const request = new Request(new URL(path, env.BASE_URL), rest)
  const response = await isolate.handler.fetch(
    request,
    { ...isolate.bindings, ...bindings },
    background,
  )
  const body = response.status < 400 ? null : await response.json<{ code: string }>()
  const outcome = body === null ? String(response.status) : `${response.status} ${body.code}`
  return { outcome, headers: response.headers, ms: Date.now() - start }
}
const byKey = (key: string) => ({ headers: { 'x-api-key': key } })

/** Where a key is cached before the outage; the isolate's view is over unless another key keeps it running. */
type Held = 'memory' | 'memory, view running' | 'KV' | 'KV, view running' | 'nowhere'

async function prepare(held: Held, revoked: boolean): Promise<{ isolate: TestApp; key: string }> {
  const { id, key } = await makeKey(app, as)
  const isolate = await createTestApp({ clock })
  const remembers = held.startsWith('memory') ? isolate : await createTestApp({ clock })
  expect((await send(remembers, byKey(key))).outcome).toBe('200')
  const name = await nameOf(key)
  const stale = await until(() => remembers.bindings.KEY_CACHE.get(name), remembers, key)
  if (revoked) {
    await app.request('DELETE', `/api/api-keys/${id}`, { as })
    // KV may return an old value for an unbounded time.
    await env.KEY_CACHE.put(name, stale)
  } else clock.skip(config.leaseMs)
  if (held.endsWith('view running') && !revoked) await send(isolate, byKey(hot))
  if (held === 'nowhere') await env.KEY_CACHE.delete(name)
  return { isolate, key }
}

/** The put happens after the response. */
async function until(
  read: () => Promise<string | null>,
  isolate: TestApp,
  key: string,
): Promise<string> {
  for (let tries = 0; tries < 50; tries++) {
    const value = await read()
    if (value !== null) return value
    await isolate.request('GET', '/api/v1/me', { key })
  }
  throw new Error('KV was never filled')
}

const pass = '200'
const unknown = '503 authority_unavailable'
const revoked = '401 revoked_api_key'

type Row = [down: Store[], held: Held, good: string, afterRevocation: string]

// Where the table has 503 for two stores down, a response that is certain is still given: by the
// fence for what memory holds, and by D1.
const rows: Row[] = [
  [['KEY_CACHE'], 'memory', pass, revoked],
  [['KEY_CACHE'], 'KV', pass, revoked],
  [['KEY_CACHE'], 'nowhere', pass, revoked],
  [['DB'], 'memory, view running', pass, unknown],
  [['DB'], 'memory', pass, unknown],
  [['DB'], 'KV', pass, unknown],
  [['DB'], 'KV, view running', pass, unknown],
  [['DB'], 'nowhere', unknown, unknown],
  [['FENCE'], 'memory', pass, revoked],
  [['FENCE'], 'KV', pass, revoked],
  [['FENCE'], 'KV, view running', pass, revoked],
  [['FENCE'], 'nowhere', pass, revoked],
  [['DB', 'FENCE'], 'memory, view running', pass, unknown],
  [['DB', 'FENCE'], 'memory', unknown, unknown],
  [['DB', 'FENCE'], 'KV', unknown, unknown],
  [['DB', 'FENCE'], 'KV, view running', pass, unknown],
  [['DB', 'FENCE'], 'nowhere', unknown, unknown],
  [['DB', 'KEY_CACHE'], 'memory, view running', pass, unknown],
  [['DB', 'KEY_CACHE'], 'memory', pass, unknown],
  [['DB', 'KEY_CACHE'], 'KV', unknown, unknown],
  [['DB', 'KEY_CACHE'], 'nowhere', unknown, unknown],
  [['KEY_CACHE', 'FENCE'], 'memory', pass, revoked],
  [['KEY_CACHE', 'FENCE'], 'nowhere', pass, revoked],
  [['DB', 'KEY_CACHE', 'FENCE'], 'memory, view running', pass, unknown],
  [['DB', 'KEY_CACHE', 'FENCE'], 'memory', unknown, unknown],
  [['DB', 'KEY_CACHE', 'FENCE'], 'nowhere', unknown, unknown],
]

function expectUnknown({ outcome, headers }: Outcome) {
  expect(outcome).toBe(unknown)
  expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  expect(headers.get('www-authenticate')).toBeNull()
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(headers.get('cache-control')).toBe('no-store')
}

describe('with stores that throw', () => {
  it.each(rows)(
    '%j down, key cached in %s: a good key gets %s, a revoked one %s',
    async (stores, held, good, bad) => {
      const bindings = down(stores)
      const first = await prepare(held, false)
      const answer = await send(first.isolate, byKey(first.key), bindings)
      expect(answer.outcome).toBe(good)
      if (good === unknown) expectUnknown(answer)
      const second = await prepare(held, true)
      expect((await send(second.isolate, byKey(second.key), bindings)).outcome).toBe(bad)
      expect((await send(second.isolate, byKey(second.key))).outcome, 'once they are back').toBe(
        revoked,
      )
      expect((await send(first.isolate, byKey(first.key))).outcome, 'once they are back').toBe(pass)
    },
  )

  it('an outage does not renew a view whose lease expires during it', async () => {
    const { isolate, key } = await prepare('memory, view running', false)
    const bindings = down(['DB', 'FENCE'])
    expect((await send(isolate, byKey(key), bindings)).outcome).toBe(pass)
    clock.skip(config.leaseMs)
    for (let attempt = 0; attempt < 3; attempt++) {
      expect((await send(isolate, byKey(key), bindings)).outcome).toBe(unknown)
    }
  })

  it('KV answers for a key whose record in memory is too old while D1 is down', async () => {
    const { id, key } = await makeKey(app, as)
    const [isolate, other] = [await createTestApp({ clock }), await createTestApp({ clock })]
    expect((await send(isolate, byKey(key))).outcome).toBe(pass)
    const change = { as, body: { name: 'Renamed' } }
    expect((await app.request('PATCH', `/api/api-keys/${id}`, change)).status).toBe(200)
    await until(async () => env.KEY_CACHE.get(await nameOf(key)), other, key)
    clock.skip(config.leaseMs)
    expect((await send(isolate, byKey(key), down(['DB']))).outcome).toBe(pass)
  })

  it('a token that was never minted is still a 401, which requires no store', async () => {
    const bindings = down(['DB', 'KEY_CACHE', 'FENCE'])
    for (const key of ['nonsense', `whm_${'0'.repeat(32)}`]) {
      expect((await send(app, byKey(key), bindings)).outcome).toBe('401 invalid_api_key')
    }
  })
})

/** The total of the delays of the timers that end meanwhile: what is waited for, however slow the machine is. */
async function waited(work: () => Promise<void>): Promise<number> {
  const ended: number[] = []
  const start = globalThis.setTimeout
  const watched = (work: () => void, ms: number) =>
    start(() => {
      ended.push(ms)
      work()
    }, ms)
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(watched as never)
  await work().finally(() => spy.mockRestore())
  return ended.reduce((total, ms) => total + ms, 0)
}

describe('with stores that hang', () => {
  // The timeouts of architecture.md: fence and KV 500 ms each, D1 2 s.
  const cases: [Store[], Held, string, string, number, number][] = [
    [['FENCE'], 'memory', pass, revoked, 500, 500],
    [['FENCE'], 'KV', pass, revoked, 500, 500],
    [['KEY_CACHE'], 'KV', pass, revoked, 500, 500],
    [['KEY_CACHE', 'FENCE'], 'nowhere', pass, revoked, 1_000, 1_000],
    [['DB'], 'KV', pass, unknown, 0, 2_000],
    [['DB'], 'nowhere', unknown, unknown, 2_000, 2_000],
    [['DB', 'FENCE'], 'memory', unknown, unknown, 2_500, 2_500],
    [['DB', 'KEY_CACHE', 'FENCE'], 'nowhere', unknown, unknown, 3_000, 3_000],
  ]
  it.each(cases)(
    '%j hanging, key cached in %s: a good key gets %s, a revoked one %s, after waits of %i and %i ms',
    async (stores, held, good, bad, goodMs, badMs) => {
      const hangs: Failure = 'hangs'
      const bindings = down(stores, hangs)
      const keys = [await prepare(held, false), await prepare(held, true)] as const
      const waits: number[] = []
      for (const [at, expected] of [good, bad].entries()) {
        const { isolate, key } = keys[at] as (typeof keys)[0]
        const ms = await waited(async () => {
          const answer = await send(isolate, byKey(key), bindings)
          expect(answer.outcome).toBe(expected)
          if (expected === unknown) expectUnknown(answer)
        })
        waits.push(ms)
      }
      expect(waits).toEqual([goodMs, badMs])
    },
  )

  it('a revocation does not wait for KV deletes that never end', async () => {
    const { id, key } = await makeKey(app, as)
    const headers = { authorization: `Bearer ${as}` }
    const path = `/api/api-keys/${id}`
    const deletion = send(app, { path, method: 'DELETE', headers }, down(['KEY_CACHE'], hangs))
    const limit = new Promise<Outcome>((_, reject) => {
      setTimeout(() => reject(new Error('no answer in 5 s')), 5_000)
    })
    expect((await Promise.race([deletion, limit])).outcome).toBe('200')
    expect((await send(app, byKey(key))).outcome).toBe(revoked)
  })

  const hangs: Failure = 'hangs'
})

describe('with a meter that is down', () => {
  const limits = [{ rate_limit: { limit: 9, window_seconds: 60 } }, { credits: { remaining: 9 } }]

  it.each(['throws', 'hangs'] as const)(
    'that %s, limited keys get 503 and other keys are not affected',
    async (failure) => {
      const meter = down(['METER'], failure)
      for (const limited of limits) {
        const { id, key } = await makeKey(app, as, { ...limited, scopes: ['contacts:read'] })
        await send(app, byKey(key))
        const contacts = { path: '/api/contacts', ...byKey(key) }
        const answers = await Promise.all([
          send(app, byKey(key), meter),
          send(app, contacts, meter),
          send(await createTestApp({ clock }), byKey(key), meter),
        ])
        for (const answer of answers) {
          expectUnknown(answer)
          expect(answer.ms).toBeLessThan(4_000)
        }
        // After it recovers, the consumption that it had recorded is still there.
        expect((await send(app, byKey(key))).outcome).toBe(pass)
        await app.request('DELETE', `/api/api-keys/${id}`, { as })
        expect((await send(app, byKey(key), meter)).outcome).toBe(revoked)
      }
      const { key } = await makeKey(app, as, { scopes: [] })
      expect((await send(app, byKey(key), meter)).outcome).toBe(pass)
      expect((await send(app, { path: '/api/contacts', ...byKey(key) }, meter)).outcome).toBe(
        '403 insufficient_scope',
      )
    },
  )

  it('keys can be read, with the balance as unknown, and revoked; changes, which it counts, get 503', async () => {
    const at = await createTestApp({ clock, bindings: down(['METER']) })
    const body = { name: 'Limited', credits: { remaining: 5 } }
    const made = await app.request('POST', '/api/api-keys', { as, body })
    const path = `/api/api-keys/${made.body.data.id}`
    expect((await at.request('GET', path, { as })).body.data.credits.remaining).toBeNull()
    expect((await app.request('GET', path, { as })).body.data.credits.remaining).toBe(5)
    expect((await at.request('POST', '/api/api-keys', { as, body })).status).toBe(503)
    expect((await at.request('PATCH', path, { as, body: { name: 'B' } })).status).toBe(503)
    expect((await at.request('DELETE', path, { as })).status).toBe(200)
    expect((await send(app, byKey(made.body.data.key))).outcome).toBe(revoked)
  })

  it('a service gets 503 too, never a verdict that the key is invalid', async () => {
    const service = await makeKey(app, as, { scopes: ['keys:verify'] })
    const { key } = await makeKey(app, as, { credits: { remaining: 5 } })
    const headers = { 'x-api-key': service.key, 'content-type': 'application/json' }
    const json = { path: '/api/v1/keys/verify', method: 'POST', headers }
    const one = { ...json, body: JSON.stringify({ token: key }) }
    const batch = {
      ...json,
      path: `${json.path}-batch`,
      body: JSON.stringify({ keys: [{ token: key }] }),
    }
    const form = {
      path: '/api/v1/introspect',
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${key}`,
    }
    for (const request of [one, batch, form]) {
      expectUnknown(await send(app, request, down(['METER'])))
      expect((await send(app, request)).outcome).toBe(pass)
    }
  })
})

describe('with a queue that is down', () => {
  // A message that the queue does not accept is dropped after 10 s; no response waits for it.
  const maxMs = 1_000

  it.each(['throws', 'hangs'] as const)(
    'that %s, every response is unchanged and as fast',
    async (failure) => {
      const { isolate, key } = await prepare('memory, view running', false)
      const refused = await makeKey(app, as, { scopes: [] })
      const service = await makeKey(app, as, { scopes: ['keys:verify'] })
      const queue = down(['USAGE'], failure)
      const verify = {
        path: '/api/v1/keys/verify',
        method: 'POST',
        headers: { 'x-api-key': service.key, 'content-type': 'application/json' },
        body: JSON.stringify({ token: key }),
      }
      const contacts = { path: '/api/contacts', ...byKey(refused.key) }
      for (const [request, expected] of [
        [byKey(key), pass],
        [contacts, '403 insufficient_scope'],
        [verify, pass],
      ] as const) {
        // The first request may still have to load modules.
        await send(isolate, request, queue)
        for (let turn = 0; turn < 10; turn++) {
          const answer = await send(isolate, request, queue)
          expect(answer.outcome).toBe(expected)
          expect(answer.ms).toBeLessThan(maxMs)
        }
      }
    },
  )

  it('without the binding, keys are verified as usual', async () => {
    const { isolate, key } = await prepare('memory, view running', false)
    const bindings = { USAGE: undefined as unknown as Env['USAGE'] }
    expect((await send(isolate, byKey(key), bindings)).outcome).toBe(pass)
  })
})

describe('management', () => {
  const person = (rest: RequestInit & { path: string }) => ({
    ...rest,
    headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
  })

  it('without D1 is a 503, never a 401 or a 404, for a person and for a managing key', async () => {
    const manager = await makeKey(app, as, { scopes: ['keys:manage'] })
    const { id } = await makeKey(app, as)
    await send(app, byKey(manager.key))
    const requests = [
      { path: '/api/api-keys' },
      { path: `/api/api-keys/${id}` },
      { path: `/api/api-keys/${id}/usage` },
      { path: '/api/audit-events' },
      { path: '/api/api-keys', method: 'POST', body: '{"name":"x","scopes":[]}' },
      { path: `/api/api-keys/${id}`, method: 'PATCH', body: '{"name":"x"}' },
      { path: `/api/api-keys/${id}`, method: 'DELETE' },
      { path: `/api/api-keys/${id}/rotate`, method: 'POST', body: '{}' },
      { path: '/api/api-keys/revoke', method: 'POST', body: `{"ids":["${id}"]}` },
    ]
    for (const request of requests) {
      expectUnknown(await send(app, person(request), down(['DB'])))
      const headers = { 'x-api-key': manager.key, 'content-type': 'application/json' }
      expectUnknown(await send(app, { ...request, headers }, down(['DB'])))
    }
    expect(await outcome(app.request('GET', `/api/api-keys/${id}`, { as }))).toBe('200')
  })

  it('works without KV and without fences, and reports what is pending', async () => {
    const { id, key } = await makeKey(app, as)
    const request = person({ path: `/api/api-keys/${id}`, method: 'DELETE' })
    expect((await send(app, request, down(['KEY_CACHE']))).outcome).toBe('200')
    expect((await send(app, byKey(key))).outcome).toBe(revoked)
    const second = await makeKey(app, as)
    const path = `/api/api-keys/${second.id}`
    expect((await send(app, person({ path, method: 'DELETE' }), down(['FENCE']))).outcome).toBe(
      '202',
    )
  })

  it('answers 503 for a revocation that may not be in force, and a retry completes it', async () => {
    const { isolate, key } = await prepare('memory', false)
    const { id } = (await app.request('GET', '/api/v1/me', { key })).body.data.key
    const request = person({ path: `/api/api-keys/${id}`, method: 'DELETE' })
    // The commit succeeds, and its answer, with the fences to raise, is lost.
    expectUnknown(await send(app, request, { DB: withLostAnswers() }))
    const stored = await env.DB.prepare('SELECT revoked_at FROM api_key WHERE id = ?')
      .bind(id)
      .first()
    expect(stored?.revoked_at).not.toBeNull()
    const pending = async () =>
      env.DB.prepare('SELECT count(*) AS n FROM pending_raise WHERE subject = ?')
        .bind(await digestOf(key))
        .first('n')
    expect(await pending()).toBe(1)
    expect((await send(app, request)).outcome).toBe('200')
    expect(await pending()).toBe(0)
    expect((await send(isolate, byKey(key))).outcome).toBe(revoked)
  })
})

/** The real D1, except that the answers of batches are lost. */
function withLostAnswers(): D1Database {
  return {
    withSession(constraint: string) {
      const session = env.DB.withSession(constraint)
      return {
        prepare: (sql: string) => session.prepare(sql),
        async batch(statements: D1PreparedStatement[]) {
          await session.batch(statements)
          throw new Error('D1_ERROR: Network connection lost')
        },
      }
    },
  } as unknown as D1Database
}
