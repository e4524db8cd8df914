// A token is returned once, to the creator of the key. After that it is nowhere: not in a table, a KV value,
// a Durable Object, a log line or any later answer; and neither is its random part.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { digestOf } from '../../src/core/token.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { openMail } from '../support/mail.ts'
import { down } from '../support/outage.ts'
import { cookieOf, fromOwnPage } from '../support/permission-matrix.ts'
import { storedText } from '../support/protected-api.ts'
import {
  addPerson,
  createAccount,
  createSkippingClock,
  createTestApp,
  type TestApp,
} from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

/** All that was written to the console, errors with their causes and stacks. */
const lines: string[] = []
const consoleMethods = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const
beforeEach(() => {
  for (const method of consoleMethods) {
    vi.spyOn(console, method).mockImplementation(
      (...args) => void lines.push(args.map(inFull).join(' ')),
    )
  }
})
afterEach(() => vi.restoreAllMocks())

function inFull(value: unknown): string {
  if (!(value instanceof Error)) return typeof value === 'string' ? value : JSON.stringify(value)
  return `${value.stack} ${value.message} ${value.cause === undefined ? '' : inFull(value.cause)}`
}

async function wholeD1(db: D1Database): Promise<string> {
  const { results } = await db
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    )
    .all<{ name: string }>()
  const tables = await Promise.all(
    results.map(async ({ name }) => {
      const rows = await db.prepare(`SELECT * FROM "${name}"`).all()
      return `${name}: ${JSON.stringify(rows.results)}`
    }),
  )
  return tables.join('\n')
}

async function wholeKv(): Promise<string> {
  const { keys } = await env.KEY_CACHE.list()
  const entries = keys.map(async ({ name, metadata }) => {
    return `${name} ${JSON.stringify(metadata)}: ${await env.KEY_CACHE.get(name)}`
  })
  return (await Promise.all(entries)).join('\n')
}

async function wholeFences(): Promise<string> {
  const { results } = await env.DB.prepare('SELECT name FROM fence').all<{ name: string }>()
  const fences = results.map(({ name }) =>
    runInDurableObject(env.FENCE.getByName(name), async (_, { storage }) => {
      const rows = ['base', 'floor'].map((table) =>
        storage.sql.exec(`SELECT * FROM ${table}`).toArray(),
      )
      return `${name}: ${JSON.stringify([...rows, ...(await storage.list())])}`
    }),
  )
  return (await Promise.all(fences)).join('\n')
}

/** What must appear nowhere: the token, its body, its random part, and half of that. */
function tracesOf(token: string): string[] {
  const body = token.slice(token.lastIndexOf('_') + 1)
  const random = body.slice(0, token.startsWith('whm_') ? 24 : 33)
  return [token, body, random, random.slice(12), random.slice(8, 20)]
}

function expectNoTrace(tokens: string[], text: string, where: string) {
  const lower = text.toLowerCase()
  for (const trace of tokens.flatMap(tracesOf)) {
    expect(lower.includes(trace.toLowerCase()), `${trace} in ${where}`).toBe(false)
  }
}

async function expectNoTraceAnywhere(tokens: string[], answers: string[]) {
  const kv = await wholeKv()
  const d1 = await wholeD1(env.DB)
  const fences = await wholeFences()
  // Proves that each place was read: it contains the digest, or the use of the tokens.
  const digest = await digestOf(tokens[0] as string)
  expect(d1).toContain(digest)
  expect(kv).toContain('key/')
  expect(fences).toContain('enam')
  expectNoTrace(tokens, d1, 'D1')
  expectNoTrace(tokens, storedText(), 'the rows of the API behind')
  expectNoTrace(tokens, kv, 'KV')
  expectNoTrace(tokens, fences, 'a fence')
  expectNoTrace(tokens, lines.join('\n'), 'the log')
  expectNoTrace(tokens, answers.join('\n'), 'a later answer')
}

