// The list of keys: every order and filter, page by page, against a second implementation; and what a page reads.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, openAccount } from '../support/account.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

const day = 24 * 60 * 60_000
let app: TestApp
let account: Account
beforeAll(async () => {
  app = await createTestApp()
  account = await openAccount()
})

type Stored = {
  id: string
  name: string
  created_at: number
  expires_at: number | null
  last_used_at: number | null
  revoked_at: number | null
  disabled: number
  needs_review: number
  external_id: string | null
  created_by: string | null
  key_prefix: string
}

async function store(accountId: string, keys: readonly Stored[]): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, created_at, expires_at,
       last_used_at, revoked_at, disabled, needs_review, external_id, created_by)
     SELECT value ->> 'id', lower(hex(randomblob(32))), 1, ?2, value ->> 'name',
       iif(value ->> 'name' = 'unfolded', NULL, lower(value ->> 'name')), 'whm', value ->> 'key_prefix',
       value ->> 'created_at', value ->> 'expires_at', value ->> 'last_used_at', value ->> 'revoked_at',
       value ->> 'disabled', value ->> 'needs_review', value ->> 'external_id', value ->> 'created_by'
     FROM json_each(?1)`,
  )
    .bind(JSON.stringify(keys), accountId)
    .run()
}

function key(values: Partial<Stored> = {}): Stored {
  return {
    ...{ id: crypto.randomUUID(), name: 'A key', created_at: 1, expires_at: null },
    ...{ last_used_at: null, revoked_at: null, disabled: 0, needs_review: 0 },
    ...{ external_id: null, created_by: null, key_prefix: 'a1b2c3d4' },
    ...values,
  }
}

const list = (query: Record<string, string>, as = account.owner.jwt) =>
  app.request('GET', `/api/api-keys?${new URLSearchParams(query)}`, { as })

/** The ids of all pages, and how many there were. */
async function pagesOf(query: Record<string, string>, as = account.owner.jwt) {
  const ids: string[] = []
  let pages = 0
  let cursor: string | null = null
  do {
    const answer = await list({ ...query, ...(cursor !== null && { cursor }) }, as)
    expect(answer.status, answer.text).toBe(200)
    ids.push(...answer.body.data.map(({ id }: { id: string }) => id))
    cursor = answer.body.next_cursor
    pages++
  } while (cursor !== null && pages < 200)
  return { ids, pages }
}

describe('every order with every filter', () => {
  const now = Date.now()
  const creator = crypto.randomUUID()
  const one = <T>(...of: T[]) => of[Math.floor(Math.random() * of.length)] as T
  const keys = Array.from({ length: 60 }, () =>
    key({
      name: one('Alpha', 'beta', 'Gamma', 'delta', 'unfolded'),
      created_at: one(now - 100 * day, now - 50 * day, now - 1, now - 2),
      expires_at: one(null, now - day, now + day, now + 2 * day, now + 2 * day),
      last_used_at: one(null, null, now - 95 * day, now - 3, now - 3),
      revoked_at: one(null, null, null, 5),
      disabled: one(0, 0, 1),
      needs_review: one(0, 0, 1),
      external_id: one(null, 'x', 'y'),
      created_by: one(null, creator),
    }),
  )
  beforeAll(() => store(account.id, keys))

  type Column = 'created_at' | 'expires_at' | 'last_used_at' | 'name'
  const rank: Record<Column, (key: Stored) => [number, number | string]> = {
    created_at: (key) => [0, key.created_at],
    expires_at: (key) => [key.expires_at === null ? 1 : 0, key.expires_at ?? 0],
    last_used_at: (key) => [key.last_used_at === null ? -1 : 0, key.last_used_at ?? 0],
    name: (key) => (key.name === 'unfolded' ? [1, 0] : [0, key.name.toLowerCase()]),
  }
  const compare = (a: number | string, b: number | string) => (a < b ? -1 : a > b ? 1 : 0)
  const sorted = (of: Stored[], column: Column, isDescending: boolean) => {
    const ascending = of.toSorted((a, b) => {
      const [[p, v], [q, w]] = [rank[column](a), rank[column](b)]
      return p - q || compare(v, w) || keys.indexOf(a) - keys.indexOf(b)
    })
    return isDescending ? ascending.reverse() : ascending
  }
  const filters: [Record<string, string>, (key: Stored) => boolean][] = [
    [{}, () => true],
    [{ status: 'revoked' }, (key) => key.revoked_at !== null],
    [{ status: 'disabled' }, (key) => key.revoked_at === null && key.disabled === 1],
    [
      { status: 'expired' },
      (key) =>
        key.revoked_at === null && !key.disabled && key.expires_at !== null && key.expires_at < now,
    ],
    [
      { status: 'active' },
      (key) =>
        key.revoked_at === null &&
        !key.disabled &&
        (key.expires_at === null || key.expires_at > now),
    ],
    [{ needs_review: 'true' }, (key) => key.needs_review === 1 && key.revoked_at === null],
    [{ external_id: 'x' }, (key) => key.external_id === 'x'],
    [{ created_by: creator }, (key) => key.created_by === creator],
    [
      { expires_before: new Date(now + 2 * day).toISOString() },
      (key) => key.expires_at !== null && key.expires_at < now + 2 * day,
    ],
    [{ unused_for: '90d' }, (key) => (key.last_used_at ?? key.created_at) <= now - 90 * day],
    [{ search: 'ALPH' }, (key) => key.name === 'Alpha'],
    [
      { search: 'a', status: 'revoked', external_id: 'y' },
      (key) => key.external_id === 'y' && key.revoked_at !== null,
    ],
  ]
  const columns: Column[] = ['created_at', 'expires_at', 'last_used_at', 'name']
  const cases = columns.flatMap((column) => [`-${column}`, column])
  it.each(cases)(
    'sort=%s',
    async (sort) => {
      const isDescending = sort.startsWith('-')
      const column = sort.replace('-', '') as Column
      for (const [query, isIn] of filters) {
        const expected = sorted(keys.filter(isIn), column, isDescending).map(({ id }) => id)
        for (const limit of ['3', '100']) {
          const { ids } = await pagesOf({ ...query, sort, limit })
          expect({ query, limit, ids }).toEqual({ query, limit, ids: expected })
        }
      }
    },
    60_000,
  )
})

describe('a cursor', () => {
  it('belongs to the order and the filter of its list, whatever the limit', async () => {
    const { body } = await list({ sort: 'name', limit: '3', external_id: 'x' })
    const cursor = body.next_cursor
    expect(cursor).toEqual(expect.any(String))
    const own = { sort: 'name', external_id: 'x', cursor }
    expect((await list({ ...own, limit: '5' })).status).toBe(200)
    for (const other of [
      { ...own, sort: '-name' },
      { ...own, external_id: 'y' },
      { ...own, status: 'active' },
      { external_id: 'x', cursor },
    ]) {
      const refused = await list(other)
      expect([other, refused.status]).toEqual([other, 400])
      expect(refused.body.errors).toEqual([
        { path: 'query.cursor', message: 'Not a cursor of this list' },
      ])
    }
  })
})

describe('a search', () => {
  it('has first what is exactly the external id or the key prefix, each key once', async () => {
    const { id, owner } = await openAccount()
    const exact = key({ created_at: 1, external_id: 'abcdefgh' })
    const prefixed = key({ created_at: 2, key_prefix: 'abcdefgh' })
    const others = [3, 4, 5, 6].map((created_at) =>
      key({ created_at, name: `abcdefgh ${created_at}` }),
    )
    await store(id, [exact, prefixed, ...others, key({ created_at: 9 })])
    const newest = others.toReversed().map(({ id }) => id)
    for (const search of ['abcdefgh', 'whm_abcdefgh…']) {
      const wanted = [prefixed.id, ...(search === 'abcdefgh' ? [exact.id, ...newest] : [])]
      for (const limit of ['1', '2', '3', '100']) {
        const { ids } = await pagesOf({ search, limit }, owner.jwt)
        expect({ search, limit, ids }).toEqual({ search, limit, ids: wanted })
      }
    }
    const { ids } = await pagesOf({ search: 'abcdefgh', sort: '-created_at' }, owner.jwt)
    expect(ids).toEqual([...newest, prefixed.id, exact.id])
  })

  it('looks through 20,000 keys, and goes on with a cursor of a page that holds none', async () => {
    const { id, owner } = await openAccount()
    const oldest = key({ created_at: 1, name: 'The only needle' })
    await store(id, [oldest])
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
       INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, created_at)
       SELECT printf('%08x-0000-4000-8000-%012x', i, i), ?1 || i, 1, ?1, 'Hay', 'hay', 'whm', 'a1b2c3d4', 1 + i / 3 FROM n`,
    )
      .bind(id)
      .run()
    const first = await list({ search: 'needle' }, owner.jwt)
    expect(first.body).toMatchObject({ data: [], next_cursor: expect.any(String) })
    expect(await pagesOf({ search: 'needle' }, owner.jwt)).toEqual({ ids: [oldest.id], pages: 3 })
    expect((await pagesOf({ search: 'needle', sort: 'name' }, owner.jwt)).ids).toEqual([oldest.id])
  })
})
