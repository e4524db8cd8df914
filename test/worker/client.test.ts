// The client of latchkey against the Worker, and its hand-written types against those of the routes.
import { env } from 'cloudflare:workers'
import type { z } from '@hono/zod-openapi'
import type { hc, InferRequestType, InferResponseType } from 'hono/client'
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { selectedKeys } from '../../packages/latchkey/src/cli/keys/selected.ts'
import type { LatchkeyBinding } from '../../packages/latchkey/src/hono.ts'
import {
  type AccountChanges,
  type AccountQuery,
  type AuditEvent,
  type AuditQuery,
  type Client,
  type ClientOptions,
  type CreatedAccount,
  createClient,
  type ExplainRequest,
  type Introspection,
  type IssuedKey,
  type Key,
  type KeyChanges,
  type KeyExplanation,
  type KeyQuery,
  type KeySummary,
  LatchkeyError,
  type NewAccount,
  type NewKey,
  type OwnerInvitation,
  type PlatformAccount,
  type Rotation,
  type Scope,
  type Selection,
  type ToppedUp,
  type Underway,
  type Usage,
  type UsageOfKeys,
  type UsageQuery,
  type VerifyAnswer,
  type VerifyRequest,
} from '../../packages/latchkey/src/index.ts'
import type { ManagementApi } from '../../src/http/management/routes.ts'
import type { introspection } from '../../src/http/verify/introspect.ts'
import type { ChecksApi } from '../../src/http/verify/routes.ts'
import type Latchkey from '../../src/index.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

let testApp: TestApp
let acme: Account
let options: ClientOptions

beforeAll(async () => {
  testApp = await createTestApp()
  acme = await openAccount('Acme Inc')
  const scopes = ['keys:manage', 'keys:verify', 'contacts:read']
  const { key } = await makeKey(testApp, acme.owner.jwt, {
    name: 'Automation',
    scopes,
    may_grant: {},
  })
  options = { url: env.BASE_URL, key, fetch: fetchTestApp }
})

const fetchTestApp = ((url: URL, init: RequestInit) =>
  testApp.send(String(url), init)) as typeof fetch

const latchkey = () => createClient(options)

/** The LatchkeyError that a call throws. */
async function errorOf(call: Promise<unknown>): Promise<LatchkeyError> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(LatchkeyError)
  return error as LatchkeyError
}