/** An app that records its responses, except for the fields that return a token. */
async function openRecorded() {
  const clock = createSkippingClock()
  const watch = watchBindings()
  const logged = { LOG_SAMPLE: '1' } as unknown as Partial<Env>
  const app = await createTestApp({ clock, bindings: { ...watch.bindings, ...logged } })
  const account = await openAccount()
  const answers: string[] = []
  const note = (answer: { text: string; headers: Headers }) => {
    answers.push(`${JSON.stringify([...answer.headers])} ${answer.text}`)
  }
  const send: TestApp['request'] = async (...args) => {
    const answer = await app.request(...args)
    note(answer)
    return answer
  }
  return { app, clock, account, answers, note, send, calls: watch.calls }
}

const as = (account: Account) => account.owner.jwt

describe('a token', () => {
  it('leaves no trace over the whole life of its key', async () => {
    const { app, clock, account, answers, note, send, calls } = await openRecorded()
    const owner = as(account)
    const made = [
      await makeKey(app, owner),
      await makeKey(app, owner, {
        format: 'wacrm_live',
        scopes: ['contacts:read', 'contacts:write'],
      }),
      await makeKey(app, owner, { scopes: ['keys:manage', 'contacts:read'], may_grant: {} }),
    ]
    const [inherits, scoped, manager] = made as [
      (typeof made)[0],
      (typeof made)[0],
      (typeof made)[0],
    ]
    const tokens = made.map(({ key }) => key)
    const elsewhere = await createTestApp({ clock })
    const useAll = async () => {
      for (const key of tokens) {
        for (const path of [
          '/api/v1/me',
          '/api/contacts',
          '/api/messages',
          '/api/unlisted',
          '/api/api-keys',
          '/api/contacts/%2f',
        ]) {
          await send('GET', path, { key })
          note(await elsewhere.request('GET', path, { as: key }))
        }
        await send('POST', '/api/contacts', { key, body: { name: 'Ada', phone: '+4915112345678' } })
        await send('POST', '/api/contacts', { key, body: '{' })
        await send('GET', '/api/auth/token', { key })
        await send('GET', `/api/contacts?token=${key}`, { key })
        await send('GET', `/api/api-keys?search=${key}`, { as: owner })
        await send('GET', `/api/contacts?${key}`)
      }
    }
    await useAll()
    const managed = await app.request('POST', '/api/api-keys', {
      as: manager.key,
      body: { name: 'By a key', scopes: ['contacts:read'] },
    })
    const rotated = await app.request('POST', `/api/api-keys/${inherits.id}/rotate`, {
      as: owner,
      body: { overlap_seconds: 60 },
    })
    tokens.push(managed.body.data.key, rotated.body.data.key)
    await send('PATCH', `/api/api-keys/${scoped.id}`, {
      as: owner,
      body: { scopes: ['messages:read'] },
    })
    await useAll()
    await send('DELETE', `/api/api-keys/${scoped.id}`, { as: owner })
    await send('POST', '/api/api-keys/revoke', { as: owner, body: { ids: [manager.id] } })
    await useAll()
    for (const path of ['', ...made.map(({ id }) => `/${id}`)])
      await send('GET', `/api/api-keys${path}`, { as: owner })
    await send('GET', '/api/audit-events?limit=100', { as: owner })
    await send('GET', '/api/scopes', { as: owner })
    expect(answers.some((answer) => answer.includes('revoked_api_key'))).toBe(true)
    await expectNoTraceAnywhere(tokens, answers)
    const handed = calls.map(({ where, what }) => `${where} ${what}`).join('\n')
    expect(handed).toContain('FENCE.ask')
    expectNoTrace(tokens, handed, 'a call of a binding')
  })

  it('leaves no trace where stores fail with the token in their error messages', async () => {
    const { app, clock, account, answers, note } = await openRecorded()
    const owner = as(account)
    const { id, key } = await makeKey(app, owner)
    expect((await app.request('GET', '/api/contacts', { key })).status).toBe(200)
    const before = lines.length
    for (const stores of [
      ['DB'],
      ['KEY_CACHE'],
      ['FENCE'],
      ['DB', 'FENCE'],
      ['DB', 'KEY_CACHE', 'FENCE'],
    ] as const) {
      const broken = await createTestApp({
        clock,
        bindings: down(stores, 'throws', `no answer for ${key} (was ${key})`),
      })
      note(await broken.request('GET', '/api/contacts', { key }))
      note(await broken.request('GET', '/api/api-keys', { as: key }))
      note(await broken.request('GET', '/api/api-keys', { as: owner }))
      note(await broken.request('DELETE', `/api/api-keys/${id}`, { as: owner }))
    }
    expect(lines.length).toBeGreaterThan(before)
    await expectNoTraceAnywhere([key], answers)
  })

  it('leaves no trace where the API behind fails with the token in its error message', async () => {
    const { app, clock, account } = await openRecorded()
    const { key } = await makeKey(app, as(account))
    const { isolate } = app
    const upstream = {
      fetch() {
        throw new Error(`not for ${key}`, { cause: new TypeError(`header ${key}`) })
      },
    }
    const gateway = { ...isolate.config.gateway, upstream }
    const failing = { ...isolate, config: { ...isolate.config, gateway } }
    const behind = await createTestApp({ clock, isolate: failing })
    const before = lines.length
    const answer = await behind.request('GET', '/api/contacts', { key })
    expect([answer.status, lines.length]).toEqual([502, before + 1])
    expectNoTrace([key], answer.text, 'the answer')
    expectNoTrace([key], lines.join('\n'), 'the log')
  })

  it('leaves no trace where a client puts it into the path, and the store is down', async () => {
    const { app, clock, account, answers, note } = await openRecorded()
    const owner = as(account)
    const { key } = await makeKey(app, owner)
    await app.request('GET', '/api/contacts', { key })
    const broken = await createTestApp({ clock, bindings: down(['DB', 'FENCE']) })
    for (const { request } of [app, broken]) {
      note(await request('DELETE', `/api/api-keys/${key}`, { as: owner }))
      note(await request('GET', `/api/contacts/${key}`, { key }))
      note(await request('POST', `/api/api-keys/${key}/rotate`, { as: owner, body: {} }))
      note(await request('GET', `/${key}`))
      note(await request('POST', `/nowhere/${key}/x`))
      note(await request('GET', `/api/api-keys/${key}/nonsense`, { as: owner }))
    }
    await expectNoTraceAnywhere([key], answers)
  })

  it('leaves no trace where a client writes it into a field that is refused', async () => {
    const { app, account, answers, send } = await openRecorded()
    const owner = as(account)
    const { key } = await makeKey(app, owner)
    await app.request('GET', '/api/contacts', { key })
    await send('POST', '/api/api-keys', { as: owner, body: { name: 'x', [key]: 1 } })
    await send('POST', '/api/api-keys', {
      as: owner,
      body: { name: 'x', scopes: [key], format: key },
    })
    await send('POST', '/api/api-keys/revoke', { as: owner, body: { ids: [key] } })
    await send('GET', `/api/api-keys?status=${key}x`, { as: owner })
    await send('GET', `/api/audit-events?key_id=${key}x`, { as: owner })
    await send('POST', '/api/api-keys', {
      as: owner,
      body: 'x',
      headers: { 'content-type': `text/${key}` },
    })
    expectNoTrace([key], lines.join('\n'), 'the log')
    expectNoTrace([key], await wholeD1(env.DB), 'D1')
    expect(answers.every((answer) => /invalid_request|unsupported_media_type/.test(answer))).toBe(
      true,
    )
  })

  it('is returned only in responses that must not be stored', async () => {
    const { app, account } = await openRecorded()
    const owner = as(account)
    const made = await app.request('POST', '/api/api-keys', { as: owner, body: { name: 'x' } })
    const { id } = made.body.data
    const rotated = await app.request('POST', `/api/api-keys/${id}/rotate`, { as: owner, body: {} })
    const prefer = { prefer: 'respond-async' }
    const next = `/api/api-keys/${rotated.body.data.id}/rotate`
    const later = await app.request('POST', next, { as: owner, body: {}, headers: prefer })
    expect([made.status, rotated.status, later.status]).toEqual([201, 201, 202])
    for (const answer of [made, rotated, later]) {
      expect(answer.body.data.key).toMatch(/^whm_/)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      // Of the key's last change: an ETag of the body would be a digest of the token.
      expect(answer.headers.get('etag')).toMatch(/^"\d+"$/)
    }
  })

  it('of a refused key is in no response, and those must not be stored either', async () => {
    const { app, account } = await openRecorded()
    const { key } = await makeKey(app, as(account), { scopes: [] })
    const me = await app.request('GET', '/api/v1/me', { key })
    const refused = [
      await app.request('GET', '/api/contacts', { key }),
      await app.request('GET', '/api/contacts'),
    ]
    for (const { headers } of [me, ...refused])
      expect(headers.get('cache-control')).toBe('no-store')
  })
})

