// Limits and credits at every endpoint, on real meters.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { UsageCounter } from '../../src/usage/counter.ts'
import { verifyByBinding } from '../../src/worker/rpc.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import {
  type Answer,
  createSkippingClock,
  createTestApp,
  type TestApp,
} from '../support/test-app.ts'

let app: TestApp
let account: Account
let as: string
let service: string

beforeAll(async () => {
  app = await createTestApp()
  account = await openAccount()
  as = account.owner.jwt
  service = (await makeKey(app, as, { scopes: ['keys:verify'] })).key
})

const day = 24 * 60 * 60
/** So long that nothing drains while a test runs. */
const slow = (limit: number, name = 'default') => ({ limit, window_seconds: 31 * day, name })
const limited = (limit: number, more: Record<string, unknown> = {}) =>
  makeKey(app, as, { rate_limit: slow(limit), ...more })
const credited = (remaining: number, more: Record<string, unknown> = {}) =>
  makeKey(app, as, { credits: { remaining }, ...more })

const me = (key: string) => app.request('GET', '/api/v1/me', { key })
const verify = async (token: string, more: Record<string, unknown> = {}) => {
  const body = { token, ...more }
  return (await app.request('POST', '/api/v1/keys/verify', { key: service, body })).body.data
}
const read = async (id: string) =>
  (await app.request('GET', `/api/api-keys/${id}`, { as })).body.data
const patch = (id: string, body: unknown) =>
  app.request('PATCH', `/api/api-keys/${id}`, { as, body })

const background = { waitUntil() {}, passThroughOnException() {}, props: {} }

/** Presents a key to one endpoint. */
type Endpoint = (key: string) => Promise<Answer>

