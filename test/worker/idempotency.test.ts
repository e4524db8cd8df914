// Asking again is safe: a POST with an Idempotency-Key is executed once in 24 hours, whatever happens to its answer.
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { createForeignTestApp } from '../support/foreign.ts'
import { losingAnswers } from '../support/lost-answers.ts'
import { type Retried, retried, type Sender, senderFor } from '../support/retried-routes.ts'
import { addPerson, type TestApp } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})
afterAll(() => vi.restoreAllMocks())

const bindings = { SIGN_IN_PER_MINUTE: '100000' as never }
const dayMs = 24 * 60 * 60 * 1000
const names = Object.keys(retried)
/** Operations whose answer holds a secret. */
const tokens = ['createKey', 'rotateKey']
const secret = /whm_[0-9a-f]{32}|whsec_|reset-password#/

let app: TestApp

beforeAll(async () => {
  app = await createForeignTestApp({ bindings })
})

async function prepare(name: string) {
  const account = await openAccount()
  const request = (await retried[name]?.(app, account)) as Retried
  return { account, request, send: senderFor(app, account, account.owner) }
}

/** What a repeat answers: the status for tokens is a conflict that names the key. */
function expectRepeat(name: string, answer: Awaited<ReturnType<Sender>>) {
  expect(answer.text).not.toMatch(secret)
  if (name === 'createResetLink') {
    expect(answer.body, answer.text).toMatchObject({ status: 409, code: 'conflict' })
  } else if (!tokens.includes(name)) expect(answer.status, answer.text).toBeLessThan(300)
  else {
    expect(answer.body, answer.text).toMatchObject({
      status: 409,
      code: 'conflict',
      key_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      detail: expect.stringContaining('rotate'),
    })
  }
}

describe.each(names)('%s with an Idempotency-Key', (name) => {
  it('is executed once when it is sent ten times at once', async () => {
    const { request, send } = await prepare(name)
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(request, 'at-once')))
    expect(await request.executed()).toBe(1)
    const secrets = answers.filter(({ text }) => secret.test(text))
    expect(secrets.length).toBeLessThanOrEqual(1)
    for (const answer of answers) if (!secrets.includes(answer)) expectRepeat(name, answer)
  })

  it('is executed once when it is sent again, also by another isolate', async () => {
    const { request, send } = await prepare(name)
    const first = await send(request, 'again')
    expect(first.status, first.text).toBeLessThan(300)
    expectRepeat(name, await send(request, 'again'))
    const restarted = await createForeignTestApp({ bindings, clock: app.clock })
    expectRepeat(name, await send(request, 'again', { app: restarted }))
    expect(await request.executed()).toBe(1)
  })

  it('is executed once when the answer to its batch is lost', async () => {
    const { request, send } = await prepare(name)
    const DB = losingAnswers((sql) => /insert into "?idempotency/i.test(sql))
    const broken = await createForeignTestApp({ bindings: { ...bindings, DB }, clock: app.clock })
    const lost = await send(request, 'lost', { app: broken })
    expect([lost.status, lost.body.code]).toEqual([503, 'authority_unavailable'])
    expectRepeat(name, await send(request, 'lost'))
    expect(await request.executed()).toBe(1)
  })

  it('is refused with another payload, and executes nothing', async () => {
    const { request, send } = await prepare(name)
    await send(request, 'payload')
    if (request.otherBody === undefined) {
      return expect(name).toMatch(/^(testWebhookEndpoint|createResetLink)$/)
    }
    const other = send({ ...request, body: request.otherBody }, 'payload')
    expect(await outcome(other)).toBe('422 idempotency_key_reused')
    expect(await request.executed()).toBe(1)
  })

  it('is the same payload with its fields in another order', async () => {
    const { request, send } = await prepare(name)
    await send(request, 'order')
    expectRepeat(name, await send({ ...request, body: reversed(request.body) }, 'order'))
    expect(await request.executed()).toBe(1)
  })

  it('is executed for each person who sends it, and for each value', async () => {
    const { account, request, send } = await prepare(name)
    const isOfOwners = /^(importKeys|createAccount|inviteOwner|createResetLink)$/.test(name)
    const admin = isOfOwners ? await addPerson(account.id, 'owner') : account.admin
    const byOther = senderFor(app, account, admin)
    await send(request, 'person')
    // A key that is rotated already is refused to others, without the secret.
    const other = await byOther(request, 'person')
    expect(other.body?.key_id).toBeUndefined()
    if (name === 'rotateKey') expect(other.status).toBe(409)
    const executions = { rotateKey: 1, importKeys: 1 }[name] ?? 2
    expect(await request.executed()).toBe(executions)
    await send(request, 'another value')
    expect(await request.executed()).toBe(executions === 1 ? 1 : 3)
  })

  it('is executed for each resource that its path names', async () => {
    const { request, send } = await prepare(name)
    if (request.otherPath === undefined) return expect(request.path).not.toMatch(/[0-9a-f]{8}-/)
    await send(request, 'resource')
    await send({ ...request, path: request.otherPath }, 'resource')
    expect(await request.executed()).toBe(2)
    const upper = request.path.replace(/[0-9a-f-]{36}/, (id) => id.toUpperCase())
    expectRepeat(name, await send({ ...request, path: upper }, 'resource'))
    expect(await request.executed()).toBe(2)
  })

  it('answers the repeat when its key was revoked meanwhile', async () => {
    const { request, send } = await prepare(name)
    if (request.end === undefined) return expect(name).not.toMatch(/^(createKey|rotateKey|addCr)/)
    await send(request, 'ended')
    await request.end()
    const repeat = await send(request, 'ended')
    if (name !== 'createKey') expectRepeat(name, repeat)
    else expect(repeat.body).toMatchObject({ status: 409, key_id: expect.any(String) })
    expect(await request.executed()).toBe(1)
  })

  it('is executed again after 24 hours', async () => {
    const later = await createForeignTestApp({ bindings })
    const account = await openAccount()
    const request = (await retried[name]?.(later, account)) as Retried
    // A meter has the time of its own platform.
    if (name === 'addCredits') return
    const send = senderFor(later, account, account.owner)
    await send(request, 'daily')
    later.clock.skip(dayMs - 60_000)
    await send(request, 'daily')
    expect(await request.executed()).toBe(1)
    later.clock.skip(60_001)
    const repeat = await send(request, 'daily')
    const once = ['rotateKey', 'importKeys'].includes(name)
    if (name === 'rotateKey') expect(repeat.body.replaced_by).toEqual(expect.any(String))
    expect(await request.executed()).toBe(once ? 1 : 2)
  })

  it('needs the rights of the moment', async () => {
    const { account, request, send } = await prepare(name)
    await send(request, 'rights')
    await env.DB.prepare(`UPDATE member SET role = 'owner' WHERE user_id = ?`)
      .bind(account.admin.id)
      .run()
    await env.DB.prepare(`UPDATE member SET role = 'member' WHERE user_id = ?`)
      .bind(account.owner.id)
      .run()
    expect(await outcome(send(request, 'rights'))).toBe('403 forbidden')
    expect(await request.executed()).toBe(1)
  })

  it.each([
    ['empty', ''],
    ['256 characters', 'x'.repeat(256)],
    ['not ASCII', 'café'],
    ['a tab', 'a\tb'],
  ])('is a 400 that names the header when it is %s', async (_, key) => {
    const { request, send } = await prepare(name)
    const { status, body } = await send(request, key)
    expect(status).toBe(400)
    expect(body.errors[0].path).toMatch(/idempotency-key$/)
    expect(await request.executed()).toBe(0)
  })
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, each]) => [name, reversed(each)])
  return Object.fromEntries(entries.reverse())
}

