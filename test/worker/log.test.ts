// The log: one line a request, from every endpoint, with the verdict and its tier, and never with
// anything that a client presented (docs/operations.md).
// `Server-Timing` reports the same to a client with a valid credential.
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { digestOf } from '../../src/core/token.ts'
import { verifyByBinding } from '../../src/worker/rpc.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { down, type Store } from '../support/outage.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

const always = { LOG_SAMPLE: '1' } as unknown as Partial<Env>
const clock = createSkippingClock()
let app: TestApp
let account: Account
const tokens: string[] = []

type Line = Record<string, unknown> & { level: string; event: string }
let raw: string[] = []
const lines = () => raw.map((line) => JSON.parse(line) as Line)
const requests = () => lines().filter(({ event }) => event === 'request')

beforeEach(() => {
  raw = []
  for (const level of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const) {
    vi.spyOn(console, level).mockImplementation((...parts) => void raw.push(parts.join(' ')))
  }
})
afterEach(async () => {
  vi.restoreAllMocks()
  const text = raw.join('\n')
  for (const token of tokens) {
    expect(text).not.toContain(token)
    expect(text).not.toContain(token.slice(-20))
    expect(text).not.toContain(await digestOf(token))
  }
})

beforeAll(async () => {
  app = await createTestApp({ clock, bindings: always })
  account = await openAccount()
})

async function issue(body: Record<string, unknown> = {}) {
  const made = await makeKey(app, account.owner.jwt, body)
  tokens.push(made.key)
  raw = []
  return made
}

/** The one line of a request. */
async function lineOf(work: Promise<{ headers: Headers } | unknown>): Promise<Line> {
  raw = []
  const answer = (await work) as { headers?: Headers }
  const entries = requests()
  expect(entries).toHaveLength(1)
  const [line] = entries as [Line]
  const id = answer?.headers?.get('x-request-id')
  if (id) expect(line.request_id).toBe(id)
  expect(line.ms).toBeTypeOf('number')
  expect(line.region).toBe('enam')
  return line
}

const me = (key: string, at = app) => at.request('GET', '/api/v1/me', { key })

describe('a log line contains', () => {
  it('the verdict, the tier, the key and its account', async () => {
    const { id, key } = await issue()
    expect(await lineOf(me(key))).toMatchObject({
      level: 'info',
      endpoint: 'me',
      route: '/api/v1/me',
      method: 'GET',
      status: 200,
      verdict: 'valid',
      tier: 'database',
      key_id: id,
      account_id: account.id,
    })
    expect(await lineOf(me(key))).toMatchObject({ verdict: 'valid', tier: 'memory' })
    const other = await createTestApp({ clock, bindings: always })
    expect(await lineOf(me(key, other))).toMatchObject({ verdict: 'valid' })
  })

  it.each([
    ['revoked_api_key', { revoke: true }],
    ['disabled_api_key', { change: { is_active: false } }],
    ['ip_not_allowed', { make: { allowed_ips: ['203.0.113.7'] } }],
    ['insufficient_scope', { make: { scopes: [] }, path: '/api/contacts' }],
  ])('%s', async (code, way: Record<string, unknown>) => {
    const { id, key } = await issue(way.make as Record<string, unknown>)
    const as = account.owner.jwt
    if (way.revoke) await app.request('DELETE', `/api/api-keys/${id}`, { as })
    if (way.change) await app.request('PATCH', `/api/api-keys/${id}`, { as, body: way.change })
    const line = await lineOf(app.request('GET', (way.path as string) ?? '/api/v1/me', { key }))
    expect(line).toMatchObject({ level: 'info', code, verdict: code, key_id: id })
  })

  it('a key that expired', async () => {
    const expires_at = new Date(clock.now() + 60_000).toISOString()
    const { key } = await issue({ expires_at })
    clock.skip(60_001)
    expect(await lineOf(me(key))).toMatchObject({ verdict: 'expired_api_key' })
  })

  it('a forged token, and a missing one', async () => {
    const forged = `whm_${'0123456789abcdef'.repeat(2)}`
    tokens.push(forged)
    expect(await lineOf(me(forged))).toMatchObject({
      status: 401,
      verdict: 'invalid_api_key',
      tier: 'none',
    })
    expect(await lineOf(app.request('GET', '/api/v1/me'))).toMatchObject({
      status: 401,
      code: 'missing_credential',
    })
  })
})