describe('a digest', () => {
  it('is in no answer and no log line', async () => {
    const { app, account, answers, send } = await openRecorded()
    const owner = as(account)
    const { id, key } = await makeKey(app, owner)
    const digest = await digestOf(key)
    await send('GET', '/api/v1/me', { key })
    await send('GET', `/api/api-keys/${id}`, { as: owner })
    await send('PATCH', `/api/api-keys/${id}`, { as: owner, body: { name: 'y' } })
    await send('DELETE', `/api/api-keys/${id}`, { as: owner })
    await send('GET', '/api/audit-events', { as: owner })
    const broken = await createTestApp({ bindings: down(['DB', 'FENCE']) })
    answers.push((await broken.request('GET', '/api/contacts', { key })).text)
    expect(answers.join('\n')).not.toContain(digest)
    expect(lines.join('\n')).not.toContain(digest)
  })
})

describe('the token of a mailed link', () => {
  it('is in the message alone: sealed while it waits, and gone once it was delivered', async () => {
    const failing = { isDown: true }
    const mail = await openMail({
      send() {
        if (failing.isDown) throw new Error('The provider is down')
      },
    })
    const accountId = await createAccount('Acme Inc')
    const owner = await addPerson(accountId, 'owner')
    const headers = { cookie: await cookieOf(owner, accountId), ...fromOwnPage }
    const answers: string[] = []
    const ask = async (method: string, path: string, body?: object) => {
      const { text } = await mail.app.request(method, path, { headers, ...(body && { body }) })
      answers.push(text)
    }
    const invited = `${crypto.randomUUID()}@example.test`
    const before = lines.length
    await ask('POST', '/api/auth/request-password-reset', { email: `${owner.id}@example.test` })
    await ask('POST', '/api/auth/organization/invite-member', { email: invited, role: 'member' })
    const tokens = tokensIn(mail.sent)
    expect(tokens).toHaveLength(2)
    const stored = () =>
      env.DB.prepare('SELECT count(*) AS n FROM mail WHERE sealed_token IS NOT NULL').first('n')
    expect(await stored()).toBe(2)
    const expectNone = async () => {
      for (const path of ['/api/audit-events', '/api/account/export', '/api/sessions'])
        await ask('GET', path)
      const list = '/api/auth/organization/list-invitations'
      await ask('GET', list)
      const places = [await wholeD1(env.DB), answers.join('\n'), lines.slice(before).join('\n')]
      for (const token of tokens) {
        for (const place of places) expect(place.includes(token)).toBe(false)
        // Its digest is stored, and told to nobody.
        const digest = await digestOf(token)
        expect(places.map((place) => place.includes(digest))).toEqual([true, false, false])
      }
    }
    await expectNone()
    failing.isDown = false
    mail.clock.skip(60_000)
    await mail.drain()
    expect(tokensIn(mail.sent.slice(2)).toSorted()).toEqual(tokens.toSorted())
    expect(await stored()).toBe(0)
    await expectNone()
    // A use says nothing of it either.
    const [reset = ''] = tokens
    await ask('POST', '/api/auth/reset-password', { token: reset, password: 'short' })
    await ask('POST', '/api/auth/reset-password', {
      token: `${reset}x`,
      password: 'a new password',
    })
    expect(answers.slice(-2).join()).not.toContain(reset)
  })
})

const tokensIn = (messages: readonly { text: string }[]) =>
  messages.flatMap(({ text }) => text.match(/(?<=#)[\w-]{43}/g) ?? [])