const held = { 'x-original-method': 'GET', 'x-original-uri': '/api/contacts' }
const forwarded = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/api/contacts' }
const endpoints: Record<string, Endpoint> = {
  'the gateway': (key) => app.request('GET', '/api/contacts', { key }),
  '/api/v1/me': me,
  'forward auth for nginx': (key) =>
    app.request('GET', '/forward-auth/nginx/crm', { key, headers: held }),
  'forward auth for Caddy and Traefik': (key) =>
    app.request('GET', '/forward-auth/forwarded/crm', { key, headers: forwarded }),
  'forward auth for Envoy': (key) =>
    app.request('GET', '/forward-auth/envoy/crm/api/contacts', { key }),
  'management by a key': (key) => app.request('GET', '/api/scopes', { key }),
  'verifying as a service': (key) =>
    app.request('POST', '/api/v1/keys/verify', { key, body: { token: 'x' } }),
  'introspecting as a service': (key) =>
    app.request('POST', '/api/v1/introspect', {
      headers: {
        authorization: `Basic ${btoa(`any:${key}`)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'token=x',
    }),
}

const all = ['contacts:read', 'keys:manage', 'keys:verify']

describe.each(Object.entries(endpoints))('at %s', (_, endpoint) => {
  it('admits exactly the limit, and each response states what remains', async () => {
    const { key } = await limited(3, { scopes: all })
    for (const left of [2, 1, 0]) {
      const { status, headers } = await endpoint(key)
      expect(status).toBe(200)
      expect(headers.get('ratelimit-policy')).toBe(`"default";q=3;w=${31 * day}`)
      expect(headers.get('ratelimit')).toMatch(new RegExp(`^"default";r=${left};t=[1-9]\\d*$`))
    }
    const { status, headers, body, text } = await endpoint(key)
    expect([status, JSON.parse(text || '{}').code]).toEqual([429, 'rate_limited'])
    const seconds = Number(headers.get('retry-after'))
    // A third of the window until the next one passes.
    expect(seconds).toBeGreaterThan((31 * day) / 3 - 60)
    expect(seconds).toBeLessThanOrEqual((31 * day) / 3)
    expect(headers.get('ratelimit')).toBe(`"default";r=0;t=${seconds}`)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('www-authenticate')).toBeNull()
    expect(body.status).toBe(429)
  })

  it('consumes one credit for each request, and refuses requests once none remain', async () => {
    const { id, key } = await credited(2, { scopes: all })
    expect([await outcome(endpoint(key)), await outcome(endpoint(key))]).toEqual(['200', '200'])
    const refused = await endpoint(key)
    expect([refused.status, refused.body.code]).toEqual([429, 'credits_exhausted'])
    // No refill: credits return only by a top-up.
    expect(refused.headers.get('retry-after')).toBe('3600')
    expect(refused.headers.get('ratelimit')).toBeNull()
    expect((await read(id)).credits).toEqual({ remaining: 0, refill: null })
  })

  it('ignores an idempotency key of the client, which could pay once for many requests', async () => {
    const { id, key } = await credited(2, { scopes: all })
    const headers = { 'idempotency-key': 'mine' }
    const pending = [1, 2, 3].map(() => app.request('GET', '/api/v1/me', { key, headers }))
    const answers = await Promise.all(pending.map(outcome))
    expect(answers.sort()).toEqual(['200', '200', '429 credits_exhausted'])
    expect((await read(id)).credits.remaining).toBe(0)
  })

  it('sends no limit headers for a key without limits', async () => {
    const { key } = await makeKey(app, as, { scopes: all })
    const { status, headers } = await endpoint(key)
    expect(status).toBe(200)
    expect([headers.get('ratelimit'), headers.get('ratelimit-policy')]).toEqual([null, null])
  })
})

describe('a refused request consumes nothing', () => {
  it.each([
    ['a scope that the key lacks', 403, '/api/messages', {}],
    ['a path without a route', 403, '/api/nowhere', {}],
    ['a path with a second layer of encoding', 400, '/api/contacts%252f', {}],
    ['an override of the method', 400, '/api/contacts', { 'x-http-method-override': 'DELETE' }],
    ['a token in the query', 400, `/api/contacts?key=whm_${'0'.repeat(32)}`, {}],
  ])('%s', async (_, status, path, headers) => {
    const { id, key } = await limited(1, { credits: { remaining: 1 }, scopes: ['contacts:read'] })
    const refused = await app.request('GET', path, { key, headers })
    expect(refused.status, refused.text).toBe(status)
    expect(refused.headers.get('ratelimit')).toBeNull()
    expect((await read(id)).credits.remaining).toBe(1)
    expect(await outcome(app.request('GET', '/api/contacts', { key }))).toBe('200')
  })

  it('from an address that is not allowed, with a disabled key or with a revoked one', async () => {
    const { id, key } = await credited(5, { allowed_ips: ['192.0.2.1'] })
    expect(await outcome(me(key))).toBe('403 ip_not_allowed')
    await patch(id, { is_active: false })
    expect(await outcome(me(key))).toBe('401 disabled_api_key')
    expect((await read(id)).credits.remaining).toBe(5)
    await app.request('DELETE', `/api/api-keys/${id}`, { as })
    expect(await outcome(me(key))).toBe('401 revoked_api_key')
    expect((await read(id)).credits.remaining).toBe(5)
  })

  it('by a service of another account', async () => {
    const { id, key } = await credited(5)
    const other = await openAccount('Globex')
    const { key: outsider } = await makeKey(app, other.owner.jwt, { scopes: ['keys:verify'] })
    const body = { token: key }
    const answer = await app.request('POST', '/api/v1/keys/verify', { key: outsider, body })
    expect(answer.body.data).toMatchObject({ code: 'invalid_api_key', key: null, credits: null })
    expect((await read(id)).credits.remaining).toBe(5)
  })

  it('that revokes its own key when nothing remains', async () => {
    const { key } = await credited(0)
    expect(await outcome(me(key))).toBe('429 credits_exhausted')
    expect(await outcome(app.request('DELETE', '/api/v1/me', { key }))).toBe('200')
    expect(await outcome(me(key))).toBe('401 revoked_api_key')
  })
})

describe('a service that verifies', () => {
  it('receives what remains of the windows and of the credits', async () => {
    const { key } = await limited(2, { credits: { remaining: 10 } })
    expect(await verify(key, { cost: 4 })).toMatchObject({
      valid: true,
      code: 'valid',
      credits: { remaining: 6 },
      rate_limit: [
        {
          name: 'default',
          limit: 2,
          window_seconds: 31 * day,
          remaining: 1,
          reset_seconds: expect.any(Number),
        },
      ],
    })
    expect(await verify(key, { cost: 7 })).toMatchObject({
      valid: false,
      code: 'credits_exhausted',
      retry_after_seconds: null,
      credits: { remaining: 6 },
      rate_limit: [{ remaining: 1 }],
    })
    expect(await verify(key, { cost: 0 })).toMatchObject({ valid: true, credits: { remaining: 6 } })
    const limitedAnswer = await verify(key)
    expect(limitedAnswer).toMatchObject({ valid: false, code: 'rate_limited' })
    expect(limitedAnswer.retry_after_seconds).toBe(limitedAnswer.rate_limit[0].reset_seconds)
    expect(limitedAnswer.credits).toEqual({ remaining: 6 })
  })

  it('consumes once for an idempotency key, and receives a conflict for another cost', async () => {
    const { key } = await credited(10)
    const input = { cost: 3, idempotencyKey: 'order-1' }
    for (let time = 0; time < 3; time++) {
      expect(await verify(key, input)).toMatchObject({ valid: true, credits: { remaining: 7 } })
    }
    expect(await verify(key, { ...input, cost: 4 })).toMatchObject({
      valid: false,
      code: 'conflict',
      credits: { remaining: 7 },
    })
    expect(await verify(key, { ...input, idempotencyKey: 'order-2' })).toMatchObject({
      credits: { remaining: 4 },
    })
  })

  it('counts a repeated idempotency key towards the rate limit', async () => {
    const { key } = await limited(2, { credits: { remaining: 10 } })
    const input = { cost: 1, idempotencyKey: 'again' }
    expect([
      await verify(key, input),
      await verify(key, input),
      await verify(key, input),
    ]).toMatchObject([
      { valid: true },
      { valid: true, credits: { remaining: 9 } },
      { valid: false, code: 'rate_limited' },
    ])
  })

  it('consumes the same over the binding and in a batch', async () => {
    const { key } = await credited(10)
    const question = { token: key, cost: 2, idempotencyKey: 'one' }
    const context = background as unknown as ExecutionContext
    const answer = await verifyByBinding(app.isolate, app.bindings, context, question)
    expect(answer).toMatchObject({ valid: true, credits: { remaining: 8 } })
    const keys = [question, { token: key }, { token: key, cost: 8 }]
    const batch = await app.request('POST', '/api/v1/keys/verify-batch', {
      key: service,
      body: { keys },
    })
    // Some run concurrently: which of them finds no credits is not determined.
    expect(batch.body.data[0]).toMatchObject({ valid: true })
    const valid = batch.body.data.filter((one: { valid: boolean }) => one.valid)
    expect(valid).toHaveLength(2)
  })

  it('consumes one by introspection, and receives 429 rather than an inactive token', async () => {
    const { id, key } = await credited(1)
    const introspect = () =>
      app.request('POST', '/api/v1/introspect', {
        key: service,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `token=${key}`,
      })
    expect((await introspect()).body.active).toBe(true)
    expect((await read(id)).credits.remaining).toBe(0)
    const refused = await introspect()
    expect([refused.status, refused.body.code]).toEqual([429, 'credits_exhausted'])
    expect(refused.headers.get('retry-after')).toBe('3600')
  })
})

describe('several windows', () => {
  it('consume from all or from none, and the full one determines Retry-After', async () => {
    const rate_limit = [slow(1, 'small'), slow(3, 'large')]
    const { key } = await makeKey(app, as, { rate_limit })
    const first = await me(key)
    expect(first.headers.get('ratelimit-policy')).toBe(
      `"small";q=1;w=${31 * day}, "large";q=3;w=${31 * day}`,
    )
    expect(first.headers.get('ratelimit')).toMatch(/^"small";r=0;t=\d+, "large";r=2;t=\d+$/)
    for (let time = 0; time < 5; time++) expect((await me(key)).status).toBe(429)
    expect(await verify(key)).toMatchObject({
      rate_limit: [
        { name: 'small', remaining: 0 },
        { name: 'large', remaining: 2 },
      ],
    })
  })

  it('omit from RateLimit the one that needs a longer wait than Retry-After', async () => {
    const rate_limit = [
      { limit: 2, window_seconds: 60, name: 'minute' },
      { limit: 10, window_seconds: 31 * day, name: 'month' },
    ]
    const { key } = await makeKey(app, as, { rate_limit })
    await me(key)
    await me(key)
    const { headers } = await me(key)
    expect(headers.get('retry-after')).toBe('30')
    expect(headers.get('ratelimit')).toBe('"minute";r=0;t=30')
    expect(headers.get('ratelimit-policy')).toContain('"month"')
  })
})

describe('fast limits', () => {
  const fast = (limit: number) => ({ ...slow(limit), mode: 'fast' })

  it('admit the limit in one isolate, state what remains, and refuse with the time of the next', async () => {
    const { id, key } = await makeKey(app, as, { rate_limit: fast(3) })
    expect((await read(id)).rate_limit).toEqual([fast(3)])
    for (const left of [2, 1, 0]) {
      const { status, headers } = await me(key)
      expect(status).toBe(200)
      expect(headers.get('ratelimit')).toMatch(new RegExp(`^"default";r=${left};t=[1-9]\\d*$`))
    }
    const { status, headers, body } = await me(key)
    expect([status, body.code]).toEqual([429, 'rate_limited'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan((31 * day) / 3 - 60)
    expect(await verify(key)).toMatchObject({ valid: false, code: 'rate_limited' })
  })

  it('hold across isolates for what the meter knows', async () => {
    const { key } = await makeKey(app, as, { rate_limit: fast(3) })
    const other = await createTestApp()
    expect(await outcome(me(key))).toBe('200')
    expect(await outcome(me(key))).toBe('200')
    expect(await outcome(other.request('GET', '/api/v1/me', { key }))).toBe('200')
    expect(await outcome(other.request('GET', '/api/v1/me', { key }))).toBe('429 rate_limited')
  })

  it('keep their level when the mode of a window changes', async () => {
    const { id, key } = await makeKey(app, as, { rate_limit: fast(2) })
    expect(await outcome(me(key))).toBe('200')
    expect((await patch(id, { rate_limit: slow(2) })).status).toBe(200)
    expect(await outcome(me(key))).toBe('200')
    expect(await outcome(me(key))).toBe('429 rate_limited')
    expect((await patch(id, { rate_limit: fast(2) })).status).toBe(200)
    expect(await outcome(me(key))).toBe('429 rate_limited')
  })
})

describe('limits by external_id', () => {
  const shared = { limits_by: 'external_id' }

  it('are shared by its keys that opt in, and by no other account', async () => {
    const external_id = 'customer 1'
    const first = await limited(3, { external_id, ...shared, credits: { remaining: 10 } })
    const second = await limited(3, { external_id, ...shared, credits: {} })
    const own = await limited(3, { external_id })
    expect((await read(second.id)).credits).toEqual({ remaining: 10, refill: null })
    for (const key of [first.key, second.key, first.key]) {
      expect(await outcome(me(key))).toBe('200')
    }
    expect(await outcome(me(second.key))).toBe('429 rate_limited')
    expect(await outcome(me(first.key))).toBe('429 rate_limited')
    expect(await outcome(me(own.key))).toBe('200')
    expect((await read(second.id)).credits.remaining).toBe(7)
    const other = await openAccount('Globex')
    const outsider = await makeKey(app, other.owner.jwt, {
      external_id,
      ...shared,
      rate_limit: slow(3),
    })
    expect(await outcome(me(outsider.key))).toBe('200')
  })

  it('are set for all of its keys by the last change', async () => {
    const external_id = 'customer 2'
    const first = await credited(10, { external_id, ...shared })
    await credited(4, { external_id, ...shared })
    expect(await verify(first.key)).toMatchObject({ credits: { remaining: 3 } })
  })

  it('do not carry a balance over: moving a key requires its credits', async () => {
    const { id, key } = await credited(10, { external_id: 'customer 3' })
    await verify(key, { cost: 9 })
    const refused = await patch(id, shared)
    expect([refused.status, refused.body.errors?.[0].path]).toEqual([400, 'credits.remaining'])
    const moved = await patch(id, { ...shared, credits: { remaining: 1 } })
    expect(moved.body.data).toMatchObject({ ...shared, credits: { remaining: 1 } })
    expect((await patch(id, { external_id: 'customer 4' })).status).toBe(400)
    expect((await patch(id, { external_id: null })).body.errors[0].path).toBe('limits_by')
  })
})

describe('a change of a key', () => {
  it('sets the credit fields that it names and leaves the others', async () => {
    const refill = { amount: 5, interval: 'daily' }
    const { id, key } = await makeKey(app, as, { credits: { remaining: 10, refill } })
    await verify(key, { cost: 4 })
    expect((await read(id)).credits).toEqual({ remaining: 6, refill })
    const monthly = { amount: 9, interval: 'monthly', day: 31 }
    const changed = await patch(id, { credits: { refill: monthly } })
    expect(changed.body.data.credits).toEqual({ remaining: 6, refill: monthly })
    expect(await verify(key, { cost: 0 })).toMatchObject({ credits: { remaining: 6 } })
    const set = await patch(id, { credits: { remaining: 2 } })
    expect(set.body.data.credits).toEqual({ remaining: 2, refill: monthly })
    // The same number again is a set again.
    await verify(key, { cost: 2 })
    expect((await patch(id, { credits: { remaining: 2 } })).body.data.credits.remaining).toBe(2)
    expect((await patch(id, { credits: { refill: null } })).body.data.credits).toEqual({
      remaining: 2,
      refill: null,
    })
    expect((await patch(id, { credits: null })).body.data.credits).toBeNull()
    expect(await verify(key, { cost: 1_000 })).toMatchObject({ valid: true, credits: null })
    expect((await patch(id, { credits: {} })).body.errors[0].path).toBe('credits.remaining')
    expect((await patch(id, { credits: { remaining: 3 } })).body.data.credits.remaining).toBe(3)
  })

  it('to the limit takes effect on the next request', async () => {
    const { id, key } = await limited(1)
    expect(await outcome(me(key))).toBe('200')
    expect(await outcome(me(key))).toBe('429 rate_limited')
    expect((await patch(id, { rate_limit: slow(2) })).body.data.rate_limit).toMatchObject([slow(2)])
    await patch(id, { rate_limit: null })
    expect([await outcome(me(key)), await outcome(me(key))]).toEqual(['200', '200'])
  })

  it('of the token neither refills nor doubles what remains', async () => {
    const { id, key } = await limited(3, { credits: { remaining: 10 }, scopes: all })
    await me(key)
    const rotate = (which: string) =>
      app.request('POST', `/api/api-keys/${which}/rotate`, { as, body: { overlap_seconds: 3_600 } })
    const second = (await rotate(id)).body.data
    expect(second).toMatchObject({ rate_limit: [slow(3)], credits: { remaining: 9 } })
    expect(await outcome(me(second.key))).toBe('200')
    const third = (await rotate(second.id)).body.data
    expect(third.credits.remaining).toBe(8)
    expect(await outcome(me(third.key))).toBe('200')
    // All three share one meter while they are valid.
    for (const token of [key, second.key, third.key]) {
      expect(await outcome(me(token))).toBe('429 rate_limited')
    }
    expect((await read(id)).credits.remaining).toBe(7)
  })
})

describe('a top-up', () => {
  const add = (id: string, body: unknown, idempotencyKey?: string, who = as) =>
    app.request('POST', `/api/api-keys/${id}/credits`, {
      as: who,
      body,
      ...(idempotencyKey && { headers: { 'idempotency-key': idempotencyKey } }),
    })
  const audited = async (id: string) => {
    const { body } = await app.request('GET', `/api/audit-events?key_id=${id}`, { as })
    return body.data
      .filter(({ action }: { action: string }) => action === 'key.credits_added')
      .map(({ detail }: { detail: { add: number } }) => detail.add)
  }

  it('adds to what remains, for the next request to consume', async () => {
    const refill = { amount: 1, interval: 'daily' }
    const { id, key } = await makeKey(app, as, { credits: { remaining: 0, refill } })
    expect(await outcome(me(key))).toBe('429 credits_exhausted')
    const added = await add(id, { add: 3 })
    expect([added.status, added.body.data]).toEqual([
      200,
      { credits: { remaining: 3, refill }, repeated: false },
    ])
    expect(await outcome(me(key))).toBe('200')
    expect((await read(id)).credits.remaining).toBe(2)
    expect(await audited(id)).toEqual([3])
  })

  it('happens once for an Idempotency-Key, and is audited once', async () => {
    const { id } = await credited(1)
    const answers = await Promise.all([1, 2, 3, 4].map(() => add(id, { add: 5 }, 'order 1')))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(answers.filter(({ body }) => body.data.repeated)).toHaveLength(3)
    expect((await read(id)).credits.remaining).toBe(6)
    expect(await audited(id)).toEqual([5])
    expect(await outcome(add(id, { add: 6 }, 'order 1'))).toBe('422 idempotency_key_reused')
    expect(await outcome(add(id, { add: 5 }, 'order 2'))).toBe('200')
    expect((await read(id)).credits.remaining).toBe(11)
    expect(await audited(id)).toEqual([5, 5])
  })

  it('whose audit event could not be written is audited on the retry', async () => {
    const { id } = await credited(1)
    const broken = await createTestApp({ bindings: { DB: withoutEvents() } })
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const path = `/api/api-keys/${id}/credits`
    const headers = { 'idempotency-key': 'order 1' }
    const topUp = { as, body: { add: 5 }, headers }
    const lost = await broken.request('POST', path, topUp)
    expect([lost.status, lost.body.code]).toEqual([503, 'authority_unavailable'])
    expect(lost.body.detail).toContain('Idempotency-Key')
    expect((await broken.request('POST', path, { as, body: { add: 5 } })).body.detail).toContain(
      'before',
    )
    expect((await app.request('POST', path, topUp)).body.data.repeated).toBe(true)
    expect((await read(id)).credits.remaining).toBe(11)
    expect(await audited(id)).toEqual([5])
    vi.restoreAllMocks()
  })

  it.each([
    ['add', {}],
    ['add', { add: 0 }],
    ['add', { add: -1 }],
    ['add', { add: 1.5 }],
    ['add', { add: '5' }],
    ['remaining', { add: 1, remaining: 5 }],
  ])('refuses %s in %j', async (path, body) => {
    const { id } = await credited(1)
    const answer = await add(id, body)
    expect([answer.status, answer.body.errors[0].path]).toEqual([400, path])
    expect((await read(id)).credits.remaining).toBe(1)
  })

  it('needs a key of the account that has credits and is not revoked, and an admin', async () => {
    const [plain, own] = [await makeKey(app, as), await credited(1)]
    const other = await openAccount('Globex')
    expect(await outcome(add(plain.id, { add: 1 }))).toBe('409 conflict')
    expect(await outcome(add(own.id, { add: 1 }, undefined, other.owner.jwt))).toBe('404 not_found')
    expect(await outcome(add(own.id, { add: 1 }, undefined, account.member.jwt))).toBe(
      '403 forbidden',
    )
    expect(await outcome(add('x', { add: 1 }))).toBe('404 not_found')
    await app.request('DELETE', `/api/api-keys/${own.id}`, { as })
    expect(await outcome(add(own.id, { add: 1 }))).toBe('409 conflict')
  })
})

/** A D1 that takes no audit events. */
function withoutEvents(): D1Database {
  return {
    withSession(constraint: D1SessionConstraint) {
      const session = env.DB.withSession(constraint)
      let hasEvent = false
      return {
        prepare(sql: string) {
          hasEvent ||= /insert into "audit_event"/.test(sql)
          return session.prepare(sql)
        },
        batch: (statements: D1PreparedStatement[]) =>
          hasEvent ? Promise.reject(new Error('D1_ERROR: down')) : session.batch(statements),
      }
    },
    prepare: (sql: string) => env.DB.prepare(sql),
  } as unknown as D1Database
}

describe('many requests at once', () => {
  const parallel = 1_000

  /** The status of a response; background work is not awaited. */
  async function statusAt(at: TestApp, key: string, path = '/api/v1/me'): Promise<number> {
    const request = new Request(`${env.BASE_URL}${path}`, { headers: { 'x-api-key': key } })
    const context = background as unknown as ExecutionContext
    const response = await at.handler.fetch(request, at.bindings, context)
    await response.body?.cancel()
    return response.status
  }

  it('admit exactly the limit: 10 limits, 1,000 requests each, through an endpoint', async () => {
    const limits = [1, 2, 3, 5, 8, 13, 21, 50, 100, 250]
    // Memory holds the keys under a lease that does not expire: only the meters are called.
    const time = Date.now()
    const clock = { ...createSkippingClock(), now: () => time }
    const usage = new UsageCounter({
      ...clock,
      sleep: () => new Promise(() => {}),
      newId: () => 'none',
      environmentOf: () => 'live',
    })
    const frozen = await createTestApp({ clock, usage })
    for (const limit of limits) {
      const { key } = await makeKey(frozen, as, { rate_limit: slow(limit), scopes: [] })
      expect(await statusAt(frozen, key, '/api/contacts')).toBe(403)
      // All are in flight before the first response.
      const pending = Array.from({ length: parallel }, () => statusAt(frozen, key))
      const statuses = await Promise.all(pending)
      const passed = statuses.filter((status) => status === 200).length
      const refused = statuses.filter((status) => status === 429).length
      expect([passed, refused]).toEqual([limit, parallel - limit])
    }
  })
})
