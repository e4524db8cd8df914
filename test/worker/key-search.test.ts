// Names are searched in a folded form, in a column of its own: whoever wrote the row, and when.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { runScheduled } from '../../src/worker/cron.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { createForeignTestApp } from '../support/foreign.ts'

const app = createForeignTestApp()
let account: Account
beforeEach(async () => {
  account = await openAccount()
})

const request = async (method: string, path: string, body?: unknown) =>
  (await app).request(method, path, { as: account.owner.jwt, ...(body !== undefined && { body }) })
const made = async (name: string) => (await makeKey(await app, account.owner.jwt, { name })).id

async function found(search: string): Promise<string[]> {
  const listed = await request('GET', `/api/api-keys?${new URLSearchParams({ search })}`)
  expect(listed.status, listed.text).toBe(200)
  return listed.body.data.map(({ id }: { id: string }) => id)
}

/** A row as a Worker from before the column writes it. */
async function stored(name: string): Promise<string> {
  const id = crypto.randomUUID()
  await env.DB.prepare(
    `INSERT INTO api_key (id, digest, seq, account_id, name, format, key_prefix, created_at)
     VALUES (?1, ?1, 1, ?2, ?3, 'whm', 'a1b2c3d4', 1)`,
  )
    .bind(id, account.id, name)
    .run()
  return id
}

const unfolded = () =>
  env.DB.prepare('SELECT count(*) AS n FROM api_key WHERE name_folded IS NULL').first<number>('n')

async function reconcile(variables: Partial<Env> = {}): Promise<void> {
  const { isolate, bindings } = await app
  await runScheduled(isolate, { ...bindings, ...variables }, '* * * * *', () => {})
}

describe('a search', () => {
  it.each([
    ['ÜBERMUT tut selten gut', ['über', 'Über', 'U\u0308BER', 'u\u0308bermut', 'übermut TUT']],
    ['Große Straße', ['STRASSE', 'straße', 'GROẞE', 'grosse']],
    ['ΟΔΟΣ ΣΙΣΥΦΟΥ', ['οδος', 'οδοσ', 'Οδός'.normalize('NFD').replace(/\p{M}/gu, ''), 'σισ']],
    ['ﬁne ＸＹＺ', ['fine', 'xyz', 'FINE XYZ']],
    ['ЁЛКА', ['ёлка', 'ЁЛ']],
  ])('finds %s by its letters, in either case and however they are composed', async (name, all) => {
    const id = await made(name)
    await made('Another')
    for (const search of all) expect([search, await found(search)]).toEqual([search, [id]])
  })

  it.each(['100% Übung', 'snake_größe', 'back\\slash ä', "it's ö", 'star*é', '"ß"', '[ñ]?'])(
    'takes %j literally',
    async (name) => {
      const id = await made(name)
      await made('100 Übung snakeXgröße backslash ä its ö starxé ß ñ')
      expect(await found(name.toUpperCase())).toEqual([id])
    },
  )

  it('finds nothing by letters that the name does not have', async () => {
    await made('ÜBERMUT')
    for (const search of ['uber', 'ü ber', '%', '_', 'übermütig']) {
      expect([search, await found(search)]).toEqual([search, []])
    }
  })

  it('follows a change, a rotation and an import', async () => {
    const id = await made('ÜBERMUT')
    const renamed = await request('PATCH', `/api/api-keys/${id}`, { name: 'ÄRGER' })
    expect(renamed.status, renamed.text).toBe(200)
    expect(renamed.body.data).not.toHaveProperty('name_folded')
    expect(await found('über')).toEqual([])
    expect(await found('ärger')).toEqual([id])
    const patched = await request('PATCH', `/api/api-keys/${id}`, { is_active: true })
    expect(patched.status).toBe(200)
    expect(await found('ärger')).toEqual([id])
    const rotated = await request('POST', `/api/api-keys/${id}/rotate`, {})
    expect(await found('ärger')).toEqual([rotated.body.data.id, id])
    const digest = crypto.randomUUID().replaceAll('-', '').repeat(2)
    const keys = [{ digest, name: 'ÖFFENTLICH', format: 'unkey', scopes: [] }]
    const imported = await request('POST', '/api/api-keys/import', { keys })
    expect(await found('öffentlich')).toEqual([imported.body.data[0].id])
    const { results } = await env.DB.prepare(
      'SELECT name, name_folded FROM api_key WHERE account_id = ? ORDER BY name, seq',
    )
      .bind(account.id)
      .all()
    expect(results).toEqual([
      { name: 'ÄRGER', name_folded: 'ärger' },
      { name: 'ÄRGER', name_folded: 'ärger' },
      { name: 'ÖFFENTLICH', name_folded: 'öffentlich' },
    ])
  })
})