describe('the client', () => {
  it('creates, reads, changes, rotates, verifies and revokes a key', async () => {
    const client = latchkey()
    const made = await client.create({ name: 'CI', scopes: ['contacts:read'], metadata: { a: 1 } })
    expect(made.key).toMatch(/^whm_/)
    expect(await client.get(made.id)).toMatchObject({ name: 'CI', metadata: { a: 1 } })
    const request = { token: made.key, scopes: ['contacts:read'] }
    expect(await client.verify(request)).toMatchObject({ valid: true, key: { id: made.id } })

    expect(await client.lookup(made.key)).toMatchObject({ id: made.id, name: 'CI' })
    expect((await errorOf(client.lookup('whm_'))).code).toBe('not_found')
    const gatewayRequest = { method: 'POST', path: '/api/contacts', ip: '192.0.2.1' }
    const { code, checks } = await client.explain({ key_id: made.id, ...gatewayRequest })
    const mended = checks.flatMap(({ check, remedy }) => (remedy === null ? [] : [check]))
    expect([code, mended]).toEqual(['insufficient_scope', ['scope']])
    expect(await client.summary()).toMatchObject({ without_expiry: 2, capped: [] })
    expect(
      (await client.list({ scope: 'contacts:read#1', environment: 'live' })).data,
    ).toHaveLength(2)

    expect(await client.update(made.id, { name: 'CI 2' })).toMatchObject({ name: 'CI 2' })
    const successor = await client.rotate(made.id, { overlap_seconds: 60 })
    expect(successor.key).not.toBe(made.key)
    expect(await client.verifyBatch([{ token: successor.key }, request, { token: 'x' }])).toEqual([
      expect.objectContaining({ code: 'valid' }),
      expect.objectContaining({ code: 'valid' }),
      expect.objectContaining({ code: 'invalid_api_key' }),
    ])

    expect(await client.revoke(made.id)).toEqual({ message: 'API key deleted successfully' })
    expect(await client.verify(request)).toMatchObject({ valid: false, code: 'revoked_api_key' })
    expect(await client.introspect(made.key)).toEqual({ active: false })
    const active = await client.introspect(successor.key)
    expect(active).toMatchObject({ active: true, client_id: successor.id, scope: 'contacts:read' })
    const later = { overlap_seconds: 3_600, expires_at: '2099-12-31T23:59:59Z' }
    const last = await client.rotate(successor.id, later)
    expect(last.id).not.toBe(successor.id)
    expect(last.expires_at).toBe('2099-12-31T23:59:59.000Z')
  })

  it('lists keys by the page, and every key when iterated', async () => {
    const client = latchkey()
    const search = `page-${crypto.randomUUID()}`
    for (let at = 0; at < 5; at++) {
      await client.create({ name: `${search} ${at}`, scopes: ['contacts:read'] })
    }
    const first = await client.list({ search, limit: 2 })
    expect(first.data.map(({ name }) => name)).toEqual([`${search} 4`, `${search} 3`])
    const second = await client.list({ search, limit: 2, cursor: first.next_cursor ?? '' })
    expect(second.data.map(({ name }) => name)).toEqual([`${search} 2`, `${search} 1`])
    const all: string[] = []
    for await (const key of client.list({ search, limit: 2, status: 'active' })) all.push(key.name)
    expect(all).toEqual([4, 3, 2, 1, 0].map((at) => `${search} ${at}`))
    expect(await client.list({ search: 'there is none' })).toMatchObject({
      data: [],
      next_cursor: null,
    })
  })

  it('revokes many keys at once, and lists their audit events', async () => {
    const client = latchkey()
    const external_id = crypto.randomUUID()
    const scopes = ['contacts:read']
    const { id } = await client.create({ name: 'One', scopes, external_id })
    await client.create({ name: 'Two', scopes, external_id })
    expect(await client.revokeMany({ external_id })).toEqual({ revoked: 2, missing: [] })
    const actions: string[] = []
    for await (const event of client.auditEvents({ key_id: id, limit: 1 })) {
      actions.push(event.action)
    }
    expect(actions).toEqual(['key.revoked', 'key.created'])
    const catalogue = await client.scopes()
    expect(catalogue).toContainEqual(expect.objectContaining({ scope: 'contacts:read' }))
  })

  it('the CLI shows before a revocation what each key of the rotations of a maker made', async () => {
    const as = acme.owner.jwt
    const maker = await makeKey(testApp, as, { scopes: ['keys:manage'], may_grant: {} })
    const { id } = await makeKey(testApp, maker.key, { scopes: [] })
    const rotated = await testApp.request('POST', `/api/api-keys/${maker.id}/rotate`, { as })
    for (const made_by of [maker.id, rotated.body.data.id]) {
      const { keys, missing } = await selectedKeys(latchkey(), { made_by }, () => {})
      expect([keys.map((key) => key.id), missing]).toEqual([[id], []])
    }
  })

  it('returns from a change at once, with the time at which it takes effect', async () => {
    const client = latchkey()
    const { id } = await client.create({ name: 'Async', scopes: [] })
    const { effective_at } = await client.revoke(id, { respondAsync: true })
    expect(Date.parse(effective_at ?? '')).toBeGreaterThan(0)
  })
})

