// Export and deletion of an account: keys stop at once, the deletion can be cancelled for fourteen days, and
// afterwards only the digests remain that keep its tokens invalid.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { createIsolate } from '../../src/worker/context.ts'
import { runScheduled } from '../../src/worker/cron.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { down } from '../support/outage.ts'
import {
  createAccount,
  createSkippingClock,
  createTestApp,
  type TestApp,
} from '../support/test-app.ts'
import { type Counted, day, daysOf, deliver, hour, messageOf } from '../support/usage.ts'
import { watchBindings } from '../support/watch.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

let app: TestApp
/** Another isolate with its own memory. */
let elsewhere: TestApp
beforeAll(async () => {
  const clock = createSkippingClock()
  app = await createTestApp({ clock })
  elsewhere = await createTestApp({ clock, isolate: createIsolate(config, clock) })
})

const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run()

const newAccount = () => openAccount(`Acme ${crypto.randomUUID()}`)

const remove = ({ owner, name }: Account, body: object = {}, as = owner.jwt) =>
  app.request('POST', '/api/account/deletion', { as, body: { name, ...body } })
const keep = ({ owner }: Account) =>
  app.request('DELETE', '/api/account/deletion', { as: owner.jwt })
const me = (key: string, at = elsewhere) => outcome(at.request('GET', '/api/v1/me', { key }))
const drain = (bindings: Partial<Env> = {}) =>
  runScheduled(app.isolate, { ...app.bindings, ...bindings }, '* * * * *', () => {})
const fallDue = ({ id }: { id: string }) =>
  run('UPDATE organization SET closes_at = ? WHERE id = ?', Date.now() - 1, id)