describe('a repeated rotation', () => {
  const rotate = (account: Account, id: string, key: string, at = app) =>
    at.request('POST', `/api/api-keys/${id}/rotate`, {
      as: account.owner.jwt,
      headers: { 'idempotency-key': key },
    })

  it('names the newest successor, whose rotation gives a new token', async () => {
    const account = await openAccount()
    const { id } = await makeKey(app, account.owner.jwt)
    const second = await rotate(account, id, 'a')
    const third = await rotate(account, second.body.data.id, 'b')
    const repeat = await rotate(account, id, 'a')
    expect(repeat.body).toMatchObject({ status: 409, key_id: third.body.data.id })
    const fourth = await rotate(account, repeat.body.key_id, 'c')
    expect(fourth.status).toBe(201)
    expect(fourth.body.data.key).toMatch(/^whm_/)
  })

  it('settles before it answers: the old token fails everywhere after it', async () => {
    const account = await openAccount()
    const { id, key } = await makeKey(app, account.owner.jwt)
    const reader = await createForeignTestApp({ bindings, clock: app.clock })
    expect(await outcome(reader.request('GET', '/api/v1/me', { key }))).toBe('200')
    // The raises are committed, and no fence learns of them.
    const DB = losingAnswers((sql) => /insert into "?pending_raise/i.test(sql))
    const broken = await createForeignTestApp({ bindings: { ...bindings, DB }, clock: app.clock })
    expect((await rotate(account, id, 'lost', broken)).status).toBe(503)
    const before = await pendingRaises()
    expect(before).toBeGreaterThan(0)
    expect((await rotate(account, id, 'lost')).status).toBe(409)
    expect(await pendingRaises()).toBe(0)
    expect(await outcome(reader.request('GET', '/api/v1/me', { key }))).toBe('401 expired_api_key')
  })

  it('without an Idempotency-Key is a conflict that names what replaced the key', async () => {
    const account = await openAccount()
    const { id } = await makeKey(app, account.owner.jwt)
    const path = `/api/api-keys/${id}/rotate`
    const first = await app.request('POST', path, { as: account.owner.jwt })
    const again = await app.request('POST', path, { as: account.owner.jwt })
    expect(again.body).toMatchObject({
      status: 409,
      code: 'conflict',
      replaced_by: first.body.data.id,
    })
  })

  async function pendingRaises(): Promise<number> {
    const row = await env.DB.prepare('SELECT count(*) AS n FROM pending_raise').first<{
      n: number
    }>()
    return row?.n ?? -1
  }
})

describe('a repeated create', () => {
  it('whose expires_at has passed meanwhile names its key', async () => {
    const account = await openAccount()
    const later = await createForeignTestApp({ bindings })
    const body = { name: 'Short', expires_at: new Date(later.clock.now() + 60_000).toISOString() }
    const headers = { 'idempotency-key': 'short' }
    const create = () =>
      later.request('POST', '/api/api-keys', { as: account.owner.jwt, body, headers })
    const made = await create()
    later.clock.skip(120_000)
    expect((await create()).body).toMatchObject({ status: 409, key_id: made.body.data.id })
    const fresh = await later.request('POST', '/api/api-keys', { as: account.owner.jwt, body })
    expect(fresh.body).toMatchObject({ status: 400, errors: [{ path: 'expires_at' }] })
  })

  it('by a managing key that has made as many as it may names the key', async () => {
    const account = await openAccount()
    const may_grant = { scopes: ['contacts:read'], max_keys: 1 }
    const manager = await makeKey(app, account.owner.jwt, { scopes: ['keys:manage'], may_grant })
    const body = { name: 'Only', scopes: ['contacts:read'] }
    const create = (headers: Record<string, string>) =>
      app.request('POST', '/api/api-keys', { key: manager.key, body, headers })
    const once = { 'idempotency-key': 'only' }
    const answers = await Promise.all([create(once), create(once), create(once)])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409])
    expect((await create(once)).body.key_id).toBe(
      answers.find(({ status }) => status === 201)?.body.data.id,
    )
    expect(await outcome(create({}))).toBe('403 forbidden')
  })

  it('is another request at another operation, with the same value', async () => {
    const account = await openAccount()
    const headers = { 'idempotency-key': 'shared' }
    const as = account.owner.jwt
    const key = await app.request('POST', '/api/api-keys', { as, headers, body: { name: 'A' } })
    const endpoint = await app.request('POST', '/api/webhook-endpoints', {
      ...{ as, headers },
      body: { url: 'https://example.com/' },
    })
    expect([key.status, endpoint.status]).toEqual([201, 201])
  })
})