describe('accounts', () => {
  const address = '192.0.2.7'
  const fromAddress = ((url: URL, init: RequestInit) => {
    const headers = new Headers(init.headers)
    headers.set('cf-connecting-ip', address)
    return testApp.send(String(url), { ...init, headers })
  }) as typeof fetch
  let platform: Account
  let key: string

  beforeAll(async () => {
    platform = await openAccount('Platform')
    await env.DB.prepare('INSERT INTO platform (id, account_id) VALUES (1, ?)')
      .bind(platform.id)
      .run()
    const expires_at = new Date(testApp.clock.now() + 86_400_000).toISOString()
    const may_grant = { scopes: ['contacts:read'] }
    const bounds = { allowed_ips: [address], expires_at, may_grant }
    const made = { name: 'Sign-up', scopes: ['platform:manage'], ...bounds }
    key = (await makeKey(testApp, platform.owner.jwt, made)).key
  })

  const as = (more: Partial<ClientOptions>) =>
    createClient({ ...options, fetch: fromAddress, key, ...more })

  it('are made, listed and changed by a key of the platform, which manages keys in one of them', async () => {
    const { accounts } = as({})
    const request = { name: 'Initech', owner_email: 'ada@initech.test' }
    const idempotencyKey = crypto.randomUUID()
    const made = await accounts.create(request, { idempotencyKey })
    expect(await accounts.create(request, { idempotencyKey })).toEqual(made)
    const { invitation, ...account } = made
    expect([account.status, invitation?.email]).toEqual(['active', 'ada@initech.test'])
    expect(await accounts.get(account.id)).toEqual(account)
    const page = await accounts.list({ search: 'INITECH', limit: 1 })
    expect([page.data, page.next_cursor]).toEqual([[account], null])
    const changed = await accounts.update(account.id, { quotas: { keys: 1 } })
    expect(changed.quotas).toMatchObject({ keys: 1, members: 1_000 })

    const initech = as({ account: account.id })
    const { id } = await initech.create({ name: 'CI', scopes: ['contacts:read'] })
    expect((await initech.list()).data.map((each) => each.id)).toEqual([id])
    const full = errorOf(initech.create({ name: 'Another', scopes: [] }))
    expect((await full).code).toBe('quota_exceeded')
    expect((await errorOf(as({ account: platform.id }).get(id))).code).toBe('not_found')
    expect((await errorOf(as({}).list())).code).toBe('invalid_request')
    // The calls of the deployment do not act in the account.
    expect((await initech.accounts.get(account.id)).counts.keys).toBe(1)
    const { total } = await accounts.usage(account.id, { granularity: 'hour' })
    expect(total).toBe(0)
    expect((await errorOf(accounts.suspend(account.id))).code).toBe('forbidden')
  })

  it('are suspended, resumed, deleted and invited into by an owner of the platform', async () => {
    const { accounts } = as({ key: platform.owner.jwt })
    const { id } = await accounts.create({ name: 'Hooli' })
    const invitation = await accounts.inviteOwner(id, { owner_email: 'gavin@hooli.test' })
    expect(invitation.url).toContain(invitation.id)
    expect(await accounts.suspend(id)).toMatchObject({ id, status: 'suspended' })
    expect(await accounts.resume(id)).toMatchObject({ id, status: 'active' })
    expect(await accounts.remove(id)).toMatchObject({ id, status: 'closing' })
    const { effective_at } = await accounts.resume(id, { respondAsync: true })
    expect(Date.parse(effective_at ?? '')).toBeGreaterThan(0)
  })

  it('have ids that lead to no other path, and no empty account is taken for none', async () => {
    for (const id of ['..', '', 'a/../b', 'x?y']) {
      await expect(as({}).accounts.remove(id)).rejects.toThrow(TypeError)
    }
    expect(() => as({ account: '' })).toThrow(/account/)
  })
})

describe('LatchkeyError', () => {
  it('has the code, status, detail, fields and request id of the problem', async () => {
    const error = await errorOf(latchkey().create({ name: '', scopes: ['contacts:raed'] }))
    expect(error).toMatchObject({ name: 'LatchkeyError', code: 'invalid_request', httpStatus: 400 })
    expect(error.errors.map(({ path }) => path)).toEqual(['name', 'scopes.0'])
    expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/)
    expect(error.message).toBe(`invalid_request: ${error.detail}`)
    const missing = await errorOf(latchkey().get(crypto.randomUUID()))
    expect(missing).toMatchObject({ code: 'not_found', httpStatus: 404, errors: [] })
  })

  it('has its own code for a response that is not from Latchkey', async () => {
    const page = async () => new Response('<h1>Bad gateway</h1>', { status: 502 })
    const client = createClient({ ...options, fetch: page as typeof fetch, retries: 0 })
    const error = await errorOf(client.scopes())
    expect(error).toMatchObject({ code: 'unexpected_answer', httpStatus: 502 })
    const welcome = async () => new Response('<h1>Welcome</h1>')
    const elsewhere = createClient({ ...options, fetch: welcome as typeof fetch })
    expect((await errorOf(elsewhere.verify({ token: 'x' }))).code).toBe('unexpected_answer')
  })

  it('is thrown for a redirect, which would carry the key elsewhere', async () => {
    const sent: RequestInit[] = []
    const redirects = async (_: URL, init: RequestInit) => {
      sent.push(init)
      return new Response(null, { status: 307, headers: { location: 'https://else.example/' } })
    }
    const client = createClient({ ...options, fetch: redirects as typeof fetch })
    expect(await errorOf(client.scopes())).toMatchObject({
      code: 'unexpected_answer',
      httpStatus: 307,
    })
    expect(sent.map(({ redirect }) => redirect)).toEqual(['manual'])
  })

  it('distinguishes a timeout from a broken connection, and keeps the cause', async () => {
    const hangs = (_: URL, { signal }: RequestInit) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    const slow = createClient({
      ...options,
      fetch: hangs as typeof fetch,
      timeoutMs: 20,
      retries: 0,
    })
    expect(await errorOf(slow.scopes())).toMatchObject({ code: 'timed_out', httpStatus: 0 })
    const cause = new TypeError('fetch failed')
    const fails = () => Promise.reject(cause)
    const lost = createClient({ ...options, fetch: fails as typeof fetch, retries: 0 })
    expect(await errorOf(lost.scopes())).toMatchObject({ code: 'unreachable', cause })
  })

  it('is a TypeError for an id that would lead to another path, before any request', async () => {
    for (const id of ['..', '.', '', 'a/../b', 'x?y']) {
      await expect(latchkey().revoke(id)).rejects.toThrow(TypeError)
    }
  })

  it('is a TypeError for an invalid url or an empty key, as the client is created', () => {
    expect(() => createClient({ ...options, url: 'no url' })).toThrow(TypeError)
    expect(() => createClient({ ...options, key: '' })).toThrow(TypeError)
  })
})

