// POST /api/api-keys/lookup: the key with a token, for those who may read it, without an effect and without a trace.
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import {
  betterAuthToken,
  createForeignTestApp,
  type ForeignToken,
  unkeyToken,
  wacrmToken,
} from '../support/foreign.ts'
import type { TestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const watch = watchBindings()
/** Every request writes a log line. */
const bindings = { ...watch.bindings, LOG_SAMPLE: '1' } as unknown as Partial<Env>
let app: TestApp
let account: Account
let owner: string
beforeAll(async () => {
  app = await createForeignTestApp({ bindings })
  account = await openAccount()
  owner = account.owner.jwt
})
afterEach(() => vi.restoreAllMocks())

const path = '/api/api-keys/lookup'
const find = (token: unknown, as = owner, on = app) =>
  on.request('POST', path, { as, body: { token } })
const read = async (id: string) =>
  (await app.request('GET', `/api/api-keys/${id}`, { as: owner })).body

async function imported({ format, digest }: ForeignToken): Promise<string> {
  const body = { keys: [{ digest, format, name: 'Imported', scopes: [] }] }
  const answer = await app.request('POST', '/api/api-keys/import', { as: owner, body })
  expect(answer.body.data[0].result, answer.text).toBe('created')
  return answer.body.data[0].id
}

/** The same answer whatever the reason, but for the id of the request. */
async function expectNotFound(token: string, as = owner) {
  const { status, body, headers } = await find(token, as)
  const { request_id: _, ...problem } = body
  expect([status, problem]).toEqual([
    404,
    {
      ...{ type: expect.any(String), title: 'Not found', status: 404, code: 'not_found' },
      detail: 'There is no such key in this account.',
    },
  ])
  expect(headers.get('cache-control')).toBe('no-store')
}

describe('a lookup', () => {
  it('finds the key as it is read by its id, without its token', async () => {
    const { id, key } = await makeKey(app, owner, { scopes: ['contacts:read'], external_id: 'c-1' })
    const found = await find(key)
    expect([found.status, found.body]).toEqual([200, await read(id)])
    expect(found.body.data).toMatchObject({ id, external_id: 'c-1', environment: 'live' })
    expect(found.text).not.toContain(key)
    expect(found.text).not.toContain(key.slice(4, 20))
    expect(found.headers.get('cache-control')).toBe('no-store')
    const etag = (await app.request('GET', `/api/api-keys/${id}`, { as: owner })).headers.get(
      'etag',
    )
    expect(found.headers.get('etag')).toBe(etag)
    expect(etag).toMatch(/^"\d+"$/)
  })

  it('drops white space around the token', async () => {
    const { id, key } = await makeKey(app, owner)
    for (const token of [` ${key}`, `${key}\n`, `\t${key}\r\n `]) {
      expect((await find(token)).body.data.id).toBe(id)
    }
  })

  it('finds a key of each own format', async () => {
    for (const [format, environment] of [
      ['whm', 'live'],
      ['wacrm_live', 'live'],
      ['wacrm_test', 'test'],
    ]) {
      const { id, key } = await makeKey(app, owner, { format })
      expect((await find(key)).body.data).toMatchObject({ id, format, environment })
    }
  })

  it('finds imported keys of foreign formats', async () => {
    for (const token of [await unkeyToken(), await betterAuthToken(), await wacrmToken()]) {
      const id = await imported(token)
      expect((await find(token.token)).body.data).toMatchObject({ id, format: token.format })
    }
    for (const { token } of [await unkeyToken(), await betterAuthToken()])
      await expectNotFound(token)
  })

  it('finds revoked, disabled, expired and rotated keys', async () => {
    const states: [string, Record<string, unknown>, (id: string) => Promise<unknown>][] = [
      ['revoked', {}, (id) => app.request('DELETE', `/api/api-keys/${id}`, { as: owner })],
      ['disabled', { is_active: false }, async () => {}],
      [
        'expired',
        { expires_at: new Date(app.clock.now() + 5_000).toISOString() },
        async () => app.clock.skip(6_000),
      ],
      [
        'expired',
        {},
        (id) => app.request('POST', `/api/api-keys/${id}/rotate`, { as: owner, body: {} }),
      ],
    ]
    for (const [status, body, change] of states) {
      const { id, key } = await makeKey(app, owner, body)
      await change(id)
      expect((await find(key)).body.data).toMatchObject({ id, status })
    }
  })

  it('is for members, admins and managing keys too, and for no other key', async () => {
    const { id, key } = await makeKey(app, owner, { scopes: ['contacts:read'] })
    const manager = await makeKey(app, owner, { scopes: ['keys:manage'] })
    for (const as of [account.member.jwt, account.admin.jwt, manager.key]) {
      expect((await find(key, as)).body.data.id).toBe(id)
    }
    const self = await find(manager.key, manager.key)
    expect(self.body.data.id).toBe(manager.id)
    expect(await outcome(find(key, key))).toBe('403 insufficient_scope')
    expect(await outcome(app.request('POST', path, { body: { token: key } }))).toBe(
      '401 missing_credential',
    )
  })

  it('is one 404 for what the caller may not know', async () => {
    const theirs = await makeKey(app, (await openAccount('Globex')).owner.jwt)
    const { key } = await makeKey(app, owner)
    const forged = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
    for (const token of [theirs.key, forged, '', 'nonsense', 'whm_', 'x'.repeat(1_000)]) {
      await expectNotFound(token)
    }
    const bounds = { scopes: ['keys:manage'], may_grant: { external_ids: ['c-2'] } }
    const manager = await makeKey(app, owner, bounds)
    await expectNotFound(key, manager.key)
    const within = await makeKey(app, owner, { external_id: 'c-2' })
    expect((await find(within.key, manager.key)).body.data.id).toBe(within.id)
  })

  it('asks D1 for no token that is malformed or forged, and once for another', async () => {
    const { key } = await makeKey(app, owner)
    const forged = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
    const reads = async (token: string) => {
      watch.clear()
      await find(token)
      const { calls } = watch
      return calls.filter(({ where, what }) => where.startsWith('D1.') && what.includes('api_key'))
        .length
    }
    expect(await reads(forged)).toBe(0)
    expect(await reads('nonsense')).toBe(0)
    expect(await reads(`uk_${'a'.repeat(10)}`)).toBe(0)
    expect(await reads(key)).toBe(1)
    expect(await reads((await unkeyToken()).token)).toBe(1)
  })

  it('changes nothing and counts nothing, and goes on while changes are stopped', async () => {
    const { id, key } = await makeKey(app, owner, {
      credits: { remaining: 1 },
      rate_limit: { limit: 1, window_seconds: 60 },
    })
    const before = await read(id)
    const stopped = await createForeignTestApp({
      clock: app.clock,
      bindings: { ...bindings, CHANGES: 'stopped' as never },
    })
    watch.clear()
    for (const on of [app, app, stopped]) expect((await find(key, owner, on)).status).toBe(200)
    expect(watch.calls.filter(({ what }) => /\b(INSERT|UPDATE|DELETE)\b/i.test(what))).toEqual([])
    expect(await read(id)).toEqual(before)
    const create = stopped.request('POST', '/api/api-keys', { as: owner, body: { name: 'X' } })
    expect(await outcome(create)).toBe('503 authority_unavailable')
    const elsewhere = stopped.request('POST', `${path}/`, { as: owner, body: { token: key } })
    expect(await outcome(elsewhere)).not.toBe('200')
  })

  it('leaves no trace of the token in a log or an error', async () => {
    const lines: string[] = []
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn(console, method).mockImplementation(
        (...args) => void lines.push(JSON.stringify(args)),
      )
    }
    const { key } = await makeKey(app, owner)
    const answers = [
      await find(key),
      await find(`${key}x`),
      await app.request('POST', path, { as: owner, body: { token: key, nope: key } }),
      await app.request('POST', path, { as: owner, body: { token: [key] } }),
      await app.request('POST', path, { as: owner, body: `{"token":"${key}"` }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 400, 400, 400])
    expect(lines.length).toBeGreaterThan(0)
    const secret = key.slice(4)
    for (const text of [...lines, ...answers.map(({ text }) => text)])
      expect(text).not.toContain(secret)
  })

  it.each([
    [{}, 'token'],
    [{ token: 1 }, 'token'],
    [{ token: null }, 'token'],
    [{ token: 'x'.repeat(1_001) }, 'token'],
    [{ key_id: 'x', token: 'x' }, 'key_id'],
  ])('refuses the body %#', async (body, field) => {
    const answer = await app.request('POST', path, { as: owner, body })
    const fields = answer.body.errors.map((error: { path: string }) => error.path)
    expect([answer.status, fields]).toEqual([400, [field]])
  })

  it('takes a token in the body alone, and only by POST', async () => {
    const { key } = await makeKey(app, owner)
    const inQuery = app.request('POST', `${path}?token=${key}`, { as: owner, body: { token: key } })
    expect(await outcome(inQuery)).toBe('400 invalid_request')
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const { status, headers } = await app.request(method, path, { as: owner })
      expect([method, status, headers.get('allow')]).toEqual([method, 405, 'POST'])
    }
  })

  it('is refused to a page of another origin', async () => {
    const { key } = await makeKey(app, owner)
    const headers = { cookie: 'better-auth.session_token=x', origin: 'https://evil.example' }
    const answer = app.request('POST', path, { headers, body: { token: key } })
    expect(await outcome(answer)).toBe('403 forbidden')
  })
})
