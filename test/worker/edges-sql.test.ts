// Edge cases of storage: text written by tenants never controls a deletion, one failing item never ends a loop,
// a revocation never depends on its notice, and no response discloses data of other accounts.
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { KeyRecord } from '../../src/core/record.ts'
import { authEndpointPath } from '../../src/http/management/people/auth-endpoints.ts'
import { tryEach } from '../../src/log.ts'
import { noticeExpiring } from '../../src/storage/expiry-notices.ts'
import { createKeyImport } from '../../src/storage/key-import.ts'
import { createMemory } from '../../src/storage/memory.ts'
import { isDeterministic, StoreUnavailable, within } from '../../src/storage/unavailable.ts'
import { runScheduled } from '../../src/worker/cron.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { addEndpoint } from '../support/outside.ts'
import { invite, newAccount, origin, password, send, signIn } from '../support/people-world.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

const clock = createSkippingClock()
const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
let app: TestApp
beforeAll(async () => {
  app = await createTestApp({ clock })
})
beforeEach(() => {
  logged.mockClear()
})
afterAll(() => vi.restoreAllMocks())

const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run()
const first = <Row>(sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .first<Row>()
const linesOf = (event: string) =>
  logged.mock.calls.map(([line]) => JSON.parse(line)).filter((line) => line.event === event)

/** A trigger that refuses some rows, for the time of `work`. */
async function refusing(on: string, condition: string, work: () => Promise<unknown>) {
  await env.DB.prepare(
    `CREATE TRIGGER refuse BEFORE ${on} WHEN ${condition} BEGIN SELECT RAISE(ABORT, 'refused here'); END`,
  ).run()
  await work().finally(() => env.DB.prepare('DROP TRIGGER refuse').run())
}

describe('control data in a column that tenants write', () => {
  const drain = () => runScheduled(app.isolate, app.bindings, '* * * * *', () => {})
  const fallDue = (id: string) => run('UPDATE organization SET closes_at = 1 WHERE id = ?', id)
  const exists = async (table: string, id: string) =>
    (await first(`SELECT 1 FROM ${table} WHERE id = ?`, id)) !== null

  it('the image of a user does not affect the deletion of an account', async () => {
    const [leaving, other] = [await openAccount(), await openAccount()]
    await run('UPDATE user SET image = ? WHERE id = ?', `leaving ${leaving.id}`, other.owner.id)
    await run('UPDATE user SET image = ? WHERE id = ?', `leaving ${leaving.id}`, other.member.id)
    await fallDue(leaving.id)
    await drain()
    expect(await exists('organization', leaving.id)).toBe(false)
    expect(await exists('user', leaving.owner.id)).toBe(false)
    expect(await exists('user', other.owner.id)).toBe(true)
    expect(await exists('user', other.member.id)).toBe(true)
    expect(await first('SELECT count(*) AS n FROM account_leaver')).toEqual({ n: 0 })
  })

  it('an account that cannot be deleted or purged does not block the others', async () => {
    const accounts = await Promise.all([1, 2, 3, 4].map(() => openAccount()))
    const [stuck, unpurged, ...others] = accounts as [Account, Account, Account, Account]
    for (const { id } of [unpurged, ...others]) await fallDue(id)
    await run(
      `INSERT INTO webhook_event (id, account_id, type, data, created_at) VALUES (?1, ?1, 'ping', '{}', 1)`,
      unpurged.id,
    )
    await refusing('DELETE ON webhook_event', `OLD.account_id = '${unpurged.id}'`, async () => {
      await expect(drain()).rejects.toThrow('refused here')
    })
    await fallDue(stuck.id)
    await refusing('DELETE ON organization', `OLD.id = '${stuck.id}'`, async () => {
      await expect(drain()).rejects.toThrow('refused here')
    })
    for (const { id } of others) expect(await exists('organization', id)).toBe(false)
    expect(linesOf('closing_failed').map(({ account }) => account)).toEqual([stuck.id])
    expect(linesOf('purge_failed').map(({ account }) => account)).toEqual([unpurged.id])
    await drain()
    expect(await exists('organization', stuck.id)).toBe(false)
  })

  it('a notice that D1 refuses does not block the notices of other accounts', async () => {
    const soon = Date.now() + 2 * 60 * 60_000
    const accounts = [await openAccount(), await openAccount()]
    for (const account of accounts) {
      await addEndpoint({ app }, account)
      const { id } = await makeKey(app, account.owner.jwt)
      await run('UPDATE api_key SET expires_at = ? WHERE id = ?', soon, id)
    }
    const [stuck, other] = accounts as [Account, Account]
    const condition = `NEW.account_id = '${stuck.id}' AND NEW.type = 'key.expiring'`
    await refusing('INSERT ON webhook_event', condition, async () => {
      await expect(noticeExpiring(env.DB, Date.now())).rejects.toThrow('refused here')
    })
    const expiring = `SELECT 1 FROM webhook_event WHERE account_id = ? AND type = 'key.expiring'`
    expect(await first(expiring, other.id)).not.toBeNull()
    expect(await first(expiring, stuck.id)).toBeNull()
    expect(linesOf('webhooks_not_noticed')).toContainEqual(
      expect.objectContaining({ account: stuck.id }),
    )
  })

  it('every task of a list runs, and the first failure is thrown', async () => {
    const ran: string[] = []
    const task = (id: string, fails: boolean) =>
      [
        id,
        async () => {
          ran.push(id)
          if (fails) throw new Error(`no ${id}`)
        },
      ] as const
    const tasks = [task('a', true), task('b', false), task('c', true)]
    await expect(tryEach('failed_here', 'item', tasks)).rejects.toThrow('no a')
    expect(ran).toEqual(['a', 'b', 'c'])
    expect(linesOf('failed_here').map(({ item }) => item)).toEqual(['a', 'c'])
  })
})

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

describe('accepted earlier, refused by SQLite', () => {
  let account: Account
  let as: string
  beforeAll(async () => {
    account = await openAccount()
    as = account.owner.jwt
    await addEndpoint({ app }, account)
  })

  /** A key whose metadata was stored before it was bounded. */
  async function deepKey(depth: number, body: Record<string, unknown> = {}) {
    const made = await makeKey(app, as, { scopes: [], ...body })
    await run('UPDATE api_key SET metadata = ? WHERE id = ?', nested(depth), made.id)
    return made
  }
  const noticeOf = async (id: string, type: string) => {
    const row = await first<{ data: string }>(
      `SELECT data FROM webhook_event WHERE type = ? AND data ->> '$.key.id' = ?`,
      ...[type, id],
    )
    return row && JSON.parse(row.data)
  }

  it.each([998, 999, 1_000, 1_001, 1_500])('a key is revoked, %i levels deep', async (depth) => {
    const { id } = await deepKey(depth)
    expect(await outcome(app.request('DELETE', `/api/api-keys/${id}`, { as }))).toBe('200')
    const { key } = await noticeOf(id, 'key.revoked')
    expect(key.scopes).toEqual([])
    expect(key.metadata === null).toBe(depth > 998)
  })

  it('and disabled, revoked with others, and by itself', async () => {
    const disabled = await deepKey(1_500)
    const body = { is_active: false }
    const patched = app.request('PATCH', `/api/api-keys/${disabled.id}`, { as, body })
    expect(await outcome(patched)).toBe('200')

    const group = { external_id: crypto.randomUUID() }
    const [one, two] = [await deepKey(1_500, group), await makeKey(app, as, group)]
    const bulk = await app.request('POST', '/api/api-keys/revoke', { as, body: group })
    expect([bulk.status, bulk.body.data.revoked]).toEqual([200, 2])
    for (const { id } of [one, two]) expect(await noticeOf(id, 'key.revoked')).not.toBeNull()

    const { key } = await deepKey(1_500)
    expect(await outcome(app.request('DELETE', '/api/v1/me', { key }))).toBe('200')
    expect(await outcome(app.request('GET', '/api/v1/me', { key }))).toBe('401 revoked_api_key')
  })

  it('the notices of other keys go on', async () => {
    const soon = Date.now() + 2 * 60 * 60_000
    const [deep, usual] = [await deepKey(1_500), await makeKey(app, as)]
    for (const { id } of [deep, usual]) {
      await run('UPDATE api_key SET expires_at = ? WHERE id = ?', soon, id)
    }
    await noticeExpiring(env.DB, Date.now())
    for (const { id } of [deep, usual]) expect(await noticeOf(id, 'key.expiring')).not.toBeNull()
  })

  it('one such entry leaves the others of an import', async () => {
    const newKey = (metadata: Record<string, unknown> | null) => ({
      ...{ id: crypto.randomUUID(), digest: crypto.randomUUID(), accountId: account.id, metadata },
      ...{ name: 'Imported', format: 'acme', keyPrefix: 'p', scopes: ['a:b'], createdAt: 1 },
      limitsBy: 'key' as const,
      allowedIps: ['10.0.0.0/8'],
      rateLimit: [{ name: 'a', limit: 1, windowSeconds: 1 }],
    })
    const keys = [newKey({ a: [1.5, null] }), newKey(JSON.parse(nested(1_500))), newKey(null)]
    const audit = { action: 'key.imported', actorKind: 'system', actorId: null } as const
    const entry = { ...audit, requestId: null, detail: {} }
    const stored = await createKeyImport(env.DB).store(keys, entry, Date.now())
    expect([...stored.ids.values()].sort()).toEqual(keys.map(({ id }) => id).sort())
    const row = (await app.request('GET', `/api/api-keys/${keys[0]?.id}`, { as })).body.data
    expect(row).toMatchObject({ metadata: { a: [1.5, null] }, scopes: ['a:b'] })
    expect(await first('SELECT metadata AS m FROM api_key WHERE id = ?', keys[2]?.id)).toEqual({
      m: null,
    })
  })
})

describe('errors of D1', () => {
  const failure = async (sql: string, ...values: unknown[]) => {
    try {
      await run(sql, ...values)
    } catch (error) {
      return error
    }
    throw new Error('It did not fail.')
  }

  // Each as workerd's own D1 words it.
  const alwaysFail: [string, () => Promise<unknown>][] = [
    ['UNIQUE', () => failure(`INSERT INTO sequence (id, value) VALUES (1, 1), (1, 1)`)],
    ['CHECK', () => failure(`INSERT INTO sequence (id, value) VALUES (2, 1)`)],
    ['NOT NULL', () => failure(`INSERT INTO fence (name) VALUES (NULL)`)],
    [
      'RAISE',
      () => failure(`INSERT INTO deleted_account (account_id, deleted_at) VALUES ('nobody', 1)`),
    ],
    ['MISMATCH', () => failure(`SELECT 1 LIMIT 'x'`)],
    ['malformed JSON', () => failure(`SELECT json(?)`, nested(1_500))],
    ['JSON path', () => failure(`SELECT json_extract('{}', 'x')`)],
    ['too big', () => failure(`SELECT zeroblob(2100000000)`)],
    ['no column', () => failure('SELECT no_such_column FROM api_key')],
    ['no table', () => failure('SELECT 1 FROM no_such_table')],
    ['no function', () => failure('SELECT no_such_function()')],
    ['syntax', () => failure('SELEKT 1')],
    ['bindings', () => failure('SELECT ?')],
    ['type', () => failure('SELECT ?', { an: 'object' })],
  ]
  it.each(alwaysFail)('%s is a bug, never an outage', async (_, fail) => {
    const error = await fail()
    expect([String(error), isDeterministic(error)]).toEqual([String(error), true])
    const wrapped = new Error('Failed query: select 1', { cause: error })
    await expect(within('D1', 1_000, Promise.reject(wrapped))).rejects.toBe(wrapped)
  })

  // As Cloudflare documents them ("D1 errors that may be retried").
  it.each([
    'D1_ERROR: Network connection lost.',
    'D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.',
    'D1_ERROR: D1 DB is overloaded. Requests queued for too long.',
    'D1_ERROR: D1 DB is overloaded. Too many requests queued.',
    'D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.',
    'D1_ERROR: D1 DB reset because its code was updated.',
    'D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.',
    'D1_ERROR: database is locked: SQLITE_BUSY',
    'D1_ERROR: interrupted: SQLITE_INTERRUPT',
    'no answer in 2000 ms',
    'Failed query: select no such column, SQLITE_ERROR',
  ])('"%s" may pass', async (message) => {
    expect(isDeterministic(new Error(message))).toBe(false)
    const failing = within('D1', 1_000, Promise.reject(new Error(message)))
    await expect(failing).rejects.toBeInstanceOf(StoreUnavailable)
  })

  it('a statement that always fails is 500 and logged, and never asks for a retry', async () => {
    const { owner } = await openAccount()
    const { key } = await makeKey(app, owner.jwt)
    const broken = { prepare: () => env.DB.prepare('SELECT no_such_column FROM api_key') }
    const DB = { withSession: () => broken, ...broken } as unknown as D1Database
    const at = await createTestApp({ clock, bindings: { DB } })
    // KV may have the record already.
    await env.KEY_CACHE.list().then(({ keys }) =>
      Promise.all(keys.map(({ name }) => env.KEY_CACHE.delete(name))),
    )
    const cookie = 'better-auth.session_token=x.y'
    const answers = [
      await at.request('GET', '/api/v1/me', { key }),
      await at.request('GET', '/api/api-keys', { as: owner.jwt }),
      await at.request('GET', '/api/setup'),
      await at.request('POST', '/api/auth/sign-in/email', {
        body: { email: 'a@example.test', password },
        headers: { cookie, origin: env.BASE_URL },
      }),
    ]
    for (const answer of answers) {
      expect([answer.status, answer.body.code]).toEqual([500, 'internal_error'])
      expect(answer.headers.get('retry-after')).toBeNull()
      expect(answer.text).not.toMatch(/SQLITE|no_such_column|ask again/i)
    }
    expect(logged.mock.calls.map(([line]) => line).join()).toContain('no such column')
  })
})

describe('the memory of an isolate', () => {
  const recordOf = (name: string): KeyRecord => ({
    ...{ asOf: 1, id: crypto.randomUUID(), name, accountId: 'a', accountName: 'b', role: null },
    ...{
      createdBy: null,
      externalId: null,
      metadata: null,
      format: 'whm',
      scopes: [],
      createdAt: 1,
      expiresAt: null,
      limits: null,
    },
    ...{ revoked: false, disabled: false, suspended: false, allowedIps: null },
  })
  const countOf = (memory: ReturnType<typeof createMemory>, total: number) =>
    Array.from({ length: total }, (_, at) => memory.get(`d${at}`)).filter((held) => held !== null)
      .length

  it('is bounded by bytes: 400 keys with names of 60,000 letters take 32 MB at most', () => {
    const memory = createMemory()
    for (let at = 0; at < 400; at++) {
      memory.keep(`d${at}`, { record: recordOf('x'.repeat(60_000)), readAt: at })
      // Used all the time: it stays.
      expect(memory.get('d0')).not.toBeNull()
    }
    const kept = countOf(memory, 400)
    expect(kept * 2 * 60_000).toBeLessThanOrEqual(32 * 1024 * 1024)
    expect(kept).toBeGreaterThan(250)
    expect([memory.get('d0'), memory.get('d1')]).toEqual([expect.anything(), null])
    expect(memory.get('d399')).not.toBeNull()
  })

  it('counts scopes, addresses and windows too', () => {
    const many = Array.from({ length: 2_000 }, (_, at) => `scope-number-${at}:read`)
    const windows = many.map((name) => ({ name, limit: 1, windowSeconds: 1 }))
    const heavy: Partial<KeyRecord>[] = [
      { scopes: many },
      { allowedIps: many },
      { limits: { meter: 'm', terms: { windows, credits: null } } },
      { externalId: 'x'.repeat(60_000) },
    ]
    for (const more of heavy) {
      const memory = createMemory(1_000_000)
      for (let at = 0; at < 100; at++) {
        memory.keep(`d${at}`, { record: { ...recordOf('n'), ...more }, readAt: at })
      }
      expect(countOf(memory, 100)).toBeLessThan(20)
      expect(memory.get('d99')).not.toBeNull()
    }
  })

  it('counts metadata as it is once parsed: 2,000 keys with 4 kB of it', () => {
    const metadata = { nested: Array.from({ length: 1_360 }, () => []) }
    const { length } = JSON.stringify(metadata)
    const memory = createMemory()
    for (let at = 0; at < 2_000; at++) {
      memory.keep(`d${at}`, { record: { ...recordOf('n'), metadata }, readAt: at })
    }
    const kept = countOf(memory, 2_000)
    expect(kept * 8 * length).toBeLessThanOrEqual(32 * 1024 * 1024)
    expect(kept).toBeGreaterThan(900)
    expect(memory.get('d1999')).not.toBeNull()
  })

  it('subtracts the size of a record that is removed or replaced', () => {
    const memory = createMemory(1_000_000)
    const large = (readAt: number) => ({ record: recordOf('x'.repeat(150_000)), readAt })
    for (let at = 0; at < 1_000; at++) memory.keep('d0', large(at))
    memory.keep('d1', large(0))
    memory.keep('d2', large(0))
    expect(countOf(memory, 3)).toBe(3)
    for (let at = 0; at < 1_000; at++) {
      memory.keep('d1', large(at))
      memory.forget('d1')
      memory.forget('d1')
    }
    expect(countOf(memory, 3)).toBe(2)
    memory.keep('huge', { record: recordOf('x'.repeat(600_000)), readAt: 0 })
    expect(memory.get('huge')).toBeNull()
  })
})

describe('existence is not disclosed', () => {
  let cookie: string
  let theirs: Awaited<ReturnType<typeof newAccount>>
  let theirInvitation: string
  beforeAll(async () => {
    const ours = await newAccount('owner', 'admin')
    theirs = await newAccount('owner', 'member')
    cookie = await signIn(ours.people[0]?.email ?? '')
    const email = `${crypto.randomUUID()}@example.test`
    theirInvitation = await invite(await signIn(theirs.people[0]?.email ?? ''), email)
  })

  const bodyOf = async (path: string, body?: unknown) => {
    const answer = await send(`/api/auth/organization/${path}`, {
      cookie,
      ...(body !== undefined && { body }),
    })
    const { code, detail } = await answer.json<{ code: string; detail: string }>()
    return { status: answer.status, code, detail }
  }
  /** The path and the body for a target: one of the other account, or one that does not exist. */
  type Naming = (of: { account: string; member: string; invitation: string }) => {
    path: string
    body?: unknown
  }
  const namings: [string, Naming][] = [
    ['get-full-organization by slug', ({ account }) => get('get-full-organization', account)],
    ['list-members by slug', ({ account }) => get('list-members', account)],
    ['get-active-member-role by slug', ({ account }) => get('get-active-member-role', account)],
    ...['get-full-organization', 'list-members', 'list-invitations', 'get-active-member-role'].map(
      (path): [string, Naming] => [
        `${path} by id`,
        ({ account }) => ({ path: `${path}?organizationId=${account}` }),
      ],
    ),
    [
      'set-active by slug',
      ({ account }) => ({ path: 'set-active', body: { organizationSlug: account } }),
    ],
    [
      'set-active by id',
      ({ account }) => ({ path: 'set-active', body: { organizationId: account } }),
    ],
    ['leave', ({ account }) => ({ path: 'leave', body: { organizationId: account } })],
    [
      'update',
      ({ account }) => ({
        path: 'update',
        body: { data: { name: 'x' }, organizationId: account },
      }),
    ],
    [
      'update-member-role',
      ({ member }) => ({ path: 'update-member-role', body: { memberId: member, role: 'admin' } }),
    ],
    [
      'remove-member',
      ({ member }) => ({ path: 'remove-member', body: { memberIdOrEmail: member } }),
    ],
    ...['cancel', 'accept', 'reject'].map((verb): [string, Naming] => [
      `${verb}-invitation`,
      ({ invitation }) => ({
        path: `${verb}-invitation`,
        body: { invitationId: invitation },
      }),
    ]),
  ]
  const get = (path: string, slug: string) => ({ path: `${path}?organizationSlug=${slug}` })

  it.each(namings)(
    '%s answers alike for what is of others and for what is not there',
    async (_, name) => {
      const nothing = crypto.randomUUID()
      const unknown = name({ account: nothing, member: nothing, invitation: nothing })
      const other = name({
        account: theirs.id,
        member: theirs.people[1]?.memberId ?? '',
        invitation: theirInvitation,
      })
      const expected = await bodyOf(unknown.path, unknown.body)
      expect(expected).toMatchObject({ status: 404, code: 'not_found' })
      expect(await bodyOf(other.path, other.body)).toEqual(expected)
    },
  )

  it('no slug can be tried out', async () => {
    const rename = (slug: string) => bodyOf('update', { data: { slug } })
    const expected = await rename('free')
    expect(expected).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(await rename(theirs.id)).toEqual(expected)
  })

  it('an invitation does not disclose whether its address has a user', async () => {
    const invited = async (email: string) => {
      const id = await invite(cookie, email)
      const answer = await send(`/api/invitations/${id}`)
      const { data } = await answer.json<{ data: Record<string, unknown> }>()
      return { id, data }
    }
    const [known, unknown] = [
      await invited(theirs.people[1]?.email ?? ''),
      await invited(`${crypto.randomUUID()}@example.test`),
    ]
    expect({ ...known.data, email: '' }).toEqual({ ...unknown.data, email: '' })
    const body = { name: 'Bob', password }
    const accepted = await send(`/api/invitations/${known.id}/accept`, { body })
    expect(accepted.status).toBe(409)
    expect(await accepted.json()).toMatchObject({
      detail: expect.stringContaining('Sign in to accept'),
    })
  })
})

describe('one reading of the paths of Better Auth', () => {
  const body = { email: 'a@example.test', password: 'wrong password' }

  it.each([
    'sign-in//email',
    'sign-in/./email',
    'sign-in/%2e/email',
    'sign-in\\email',
    'sign-in%2Femail',
    'x/../sign-in/email',
    'sign-in/email/',
    'x/sign-in/email',
    '/sign-in/email',
    'SIGN-IN/email',
    '%2573ign-in/email',
  ])('%s is no endpoint', (path) => {
    expect(authEndpointPath('POST', `https://keys.example/api/auth/${path}`)).toBeNull()
  })

  it('every other spelling is the path of its endpoint', () => {
    const pathOf = (path: string) => authEndpointPath('POST', `https://keys.example${path}?x=/y`)
    expect(pathOf('/api/auth/sign-in/email')).toBe('/sign-in/email')
    expect(pathOf('/api/%61uth/sign%2Din/%65mail')).toBe('/sign-in/email')
    expect(pathOf('/api/auth/__proto__')).toBeNull()
  })

  it.each(['/sign-in/email', '/sign%2Din/email', '/%73ign-in/%65mail'])(
    '%s counts attempts at the password of an address',
    async (path) => {
      const limited = await createTestApp({ clock, bindings: { SIGN_IN_PER_MINUTE: '1' as never } })
      const email = `${crypto.randomUUID()}@example.test`
      const headers = { 'cf-connecting-ip': '198.51.100.7' }
      const request = { body: { ...body, email }, headers }
      const attempt = () => outcome(limited.request('POST', `/api/auth${path}`, request))
      await env.DB.exec('DELETE FROM attempt')
      expect(await attempt()).toBe('401 invalid_token')
      expect(await attempt()).toBe('429 rate_limited')
      expect(await first('SELECT count(*) AS n FROM attempt WHERE count = 1')).toEqual({ n: 2 })
    },
  )

  it('a change of members is waited for under every spelling of its path', async () => {
    const { notified } = await import('../support/people-world.ts')
    const { id, people } = await newAccount('owner', 'member')
    const cookie = await signIn(people[0]?.email ?? '')
    const before = notified.length
    const changed = await send('/api/auth/organization/update%2Dmember%2Drole', {
      cookie,
      body: { memberId: people[1]?.memberId, role: 'admin' },
    })
    expect(changed.status).toBe(200)
    expect(notified.slice(before)).toEqual([id])
  })
})

describe("Node's own fetch", () => {
  // What undici of Node 24 adds to a POST.
  const ofNode = {
    ...{ accept: '*/*', 'accept-language': '*', 'sec-fetch-mode': 'cors', 'user-agent': 'node' },
    'accept-encoding': 'gzip, deflate',
  }
  const signingIn = async (headers: Record<string, string>) => {
    const { people } = await newAccount('owner')
    const body = { email: people[0]?.email, password }
    const at = await createTestApp({ clock, bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })
    return outcome(at.request('POST', '/api/auth/sign-in/email', { body, headers }))
  }

  it('can sign in', async () => {
    expect(await signingIn(ofNode)).toBe('200')
  })

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling', { 'sec-fetch-site': 'same-site' }],
    ['no origin, with a cookie', { cookie: 'x=y' }],
    ['a referrer of another origin', { referer: 'https://evil.example/page' }],
  ])('a page of %s cannot', async (_, headers) => {
    expect(await signingIn({ ...ofNode, ...(headers as Record<string, string>) })).toBe(
      '403 forbidden',
    )
  })

  it('our own page can', async () => {
    const own = { 'sec-fetch-site': 'same-origin', origin: env.BASE_URL }
    expect(origin).toBe(env.BASE_URL)
    expect(await signingIn({ ...ofNode, ...own })).toBe('200')
  })
})