describe('retries', () => {
  /** A server that returns these responses in order, then succeeds. */
  function flaky(...answers: (Response | Error)[]) {
    const methods: string[] = []
    const waits: number[] = []
    const client = createClient({
      ...options,
      sleep: async (ms) => void waits.push(ms),
      fetch: (async (_: URL, { method = '' }: RequestInit) => {
        methods.push(method)
        const answer = answers.shift() ?? Response.json({ status: 'success', data: {} })
        if (answer instanceof Error) throw answer
        return answer
      }) as typeof fetch,
    })
    return { client, methods, waits }
  }

  const busy = (status: number, headers: HeadersInit = {}) =>
    Response.json({ code: 'authority_unavailable', detail: 'Later' }, { status, headers })
  const id = crypto.randomUUID()

  it('repeat a GET, a lookup or a DELETE, no sooner than Retry-After', async () => {
    const reading = flaky(busy(503, { 'retry-after': '2' }), new TypeError('fetch failed'))
    await reading.client.get(id)
    expect(reading.methods).toEqual(['GET', 'GET', 'GET'])
    expect(reading.waits[0]).toBe(2_000)
    expect(reading.waits[1]).toBeGreaterThanOrEqual(250)
    expect(reading.waits[1]).toBeLessThanOrEqual(500)
    const asking = flaky(busy(503))
    await asking.client.lookup('x')
    expect(asking.methods).toEqual(['POST', 'POST'])
    const explaining = flaky(busy(503))
    await explaining.client.explain({ token: 'x' })
    expect(explaining.methods).toEqual(['POST', 'POST'])
    const revoking = flaky(busy(429))
    await revoking.client.revoke(id)
    expect(revoking.methods).toEqual(['DELETE', 'DELETE'])
  })

  it('read a Retry-After that is a date', async () => {
    const date = new Date(Date.now() + 5_000).toUTCString()
    const { client, waits } = flaky(busy(503, { 'retry-after': date }))
    await client.get(id)
    expect(waits[0]).toBeGreaterThan(3_000)
    expect(waits[0]).toBeLessThanOrEqual(5_000)
  })

  it('stop after two more attempts, and at once when Retry-After is too long', async () => {
    const always = flaky(busy(503), busy(503), busy(503), busy(503))
    expect((await errorOf(always.client.get(id))).httpStatus).toBe(503)
    expect(always.methods).toHaveLength(3)
    const later = flaky(busy(503, { 'retry-after': '3600' }))
    expect((await errorOf(later.client.get(id))).retryAfterSeconds).toBe(3_600)
    expect(later.methods).toHaveLength(1)
  })

  it.each([400, 401, 403, 404, 409, 500])('do not follow a %d', async (status) => {
    const { client, methods } = flaky(busy(status))
    await errorOf(client.get(id))
    expect(methods).toHaveLength(1)
  })

  it('never repeat a change that may have been applied although its response was lost', async () => {
    const calls: ((client: ReturnType<typeof createClient>) => Promise<unknown>)[] = [
      (client) => client.update(id, { name: 'Once' }),
      (client) => client.revokeMany({ ids: [id] }),
      (client) => client.verify({ token: 'x', cost: 1 }),
    ]
    for (const call of calls) {
      for (const answer of [busy(503, { 'retry-after': '1' }), new TypeError('fetch failed')]) {
        const { client, methods } = flaky(answer)
        await errorOf(call(client))
        expect(methods).toHaveLength(1)
      }
    }
  })

  it('repeat a create or a rotation with an idempotencyKey, and name the key whose token was lost', async () => {
    const lost = Response.json(
      { code: 'conflict', detail: 'Executed before', key_id: id },
      { status: 409 },
    )
    for (const call of [
      (client: Client) => client.create({ name: 'Once' }, { idempotencyKey: 'a' }),
      (client: Client) => client.rotate(id, {}, { idempotencyKey: 'a' }),
    ]) {
      const { client, methods } = flaky(new TypeError('fetch failed'), lost.clone())
      expect(await errorOf(call(client))).toMatchObject({ code: 'conflict', keyId: id })
      expect(methods).toEqual(['POST', 'POST'])
    }
  })

  /** The Worker, whose answers at `lost` (from 0) do not arrive. */
  function losing(...lost: number[]) {
    const answers: number[] = []
    const sent: (string | null)[] = []
    const client = createClient({
      ...options,
      sleep: async () => {},
      fetch: (async (url: URL, init: RequestInit) => {
        sent.push(new Headers(init.headers).get('idempotency-key'))
        const answer = await fetchTestApp(url, init)
        if (lost.includes(answers.push(answer.status) - 1)) throw new TypeError('fetch failed')
        return answer
      }) as typeof fetch,
    })
    return { client, answers, sent }
  }

  it('make one key, although the answer of the first attempt was lost, and name it', async () => {
    const idempotencyKey = crypto.randomUUID()
    const { client, answers } = losing(0)
    const { keyId } = await errorOf(client.create({ name: 'Lost', scopes: [] }, { idempotencyKey }))
    expect(answers).toEqual([201, 409])
    const { key } = await client.rotate(keyId ?? '')
    expect(key).toMatch(/^whm_/)
    const again = await errorOf(client.rotate(keyId ?? ''))
    expect(again.replacedBy).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('draw an Idempotency-Key for each call, and rotate a key whose token was lost', async () => {
    const name = `Lost ${crypto.randomUUID()}`
    const { client, answers, sent } = losing(0)
    const { key, id: issued } = await client.create({ name, scopes: ['contacts:read'] })
    expect(answers).toEqual([201, 409, 201])
    expect(sent[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect([sent[1] === sent[0], sent[2] === sent[0]]).toEqual([true, false])
    expect(await client.verify({ token: key })).toMatchObject({ valid: true, key: { id: issued } })
    const all = (await client.list({ search: name, status: 'active' })).data
    expect(all.map(({ id }) => id)).toEqual([issued])
  })

  it('rotate once more where the answers of a rotation were lost', async () => {
    const made = await latchkey().create({ name: 'Twice', scopes: ['contacts:read'] })
    const { client, answers } = losing(0, 2)
    const { key } = await client.rotate(made.id)
    expect(answers).toEqual([201, 409, 201, 409, 201])
    expect(await client.verify({ token: key })).toMatchObject({ valid: true })
    expect(await client.verify({ token: made.key })).toMatchObject({ code: 'expired_api_key' })
  })

  it('rotate nothing where the first answer already says that the key was made', async () => {
    const lost = { code: 'conflict', detail: 'Executed before', key_id: id }
    const { client, methods } = flaky(Response.json(lost, { status: 409 }))
    expect(await errorOf(client.create({ name: 'Other' }))).toMatchObject({ keyId: id })
    expect(methods).toEqual(['POST'])
  })

  it('add credits once, although an answer was lost', async () => {
    const made = await latchkey().create({ name: 'Paid', credits: { remaining: 1 }, scopes: [] })
    const { client, answers } = losing(0)
    const { credits } = await client.addCredits(made.id, { add: 5 })
    expect([credits?.remaining, answers.length]).toEqual([6, 2])
  })

  it('end their wait when the caller’s signal does', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const client = createClient({
      ...options,
      sleep: () => new Promise(() => controller.abort(new Error('The user left'))),
      fetch: (async () => busy(503)) as unknown as typeof fetch,
    })
    await expect(client.scopes({ signal })).rejects.toThrow('The user left')
  })

  it('stop with the reason of the caller’s signal', async () => {
    const controller = new AbortController()
    const { client, methods } = flaky(new TypeError('aborted'))
    controller.abort(new Error('The user left'))
    const { signal } = controller
    await expect(client.scopes({ signal })).rejects.toThrow('The user left')
    expect(methods).toHaveLength(1)
  })
})

describe('the url of a deployment', () => {
  const id = crypto.randomUUID()
  const calls: Record<string, (client: Client) => Promise<unknown>> = {
    '/api/api-keys?status=active': (client) => client.list({ status: 'active' }),
    '/api/api-keys/summary': (client) => client.summary(),
    '/api/api-keys/lookup': (client) => client.lookup('x'),
    '/api/api-keys/explain': (client) => client.explain({ token: 'x' }),
    '/api/api-keys': (client) => client.create({ name: 'A' }),
    [`/api/api-keys/${id}`]: (client) => client.get(id),
    [`/api/api-keys/${id} `]: (client) => client.update(id, {}),
    [`/api/api-keys/${id}  `]: (client) => client.revoke(id),
    [`/api/api-keys/${id}/rotate`]: (client) => client.rotate(id),
    [`/api/api-keys/${id}/credits`]: (client) => client.addCredits(id, { add: 1 }),
    '/api/api-keys/revoke': (client) => client.revokeMany({ ids: [id] }),
    [`/api/api-keys/${id}/usage?from=2027-01-01`]: (client) =>
      client.usage(id, { from: '2027-01-01' }),
    [`/api/api-keys/usage?granularity=day&ids=${id}`]: (client) =>
      client.usageOfKeys([id], { granularity: 'day' }),
    '/api/scopes': (client) => client.scopes(),
    '/api/audit-events?limit=1': (client) => client.auditEvents({ limit: 1 }),
    '/api/v1/keys/verify': (client) => client.verify({ token: 'x' }),
    '/api/v1/keys/verify-batch': (client) => client.verifyBatch([{ token: 'x' }]),
    '/api/v1/introspect': (client) => client.introspect('x'),
    '/api/v1/portal-sessions': ({ portal }) =>
      portal.createSession({
        ...{ external_id: 'customer-7', scopes: ['contacts:read'] },
        limits: { rate_limit: null },
      }),
    '/api/accounts?status=active': ({ accounts }) => accounts.list({ status: 'active' }),
    '/api/accounts': ({ accounts }) => accounts.create({ name: 'A' }),
    [`/api/accounts/${id}`]: ({ accounts }) => accounts.get(id),
    [`/api/accounts/${id} `]: ({ accounts }) => accounts.update(id, {}),
    [`/api/accounts/${id}  `]: ({ accounts }) => accounts.remove(id),
    [`/api/accounts/${id}/suspend`]: ({ accounts }) => accounts.suspend(id),
    [`/api/accounts/${id}/resume`]: ({ accounts }) => accounts.resume(id),
    [`/api/accounts/${id}/owner-invitation`]: ({ accounts }) =>
      accounts.inviteOwner(id, { owner_email: 'a@b.test' }),
    [`/api/accounts/${id}/usage?from=2027-01-01`]: ({ accounts }) =>
      accounts.usage(id, { from: '2027-01-01' }),
  }

  type Sent = { url: string; account: string | null }

  /** What the calls of a client request. */
  async function requested(url: string, account?: string): Promise<Sent[]> {
    const sent: Sent[] = []
    const send = async (to: URL, init: RequestInit) => {
      const named = new Headers(init.headers).get('latchkey-account')
      sent.push({ url: String(to), account: named })
      return Response.json({ status: 'success', data: [], next_cursor: null })
    }
    const client = createClient({ url, key: 'x', fetch: send as typeof fetch, account })
    const { accounts, portal, ...others } = client
    const names = [others, accounts, portal].flatMap(Object.keys)
    expect(names).toHaveLength(Object.keys(calls).length)
    for (const call of Object.values(calls)) await call(client)
    return sent
  }

  it('has an account only where keys, scopes and audit events of one are managed', async () => {
    const withOne = await requested('https://keys.example', id)
    const acting = withOne.filter(({ account }) => account === id).map(({ url }) => url)
    const others = withOne.filter(({ account }) => account === null).map(({ url }) => url)
    expect(acting.every((url) => /\/api\/(api-keys|scopes|audit-events)/.test(url))).toBe(true)
    expect(others.every((url) => /\/api\/(v1|accounts)/.test(url))).toBe(true)
    expect(acting.length + others.length).toBe(withOne.length)
    const without = await requested('https://keys.example')
    expect(without.filter(({ account }) => account !== null)).toEqual([])
  })

  it.each([
    ['https://keys.example', 'https://keys.example'],
    ['https://keys.example/', 'https://keys.example'],
    ['https://example.com/latchkey', 'https://example.com/latchkey'],
    ['https://example.com/latchkey/', 'https://example.com/latchkey'],
    ['https://example.com:8443/a/b%20c//', 'https://example.com:8443/a/b%20c'],
  ])('%s is the base of every call', async (url, base) => {
    const urls = (await requested(url)).map((sent) => sent.url)
    expect(urls).toEqual(Object.keys(calls).map((path) => base + path.trim()))
  })

  it.each([
    ['https://keys.example/?', /query/],
    ['https://keys.example/base?a=b', /query/],
    ['https://keys.example/#x', /fragment/],
    ['https://keys.example#', /fragment/],
    ['https://user@keys.example', /user/],
    ['https://:secret@keys.example', /user/],
    ['keys.example', /url needs http/],
    ['localhost:8787', /http/],
    ['ftp://keys.example', /http/],
  ])('%s is refused, with the reason', (url, reason) => {
    const create = () => createClient({ url, key: 'x' })
    expect(create).toThrow(TypeError)
    expect(create).toThrow(reason)
    expect(create).not.toThrow(/secret/)
  })
})

describe('a client with a key that only verifies', () => {
  it('can verify and introspect but not manage keys', async () => {
    const { key } = await makeKey(testApp, acme.owner.jwt, { scopes: ['keys:verify'] })
    const client = createClient({ ...options, key })
    expect(await client.verify({ token: 'x' })).toMatchObject({ valid: false })
    expect(await client.introspect('x')).toEqual({ active: false })
    expect((await errorOf(client.scopes())).code).toBe('insufficient_scope')
  })
})

// Compared by `tsc -b`: a field that a route gains, loses or renames fails there. test/worker/contract.test.ts
// does the same for the types of src/contract.
describe('the types of the client', () => {
  type Api = ReturnType<typeof hc<ManagementApi>>['api']
  type Checks = ReturnType<typeof hc<ChecksApi>>['api']['v1']['keys']
  type Keys = Api['api-keys']
  type OneKey = Keys[':id']
  type Accounts = Api['accounts']
  type OneAccount = Accounts[':id']

  type Data<Operation, Status extends 200 | 201 | 202> =
    InferResponseType<Operation, Status> extends { data: infer Answer } ? Plain<Answer> : never
  type Part<Operation, Of extends 'json' | 'query'> =
    InferRequestType<Operation> extends Record<Of, infer Request> ? Plain<Request> : never
  /** Flattens an intersection. Fields of arbitrary JSON are left out, since Hono's types change them. */
  type Plain<T> = T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Name in keyof T]: Name extends 'metadata' | 'detail' ? 'JSON' : Plain<T[Name]> }
      : T
  /** Numbers become strings in a query. */
  type Query<Q> = Plain<{ [Name in keyof Q]: Name extends 'limit' ? string | undefined : Q[Name] }>

  it('match the responses of the management API', () => {
    type Message = { message: string }
    type Count = { revoked: number; missing: string[] }
    expectTypeOf<Data<Keys['$get'], 200>>().toEqualTypeOf<Plain<Key[]>>()
    expectTypeOf<Data<Keys['summary']['$get'], 200>>().toEqualTypeOf<Plain<KeySummary>>()
    expectTypeOf<Data<Keys['lookup']['$post'], 200>>().toEqualTypeOf<Plain<Key>>()
    expectTypeOf<Data<Keys['explain']['$post'], 200>>().toEqualTypeOf<Plain<KeyExplanation>>()
    expectTypeOf<Data<Keys['$post'], 201>>().toEqualTypeOf<Plain<IssuedKey>>()
    expectTypeOf<Data<OneKey['$get'], 200>>().toEqualTypeOf<Plain<Key>>()
    expectTypeOf<Data<OneKey['$patch'], 202>>().toEqualTypeOf<Plain<Key & Underway>>()
    expectTypeOf<Data<OneKey['rotate']['$post'], 201>>().toEqualTypeOf<
      Plain<IssuedKey & Underway>
    >()
    expectTypeOf<Data<OneKey['credits']['$post'], 200>>().toEqualTypeOf<Plain<ToppedUp>>()
    expectTypeOf<Data<OneKey['$delete'], 200>>().toEqualTypeOf<Plain<Message & Underway>>()
    expectTypeOf<Data<Keys['revoke']['$post'], 200>>().toEqualTypeOf<Plain<Count & Underway>>()
    expectTypeOf<Data<Api['audit-events']['$get'], 200>>().toEqualTypeOf<Plain<AuditEvent[]>>()
    expectTypeOf<Data<Api['scopes']['$get'], 200>>().toEqualTypeOf<Plain<Scope[]>>()
    expectTypeOf<Data<OneKey['usage']['$get'], 200>>().toEqualTypeOf<Plain<Usage>>()
    expectTypeOf<Data<Keys['usage']['$get'], 200>>().toEqualTypeOf<Plain<UsageOfKeys>>()
    expectTypeOf<Data<Accounts['$get'], 200>>().toEqualTypeOf<Plain<PlatformAccount[]>>()
    expectTypeOf<Data<Accounts['$post'], 201>>().toEqualTypeOf<Plain<CreatedAccount>>()
    expectTypeOf<Data<OneAccount['$get'], 200>>().toEqualTypeOf<Plain<PlatformAccount>>()
    type Changed = Plain<PlatformAccount & Underway>
    expectTypeOf<Data<OneAccount['$patch'], 202>>().toEqualTypeOf<Changed>()
    expectTypeOf<Data<OneAccount['$delete'], 202>>().toEqualTypeOf<Changed>()
    expectTypeOf<Data<OneAccount['suspend']['$post'], 202>>().toEqualTypeOf<Changed>()
    expectTypeOf<Data<OneAccount['resume']['$post'], 202>>().toEqualTypeOf<Changed>()
    expectTypeOf<Data<OneAccount['owner-invitation']['$post'], 201>>().toEqualTypeOf<
      Plain<OwnerInvitation>
    >()
    expectTypeOf<Data<OneAccount['usage']['$get'], 200>>().toEqualTypeOf<Plain<Usage>>()
  })

  it('match the requests of the management API', () => {
    expectTypeOf<Part<Keys['$post'], 'json'>>().toEqualTypeOf<Plain<NewKey>>()
    expectTypeOf<Part<Keys['lookup']['$post'], 'json'>>().toEqualTypeOf<{ token: string }>()
    expectTypeOf<Part<OneKey['rotate']['$post'], 'json'>>().toEqualTypeOf<Plain<Rotation>>()
    expectTypeOf<Part<OneKey['$patch'], 'json'>>().toEqualTypeOf<Plain<KeyChanges>>()
    expectTypeOf<Part<Keys['$get'], 'query'>>().toEqualTypeOf<Query<KeyQuery>>()
    expectTypeOf<Part<Api['audit-events']['$get'], 'query'>>().toEqualTypeOf<Query<AuditQuery>>()
    expectTypeOf<Part<OneKey['usage']['$get'], 'query'>>().toEqualTypeOf<Plain<UsageQuery>>()
    expectTypeOf<Part<Accounts['$post'], 'json'>>().toEqualTypeOf<Plain<NewAccount>>()
    expectTypeOf<Part<OneAccount['$patch'], 'json'>>().toEqualTypeOf<Plain<AccountChanges>>()
    expectTypeOf<Part<Accounts['$get'], 'query'>>().toEqualTypeOf<Query<AccountQuery>>()
    expectTypeOf<Part<OneAccount['usage']['$get'], 'query'>>().toEqualTypeOf<Plain<UsageQuery>>()
    expectTypeOf<ExplainRequest>().toExtend<InferRequestType<Keys['explain']['$post']>['json']>()
    expectTypeOf<Selection>().toExtend<InferRequestType<Keys['revoke']['$post']>['json']>()
  })

  it('match verification, over HTTP and over the service binding', () => {
    expectTypeOf<Data<Checks['verify']['$post'], 200>>().toEqualTypeOf<Plain<VerifyAnswer>>()
    expectTypeOf<Plain<VerifyRequest>>().toEqualTypeOf<Part<Checks['verify']['$post'], 'json'>>()
    expectTypeOf<Plain<z.infer<typeof introspection>>>().toEqualTypeOf<Plain<Introspection>>()
    expectTypeOf<Service<typeof Latchkey>>().toExtend<LatchkeyBinding>()
  })
})