describe('every endpoint', () => {
  it('the gateway: the route, and not the path', async () => {
    const { key } = await issue()
    const line = await lineOf(app.request('GET', '/api/contacts/+491701234567', { key }))
    expect(line).toMatchObject({ endpoint: 'gateway', route: '/api/*', verdict: 'valid' })
    expect(raw.join()).not.toContain('491701234567')
  })

  it('forward auth', async () => {
    const { key } = await issue()
    const headers = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': `/api/contacts?key=${key}` }
    const denied = await lineOf(app.request('GET', '/forward-auth/forwarded/crm', { key, headers }))
    expect(denied).toMatchObject({ endpoint: 'forward_auth', status: 403, code: 'forbidden' })
    headers['x-forwarded-uri'] = '/api/contacts'
    const passed = await lineOf(app.request('GET', '/forward-auth/forwarded/crm', { key, headers }))
    expect(passed).toMatchObject({ endpoint: 'forward_auth', status: 200, verdict: 'valid' })
  })

  it('verify and introspect: the verifier and the key that it verified', async () => {
    const verifier = await issue({ scopes: ['keys:verify'] })
    const { id, key } = await issue()
    const body = { token: key }
    expect(
      await lineOf(app.request('POST', '/api/v1/keys/verify', { key: verifier.key, body })),
    ).toMatchObject({
      endpoint: 'verify',
      key_id: verifier.id,
      checked: { verdict: 'valid', tier: 'database', key_id: id },
    })
    const keys = [body, body, { token: 'nothing' }]
    expect(
      await lineOf(
        app.request('POST', '/api/v1/keys/verify-batch', { key: verifier.key, body: { keys } }),
      ),
    ).toMatchObject({
      endpoint: 'verify',
      checked: {
        count: 3,
        verdicts: { valid: 2, invalid_api_key: 1 },
        tiers: { memory: 2, none: 1 },
      },
    })
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const introspection = { key: verifier.key, headers: form, body: `token=${key}` }
    expect(await lineOf(app.request('POST', '/api/v1/introspect', introspection))).toMatchObject({
      endpoint: 'introspect',
      checked: { verdict: 'valid', key_id: id },
    })
  })

  it('service bindings', async () => {
    const { id, key } = await issue()
    const context = { waitUntil() {} }
    const bindings = { ...env, ...always }
    const send = (at: Partial<Env> = {}) =>
      verifyByBinding(app.isolate, { ...bindings, ...at }, context, { token: key, fresh: true })
    const line = await lineOf(send())
    expect(line).toMatchObject({
      level: 'info',
      endpoint: 'rpc',
      checked: { verdict: 'valid', key_id: id },
    })
    expect(line.request_id).toMatch(/^[\da-f-]{36}$/)
    const failed = send({ ...down(['DB', 'FENCE']), LOG_SAMPLE: '0' } as unknown as Partial<Env>)
    expect(await lineOf(failed.catch(() => null))).toMatchObject({
      level: 'error',
      endpoint: 'rpc',
      checked: { verdict: 'authority_unavailable' },
      cause: 'D1 is unavailable: the store is down',
    })
  })

  it('management, with its route and without the id in the path', async () => {
    const { id } = await issue()
    const line = await lineOf(app.request('GET', `/api/api-keys/${id}`, { as: account.owner.jwt }))
    expect(line).toMatchObject({
      endpoint: 'management',
      route: '/api/api-keys/:id',
      verdict: 'valid',
      account_id: account.id,
    })
    const unknown = app.request('GET', '/api/api-keys/no/such/thing', { as: account.owner.jwt })
    expect(await lineOf(unknown)).toMatchObject({ endpoint: 'management', code: 'not_found' })
  })

  it('the leak intake and the documents', async () => {
    const leaks = app.request('POST', '/api/leaks/github', { body: [] })
    expect(await lineOf(leaks)).toMatchObject({ endpoint: 'leaks' })
    expect(await lineOf(app.request('GET', '/docs/errors'))).toMatchObject({ endpoint: 'page' })
  })

  it('writes no line for liveness checks', async () => {
    await app.request('GET', '/healthz')
    expect(requests()).toEqual([])
  })
})