describe('a search by the start of a token', () => {
  type Stored = { format: string; key_prefix: string }
  const keys: Record<string, Stored> = {
    whm: { format: 'whm', key_prefix: 'a1b2c3d4' },
    other: { format: 'whm', key_prefix: 'ffffffff' },
    live: { format: 'wacrm_live', key_prefix: 'A1b2C3d4' },
    test: { format: 'wacrm_test', key_prefix: 'A1b2C3d4' },
    unkey: { format: 'unkey', key_prefix: 'A1b2C3d4' },
    wacrm: { format: 'wacrm', key_prefix: 'A1b2C3d4' },
    better_auth: { format: 'better_auth', key_prefix: 'aBcDeFgH' },
    gone: { format: 'gone', key_prefix: 'A1b2C3d4' },
  }
  const names = Object.keys(keys)
  const shown = ['whm', 'live', 'test', 'unkey', 'wacrm', 'gone']

  it.each([
    ['a1b2c3d4', shown],
    ['a1b2c3d4…', shown],
    ['A1B2C3D4', shown],
    ['1b2c', shown],
    ['  a1b2c3d4  ', shown],
    ['whm_a1b2c3d4…', ['whm']],
    ['whm_a1b2c3d4', ['whm']],
    ['whm_a1b2', ['whm']],
    ['whm_a1b2…', ['whm']],
    ['whm_', ['whm', 'other']],
    ['wacrm_test_A1b2C3d4…', ['test']],
    ['wacrm_live_A1b2C3d4…', ['live', 'wacrm']],
    ['wacrm_live_a1b2c3d4', ['live', 'wacrm']],
    ['uk_A1b2C3d4…', ['unkey']],
    ['aBcDeFgH…', ['better_auth']],
    ['whm_A1b2C3d5…', []],
    ['uk_a1b2c3d4e5', []],
    ['…', names],
  ])('finds by %j', async (search, wanted) => {
    const ids = new Map<string, string>()
    for (const [name, { format, key_prefix }] of Object.entries(keys)) {
      const id = await stored(name)
      ids.set(id, name)
      await env.DB.prepare('UPDATE api_key SET format = ?, key_prefix = ?, name = ? WHERE id = ?')
        .bind(format, key_prefix, 'A key', id)
        .run()
    }
    for (const sort of ['', '&sort=name']) {
      const path = `/api/api-keys?${new URLSearchParams({ search })}${sort}`
      const { body } = await request('GET', path)
      const found = body.data.map(({ id }: { id: string }) => ids.get(id))
      expect([search, found.toSorted()]).toEqual([search, wanted.toSorted()])
    }
  })

  it('has keys whose prefix it is exactly before those that hold it elsewhere', async () => {
    const id = await stored('Exact')
    await env.DB.prepare("UPDATE api_key SET key_prefix = 'deadbeef' WHERE id = ?").bind(id).run()
    const newer = await made('deadbeef in its name')
    for (const search of ['deadbeef', 'deadbeef…']) {
      const wanted = search.endsWith('…') ? [id] : [id, newer]
      expect([search, await found(search)]).toEqual([search, wanted])
    }
  })
})

describe('a row from before the folded name', () => {
  it('is found as before at once, and by its folded name after the next minute', async () => {
    const id = await stored('ÜBERMUT tut selten')
    expect(await found('TUT')).toEqual([id])
    expect(await found('ÜBERMUT')).toEqual([id])
    expect(await found('über')).toEqual([])
    await reconcile()
    expect(await unfolded()).toBe(0)
    for (const search of ['über', 'ÜBER', 'tut']) expect(await found(search)).toEqual([id])
    const row = env.DB.prepare('SELECT seq, name, name_folded FROM api_key WHERE id = ?')
    expect(await row.bind(id).first()).toEqual({
      seq: 1,
      name: 'ÜBERMUT tut selten',
      name_folded: 'übermut tut selten',
    })
  })

  it('does not stop the others, whatever its name holds', async () => {
    for (const name of ['', 'a\u0000b', '\ufffd', '"\\', 'x'.repeat(60_000)]) await stored(name)
    await reconcile()
    expect(await unfolded()).toBe(0)
  })

  it('is one of more than one statement can fold', async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1234)
       INSERT INTO api_key (id, digest, seq, account_id, name, format, key_prefix, created_at)
       SELECT ?1 || i, ?1 || i, 1, ?1, 'Ü' || i, 'whm', 'a1b2c3d4', i FROM n`,
    )
      .bind(account.id)
      .run()
    await reconcile()
    expect(await unfolded()).toBe(0)
    expect(await found('ü1234')).toHaveLength(1)
  })

  it('is left alone while changes are stopped', async () => {
    await stored('Ü')
    const warn = vi.spyOn(console, 'error').mockImplementation(() => {})
    await reconcile({ CHANGES: 'stopped' as never })
    warn.mockRestore()
    expect(await unfolded()).toBe(1)
    await reconcile()
    expect(await unfolded()).toBe(0)
  })

  it('is read by an index of such rows alone', async () => {
    const { results } = await env.DB.prepare(
      'EXPLAIN QUERY PLAN SELECT id, seq, name FROM api_key WHERE name_folded IS NULL LIMIT 500',
    ).all()
    expect(JSON.stringify(results)).toContain('api_key_not_folded')
  })
})

describe('a name written by SQL alone', () => {
  it('is found by its own letters, and no longer by those of the name before', async () => {
    const id = await made('ÜBERMUT')
    await env.DB.prepare('UPDATE api_key SET name = ? WHERE id = ?').bind('Ärger', id).run()
    expect(await found('über')).toEqual([])
    expect(await found('ärger')).toEqual([])
    expect(await found('Ärger')).toEqual([id])
    await reconcile()
    expect(await found('ärger')).toEqual([id])
  })
})