describe('a repeated import', () => {
  it('answers each entry as the first request did', async () => {
    const account = await openAccount()
    const digest = () => crypto.randomUUID().replaceAll('-', '').repeat(2)
    const entry = (more: object) => ({ format: 'unkey', name: 'X', scopes: [], ...more })
    const known = digest()
    const importing = (keys: unknown[], headers: Record<string, string>) =>
      app.request('POST', '/api/api-keys/import', {
        as: account.owner.jwt,
        body: { keys },
        headers,
      })
    await importing([entry({ digest: known })], {})
    const twice = digest()
    const keys = [
      entry({ digest: known }),
      entry({ digest: digest() }),
      entry({ digest: 'nonsense' }),
      entry({ digest: twice }),
      entry({ digest: twice }),
      entry({ digest: digest(), scopes: ['platform:manage'], allowed_ips: ['192.0.2.7'] }),
    ]
    const first = await importing(keys, { 'idempotency-key': 'mixed' })
    const results = first.body.data.map(({ result }: { result: string }) => result)
    expect(results).toEqual(['exists', 'created', 'invalid', 'created', 'exists', 'forbidden'])
    const again = await importing(keys, { 'idempotency-key': 'mixed' })
    expect(again.body.data).toEqual(first.body.data)
  })
})

describe('old rows', () => {
  it('are pruned by the reconciler', async () => {
    const { pruneRequests } = await import('../../src/storage/idempotency.ts')
    const account = await openAccount()
    const headers = { 'idempotency-key': 'old' }
    await app.request('POST', '/api/api-keys', {
      as: account.owner.jwt,
      body: { name: 'Old' },
      headers,
    })
    const rows = async () =>
      (
        await env.DB.prepare('SELECT 1 FROM idempotency WHERE account_id = ?')
          .bind(account.id)
          .all()
      ).results.length
    expect(await rows()).toBe(1)
    await pruneRequests(env.DB, app.clock.now() + dayMs - 60_000)
    expect(await rows()).toBe(1)
    await pruneRequests(env.DB, app.clock.now() + dayMs + 1)
    expect(await rows()).toBe(0)
  })
})