describe('the export', () => {
  const exported = async (as: string) => {
    const answer = await app.request('GET', '/api/account/export', { as })
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="latchkey-/)
    const lines = answer.text.trimEnd().split('\n')
    return { text: answer.text, lines: lines.map((line) => JSON.parse(line)) }
  }

  /** More than a page of each. */
  async function fill({ id }: Account, count: number): Promise<void> {
    const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`
    await run(
      `INSERT INTO api_key (id, digest, seq, account_id, name, format, key_prefix, created_at)
       ${numbers} SELECT printf('%s-%04d', substr(?1, 1, 31), i), printf('sha256 %s %d', ?1, i), 1, ?1,
         'Key ' || i, 'whm', 'a1b2c3d4', 1000 + i / 3 FROM n`,
      id,
    )
    await run(
      `INSERT INTO audit_event (id, account_id, action, actor_kind, created_at)
       ${numbers} SELECT printf('%s/%d', ?1, i), ?1, 'key.created', 'system', 1000 + i / 3 FROM n`,
      id,
    )
  }

  /** `count` rows of usage with i requests in row i, five hours a key, over three months. */
  async function use({ id }: Account, count: number): Promise<void> {
    const today = Math.floor(Date.now() / day) * day
    const keys = Array.from({ length: Math.ceil(count / 5) }, () => crypto.randomUUID())
    const rows = Array.from({ length: count }, (_, at): Counted => {
      const time = today - (1 + (at % 3) * 40) * day + (at % 5) * hour
      return [keys[Math.floor(at / 5)] as string, time, 'valid', at + 1]
    })
    await deliver([messageOf({ [id]: rows })])
  }

  it('contains each key, event and usage row of this account exactly once', async () => {
    const [ours, theirs] = [await newAccount(), await newAccount()]
    await fill(ours, 1_203)
    await fill(theirs, 3)
    await use(ours, 1_203)
    await use(theirs, 3)
    const { key } = await makeKey(app, ours.owner.jwt, { name: 'Real', scopes: [] })
    const { lines, text } = await exported(ours.owner.jwt)
    const of = (type: string) => lines.filter((line) => line.type === type)
    expect(lines[0]).toMatchObject({ type: 'account', id: ours.id, name: ours.name })
    expect(
      of('member')
        .map(({ role }) => role)
        .sort(),
    ).toEqual(['admin', 'member', 'owner'])
    expect(of('key')).toHaveLength(1_204)
    expect(new Set(of('key').map(({ id }) => id)).size).toBe(1_204)
    expect(new Set(of('audit_event').map(({ id }) => id)).size).toBe(of('audit_event').length)
    expect(of('usage')).toHaveLength(1_203)
    const counted = of('usage').reduce((sum, { count }) => sum + count, 0)
    expect(counted).toBe((1_203 * 1_204) / 2)
    expect(Object.keys(of('usage')[0]).sort()).toEqual(['code', 'count', 'hour', 'key_id', 'type'])
    expect(new Set(of('usage').map(({ key_id, hour }) => `${key_id} ${hour}`)).size).toBe(1_203)
    const { lines: counts } = lines.at(-1)
    for (const type of ['key', 'audit_event', 'usage']) expect(counts[type]).toBe(of(type).length)
    expect(text).not.toContain(theirs.id)
    expect(text).not.toContain(key)
    const digests = await env.DB.prepare('SELECT digest FROM api_key WHERE account_id = ?')
      .bind(ours.id)
      .all<{ digest: string }>()
    for (const { digest } of digests.results) expect(text).not.toContain(digest)
    expect(text).not.toMatch(/digest|password|secret|token/i)
  })

  it('is streamed: rows are read while it is sent', async () => {
    const account = await newAccount()
    await fill(account, 2_600)
    const watch = watchBindings()
    const watched = await createTestApp({ bindings: watch.bindings })
    const headers = { authorization: `Bearer ${account.owner.jwt}` }
    const { body } = await watched.send('/api/account/export', { headers })
    const reader = body?.getReader()
    await reader?.read()
    await reader?.read()
    const before = watch.calls.length
    let chunks = 2
    while (!(await reader?.read())?.done) chunks++
    expect(chunks).toBeGreaterThan(12)
    expect(watch.calls.length - before).toBeGreaterThan(10)
  })

  it('is aborted without its last line when the store fails', async () => {
    const account = await newAccount()
    await fill(account, 1_203)
    let reads = 0
    const flaky = new Proxy(env.DB, {
      get(target, name) {
        if (name !== 'withSession') return Reflect.get(target, name)
        reads++
        return reads > 6 ? down(['DB']).DB?.withSession : target.withSession.bind(target)
      },
    })
    const broken = await createTestApp({ bindings: { DB: flaky } })
    const exporting = broken.request('GET', '/api/account/export', { as: account.owner.jwt })
    await expect(exporting).rejects.toThrow()
  })

  it('is recorded in the audit trail', async () => {
    const account = await newAccount()
    await exported(account.owner.jwt)
    const query = '/api/audit-events?action=account.exported'
    const { body } = await app.request('GET', query, { as: account.owner.jwt })
    expect(body.data).toMatchObject([{ actor: { kind: 'person', id: account.owner.id } }])
  })
})

describe('deleting an account', () => {
  it('requires its name and an owner, and stops no key before', async () => {
    const account = await newAccount()
    const { key } = await makeKey(app, account.owner.jwt)
    expect(await outcome(remove(account, { name: 'Acme' }))).toBe('400 invalid_request')
    expect(await outcome(remove(account, { password: 'x' }))).toBe('400 invalid_request')
    expect(await outcome(remove(account, {}, account.admin.jwt))).toBe('403 forbidden')
    const { key: managing } = await makeKey(app, account.owner.jwt, { scopes: ['keys:manage'] })
    expect(await outcome(remove(account, {}, managing))).toBe('403 forbidden')
    expect(await me(key)).toBe('200')
    const { body } = await app.request('GET', '/api/account', { as: account.member.jwt })
    expect(body.data).toMatchObject({ id: account.id, name: account.name, closes_at: null })
  })

  it('stops every key on its next request, in every isolate', async () => {
    const account = await newAccount()
    const keys = await Promise.all([
      makeKey(app, account.owner.jwt),
      makeKey(app, account.admin.jwt, { scopes: ['contacts:read'] }),
      makeKey(app, account.owner.jwt, { scopes: ['keys:manage'] }),
    ])
    const other = await newAccount()
    const { key: theirs } = await makeKey(app, other.owner.jwt)
    for (const { key } of keys) expect(await me(key)).toBe('200')
    const answer = await remove(account)
    expect(answer.status, answer.text).toBe(200)
    const days = (Date.parse(answer.body.data.closes_at) - app.clock.now()) / 86_400_000
    expect(days).toBeGreaterThan(13.9)
    for (const at of [elsewhere, app]) {
      for (const { key } of keys) expect(await me(key, at)).toBe('401 disabled_api_key')
    }
    expect(await me(theirs)).toBe('200')
    const late = await makeKey(app, account.owner.jwt)
    expect(await me(late.key)).toBe('401 disabled_api_key')
  })

  it('does not answer 200 while a region is pending', async () => {
    const account = await newAccount()
    const { key } = await makeKey(app, account.owner.jwt)
    await me(key)
    const cut = await createTestApp({ clock: app.clock, bindings: down(['FENCE']) })
    const body = { name: account.name }
    const answer = await cut.request('POST', '/api/account/deletion', {
      as: account.owner.jwt,
      body,
    })
    expect(answer.status).toBe(202)
    expect(answer.body.data.pending_regions.length).toBeGreaterThan(0)
    expect((await remove(account)).status).toBe(200)
    expect(await me(key)).toBe('401 disabled_api_key')
  })

  it('can be cancelled: keys that worked before work again, and no others', async () => {
    const account = await newAccount()
    const { owner } = account
    const [live, off, gone] = await Promise.all([1, 2, 3].map(() => makeKey(app, owner.jwt)))
    const path = (key?: { id: string }) => `/api/api-keys/${key?.id}`
    await app.request('PATCH', path(off), { as: owner.jwt, body: { is_active: false } })
    await app.request('DELETE', path(gone), { as: owner.jwt })
    await remove(account)
    await drain()
    expect(await me(live?.key ?? '')).toBe('401 disabled_api_key')
    const answer = await keep(account)
    expect([answer.status, answer.body.data.closes_at]).toEqual([200, null])
    expect(await me(live?.key ?? '')).toBe('200')
    expect(await me(off?.key ?? '')).toBe('401 disabled_api_key')
    expect(await me(gone?.key ?? '')).toBe('401 revoked_api_key')
    const { body } = await app.request('GET', '/api/audit-events', { as: owner.jwt })
    const actions = body.data.map(({ action }: { action: string }) => action)
    expect(actions.slice(0, 2)).toEqual([
      'account.deletion_cancelled',
      'account.deletion_requested',
    ])
  })

  it('is idempotent, and so is its cancellation', async () => {
    const account = await newAccount()
    const first = (await remove(account)).body.data.closes_at
    app.clock.skip(60_000)
    expect((await remove(account)).body.data.closes_at).toBe(first)
    expect((await keep(account)).status).toBe(200)
    expect((await keep(account)).status).toBe(200)
    const events = await env.DB.prepare(
      `SELECT count(*) AS n FROM audit_event WHERE account_id = ? AND action LIKE 'account.deletion%'`,
    )
      .bind(account.id)
      .first<{ n: number }>()
    expect(events?.n).toBe(2)
  })

  it('cannot be cancelled after the grace period', async () => {
    const account = await newAccount()
    await remove(account)
    await fallDue(account)
    expect(await outcome(keep(account))).toBe('409 conflict')
  })
})

describe('a deleted account', () => {
  /** Every row of every table, as text. */
  async function everything(): Promise<{ table: string; row: string }[]> {
    const { results } = await env.DB.prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'`,
    ).all<{ name: string }>()
    const tables = await Promise.all(
      results.map(async ({ name }) => {
        const rows = await env.DB.prepare(`SELECT * FROM "${name}"`).all()
        return rows.results.map((row) => ({ table: name, row: JSON.stringify(row) }))
      }),
    )
    return tables.flat()
  }

  it('leaves no personal data or names in any table, and no valid token', async () => {
    const account = await newAccount()
    const { owner } = account
    const facts = { name: 'Ada phone', external_id: 'customer-ada', metadata: { who: 'Ada L.' } }
    const live = await makeKey(app, owner.jwt, facts)
    const gone = await makeKey(app, account.admin.jwt, { ...facts, scopes: [] })
    await app.request('DELETE', `/api/api-keys/${gone.id}`, { as: owner.jwt })
    const noon = Date.now() - 40 * day
    await deliver([
      messageOf({
        [account.id]: [
          [live.id, Date.now(), 'valid', 1, 'customer-ada'],
          [live.id, noon, 'valid', 2, 'customer-ada'],
        ],
      }),
    ])
    expect(await daysOf(account.id)).toHaveLength(2)
    await run(
      `INSERT INTO invitation (id, organization_id, email, role, status, inviter_id, expires_at, created_at)
       VALUES (?, ?, 'invited@ada.example', 'member', 'pending', ?, 1, 1)`,
      crypto.randomUUID(),
      account.id,
      owner.id,
    )
    await run(
      `INSERT INTO webhook_endpoint (id, account_id, url, sealed_secret, created_at)
       VALUES (?, ?, 'https://ada.example/hook', 'sealed', 1)`,
      crypto.randomUUID(),
      account.id,
    )
    // One of its members is a member of another account too.
    const other = await createAccount('Elsewhere')
    await run(
      `INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?1, ?2, ?3, 'owner', 1)`,
      crypto.randomUUID(),
      other,
      account.member.id,
    )
    const { digest } = (await env.DB.prepare('SELECT digest FROM api_key WHERE id = ?')
      .bind(live.id)
      .first<{ digest: string }>()) ?? { digest: '' }
    await remove(account)
    await fallDue(account)
    for (let runs = 0; runs < 4; runs++) await drain()

    expect(await daysOf(account.id)).toEqual([])
    const rows = await everything()
    const holding = (text: string) =>
      rows.filter(({ row }) => row.includes(text)).map(({ table }) => table)
    const personal = [
      account.name,
      'Ada',
      'customer-ada',
      'ada.example',
      live.key_prefix,
      account.admin.id,
    ]
    for (const text of personal) expect([text, holding(text)]).toEqual([text, []])
    // The actor of the deletion, by an id that no longer identifies a person.
    expect(holding(owner.id)).toEqual(['audit_event'])
    expect(new Set(holding(account.id))).toEqual(
      new Set(['api_key', 'audit_event', 'deleted_account']),
    )
    const left = rows.filter(
      ({ table, row }) => table === 'audit_event' && row.includes(account.id),
    )
    const actions = left.map(({ row }) => JSON.parse(row).action).sort()
    expect(actions).toEqual(['account.deleted', 'account.deletion_requested'])
    expect(holding(account.member.id)).toEqual(expect.arrayContaining(['user', 'member']))

    for (const { key } of [live, gone]) expect(await me(key)).toBe('401 revoked_api_key')
    const imported = await app.request('POST', '/api/api-keys/import', {
      as: (await newAccount()).owner.jwt,
      body: { keys: [{ digest, name: 'Again', scopes: [] }] },
    })
    expect(imported.body.data[0].status ?? imported.body.data.results?.[0]?.status).not.toBe(
      'created',
    )
    expect(await me(live.key)).toBe('401 revoked_api_key')
    expect(await outcome(app.request('GET', '/api/api-keys', { as: owner.jwt }))).toBe(
      '403 forbidden',
    )
  })

  it('counts as purged only once every usage object has forgotten it', async () => {
    const account = await newAccount()
    const { id } = await makeKey(app, account.owner.jwt, { name: 'Ada phone' })
    await deliver([messageOf({ [account.id]: [[id, Date.now(), 'valid', 1, 'customer-ada']] })])
    await remove(account)
    await fallDue(account)
    await drain()
    await run('UPDATE deleted_account SET purged_at = NULL WHERE account_id = ?', account.id)
    await deliver([messageOf({ [account.id]: [[id, Date.now(), 'valid', 1, 'customer-ada']] })])
    const purgedAt = () =>
      env.DB.prepare('SELECT purged_at AS at FROM deleted_account WHERE account_id = ?')
        .bind(account.id)
        .first<number | null>('at')
    await expect(drain(down(['USAGE_COUNTS']))).rejects.toThrow()
    const row = env.DB.prepare('SELECT name FROM api_key WHERE id = ?').bind(id)
    expect([await purgedAt(), await row.first('name')]).toEqual([null, ''])
    expect(await daysOf(account.id)).toHaveLength(1)
    for (let runs = 0; runs < 3; runs++) await drain()
    expect(await purgedAt()).toBeGreaterThan(0)
    expect(await daysOf(account.id)).toEqual([])
  })

  it('is deleted only after the grace period', async () => {
    const account = await newAccount()
    await remove(account)
    await drain()
    expect((await app.request('GET', '/api/account', { as: account.owner.jwt })).status).toBe(200)
  })

  it('is deleted by the next run when a region does not answer', async () => {
    const account = await newAccount()
    const { key } = await makeKey(app, account.owner.jwt)
    await me(key)
    await remove(account)
    await fallDue(account)
    await drain(down(['FENCE']))
    expect((await app.request('GET', '/api/account', { as: account.owner.jwt })).status).toBe(200)
    expect(await me(key)).toMatch(/^401/)
    await drain()
    expect(await outcome(app.request('GET', '/api/account', { as: account.owner.jwt }))).toBe(
      '403 forbidden',
    )
    expect(await me(key)).toBe('401 revoked_api_key')
  })
})