describe('sampling', () => {
  const sampled = (share: string) =>
    createTestApp({ clock, bindings: { LOG_SAMPLE: share } as unknown as Partial<Env> })

  it('writes the configured share, and everything if the value is not a share', async () => {
    const { key } = await issue()
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.25)
    for (const [share, count] of [
      ['0', 0],
      ['0.25', 0],
      ['0.26', 1],
      ['1', 1],
      ['a', 1],
    ] as const) {
      const at = await sampled(share)
      raw = []
      await me(key, at)
      expect(requests(), share).toHaveLength(count)
    }
    random.mockRestore()
  })

  it.each([
    [['DB', 'FENCE']],
    [['DB', 'KEY_CACHE']],
    [['KEY_CACHE', 'FENCE', 'DB']],
  ] as Store[][][])('writes a denial for want of a store always: %s', async (stores) => {
    const { key } = await issue()
    const at = await createTestApp({
      clock,
      bindings: { ...down(stores), LOG_SAMPLE: '0' } as unknown as Partial<Env>,
    })
    const line = await lineOf(me(key, at))
    expect(line).toMatchObject({
      level: 'error',
      status: 503,
      code: 'authority_unavailable',
      verdict: 'authority_unavailable',
      cause: 'D1 is unavailable: the store is down',
    })
    const notes = lines().filter(({ event }) => event === 'store_unanswered')
    const names: Partial<Record<Store, string>> = { KEY_CACHE: 'KV', FENCE: 'fence enam' }
    const expected = stores.flatMap((store) => names[store] ?? [])
    expect(notes.map(({ store }) => store).sort()).toEqual(expected.sort())
  })

  it('logs a failed store at most once in ten seconds when the verdict is known without it', async () => {
    const bindings = { ...down(['KEY_CACHE']), LOG_SAMPLE: '0' } as unknown as Partial<Env>
    const at = await createTestApp({ clock, bindings })
    const expectOk = async () => expect((await me((await issue()).key, at)).status).toBe(200)
    raw = []
    const noted: unknown[] = []
    for (const wait of [0, 1_000, 1_000, 10_000]) {
      clock.skip(wait)
      await expectOk()
      noted.push(...lines().filter(({ event }) => event === 'store_unanswered'))
    }
    expect(noted).toMatchObject([
      { level: 'warn', store: 'KV', failures: 1 },
      { level: 'warn', store: 'KV', failures: 3 },
    ])
  })
})

describe('Server-Timing', () => {
  const timingHeader = { 'x-latchkey-timing': '1' }
  const timing = async (
    path: string,
    options: Parameters<TestApp['request']>[2] = {},
    method = 'GET',
  ) => {
    const headers = { ...timingHeader, ...(options.headers as Record<string, string>) }
    const answer = await app.request(method, path, { ...options, headers })
    return answer.headers.get('server-timing')
  }

  it('is sent only on request', async () => {
    const { key } = await issue()
    expect((await me(key)).headers.get('server-timing')).toBeNull()
    expect(await timing('/api/v1/me', { key })).toMatch(
      /^caller;desc="memory";dur=\d+, total;dur=\d+$/,
    )
    expect(await timing('/api/contacts', { key })).toMatch(/^caller;desc="memory";/)
  })

  it('is sent for the value 1 alone', async () => {
    const { key } = await issue()
    for (const value of ['', '0', 'true', '1, 1']) {
      const headers = { 'x-latchkey-timing': value }
      expect(await timing('/api/v1/me', { key, headers }), value).toBeNull()
    }
  })

  it('is sent with failures of a valid key', async () => {
    const { key } = await issue({ scopes: ['keys:manage'], may_grant: {} })
    const before = /^caller;desc="(memory|cache|fence|database)";dur=\d+, total;dur=\d+$/
    expect(await timing(`/api/api-keys/${crypto.randomUUID()}`, { key })).toMatch(before)
    expect(await timing('/api/api-keys?limit=0', { key })).toMatch(before)
    const body = { name: 'A key', unknown: 1 }
    expect(await timing('/api/api-keys', { key, body }, 'POST')).toMatch(before)
  })

  it('is not sent to a person, whom no tier answers', async () => {
    const as = account.owner.jwt
    expect(await timing('/api/v1/me', { as })).toBeNull()
    expect(await timing('/api/api-keys', { as })).toBeNull()
  })

  it('is not sent without a valid credential', async () => {
    const { id, key } = await issue()
    expect(await timing('/api/v1/me')).toBeNull()
    expect(await timing('/api/v1/me', { key: `whm_${'0'.repeat(32)}` })).toBeNull()
    await app.request('DELETE', `/api/api-keys/${id}`, { as: account.owner.jwt })
    expect(await timing('/api/v1/me', { key })).toBeNull()
  })

  it('describes tokens of the account of the verifier, and of no other', async () => {
    const verifier = await issue({ scopes: ['keys:verify'] })
    const own = await issue()
    const other = await makeKey(app, (await openAccount('Globex')).owner.jwt)
    tokens.push(other.key)
    const send = (token: string) =>
      timing('/api/v1/keys/verify', { key: verifier.key, body: { token } }, 'POST')
    expect(await send(own.key)).toMatch(/caller;desc="\w+";dur=\d+, key;desc="database";/)
    for (const token of [other.key, other.key, 'nothing']) {
      expect(await send(token)).toMatch(/^caller;desc="memory";dur=\d+, total;dur=\d+$/)
    }
  })
})
