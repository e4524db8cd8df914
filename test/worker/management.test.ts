// What management shows: the list of keys, one key, the scopes, the audit trail; and what its paths refuse.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import {
  addPerson,
  createAccount,
  createTestApp,
  jwtFor,
  type TestApp,
} from '../support/test-app.ts'

let app: TestApp
let account: Account
let other: Account
beforeAll(async () => {
  app = await createTestApp()
  account = await openAccount('Acme Inc')
  other = await openAccount('Globex')
})

type Row = {
  accountId: string
  createdAt?: number
  name?: string
  externalId?: string
  createdBy?: string
}

/** Rows written past the API, so that a test decides when they were made. */
async function store(rows: Row[]): Promise<string[]> {
  const ids = rows.map(() => crypto.randomUUID())
  const insert = env.DB.prepare(
    `INSERT INTO api_key (id, digest, seq, account_id, name, format, key_prefix, external_id, created_by, created_at)
     VALUES (?1, ?1, 1, ?2, ?3, 'whm', 'a1b2c3d4', ?4, ?5, ?6)`,
  )
  await env.DB.batch(
    rows.map(({ accountId, createdAt = Date.now(), name = 'Stored', externalId, createdBy }, at) =>
      insert.bind(ids[at], accountId, name, externalId ?? null, createdBy ?? null, createdAt),
    ),
  )
  return ids
}

const list = (as: string, query = '') => app.request('GET', `/api/api-keys${query}`, { as })
const idsOf = async (as: string, query = '') => {
  const answer = await list(as, query)
  expect(answer.status, answer.text).toBe(200)
  return answer.body.data.map(({ id }: { id: string }) => id)
}

/** An account of its own, so that no other test's keys are in its list. */
async function freshAccount() {
  const id = await createAccount('Fresh Inc')
  return { id, owner: await addPerson(id, 'owner') }
}

describe('the list of keys', () => {
  it('is empty at first, with no cursor', async () => {
    const { owner } = await freshAccount()
    expect((await list(owner.jwt)).body).toEqual({ status: 'success', data: [], next_cursor: null })
  })

  it('is newest first, also of keys that were made in one millisecond', async () => {
    const { id: accountId, owner } = await freshAccount()
    const [old, ...same] = await store(
      [1, 2, 2, 2, 2].map((createdAt) => ({ accountId, createdAt })),
    )
    const [newest] = await store([{ accountId, createdAt: 3 }])
    expect(await idsOf(owner.jwt)).toEqual([newest, ...same.reverse(), old])
  })

  it.each([1, 2, 3, 7, 100])('returns each key exactly once in pages of %i', async (limit) => {
    const { id: accountId, owner } = await freshAccount()
    await store([5, 4, 4, 4, 3, 2, 2].map((createdAt) => ({ accountId, createdAt })))
    const whole = await idsOf(owner.jwt)
    const seen: string[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const at = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { body } = await list(owner.jwt, `?limit=${limit}${at}`)
      seen.push(...body.data.map(({ id }: { id: string }) => id))
      cursor = body.next_cursor
      pages++
    } while (cursor !== null)
    expect(seen).toEqual(whole)
    expect(pages).toBe(Math.ceil(7 / limit))
  })

  it('returns 50 by default, and up to 100', async () => {
    const { id: accountId, owner } = await freshAccount()
    await store(Array.from({ length: 101 }, (_, createdAt) => ({ accountId, createdAt })))
    expect(await idsOf(owner.jwt)).toHaveLength(50)
    expect(await idsOf(owner.jwt, '?limit=100')).toHaveLength(100)
  })

  it('keeps its pages stable when keys are created meanwhile', async () => {
    const { id: accountId, owner } = await freshAccount()
    const [third, second, first] = await store(
      [1, 2, 3].map((createdAt) => ({ accountId, createdAt })),
    )
    const { body } = await list(owner.jwt, '?limit=1')
    expect(body.data[0].id).toBe(first)
    await store([{ accountId, createdAt: 9 }])
    expect(await idsOf(owner.jwt, `?cursor=${body.next_cursor}`)).toEqual([second, third])
  })

  it.each([
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=1.5',
    'limit=x',
    'limit=',
    'limit=1e2',
    'limit=0x10',
    'limit=1000',
    'limit=5%20',
    'limit=1&limit=2',
    'cursor=',
    'cursor=x',
    'cursor=MTIz',
    'cursor=1%27%20OR%201%3D1--',
    'cursor=%00',
    'cursor=1&cursor=2',
    `cursor=${btoa('1/x')}`,
    `cursor=${'a'.repeat(300)}`,
    'status=gone',
    'status=',
    'status=Active',
    'created_by=x',
    `search=${'x'.repeat(101)}`,
  ])('answers ?%s with a 400 that names it', async (query) => {
    const answer = await list(account.owner.jwt, `?${query}`)
    expect([answer.status, answer.body.code], answer.text).toEqual([400, 'invalid_request'])
    expect(answer.body.errors[0].path).toBe(`query.${query.split('=')[0]}`)
  })

  it('contains a key in exactly the list of its status, and keeps revoked ones', async () => {
    const { owner } = await freshAccount()
    const as = owner.jwt
    const expires_at = new Date(app.clock.now() + 1_000_000).toISOString()
    const active = await makeKey(app, as)
    const expired = await makeKey(app, as, { expires_at })
    const disabled = await makeKey(app, as, { expires_at })
    const revoked = await makeKey(app, as, { expires_at })
    const both = await makeKey(app, as)
    for (const { id } of [disabled, both]) {
      const change = app.request('PATCH', `/api/api-keys/${id}`, { as, body: { is_active: false } })
      expect(await outcome(change)).toBe('200')
    }
    for (const { id } of [revoked, both]) await app.request('DELETE', `/api/api-keys/${id}`, { as })
    app.clock.skip(1_000_000)
    expect(await idsOf(as, '?status=active')).toEqual([active.id])
    expect(await idsOf(as, '?status=expired')).toEqual([expired.id])
    expect(await idsOf(as, '?status=disabled')).toEqual([disabled.id])
    expect((await idsOf(as, '?status=revoked')).sort()).toEqual([revoked.id, both.id].sort())
    const { body } = await list(as)
    const shown = new Map(body.data.map((key: { id: string }) => [key.id, key]))
    expect(shown.size).toBe(5)
    expect(shown.get(active.id)).toMatchObject({ status: 'active', is_active: true })
    expect(shown.get(expired.id)).toMatchObject({ status: 'expired' })
    expect(shown.get(disabled.id)).toMatchObject({ status: 'disabled', is_active: false })
    expect(shown.get(both.id)).toMatchObject({
      status: 'revoked',
      is_active: false,
      revoked_by: owner.id,
    })
  })

  it('shows neither tokens nor digests', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    const { text, body } = await list(account.owner.jwt)
    const stored = await env.DB.prepare('SELECT digest FROM api_key WHERE key_prefix = ?')
      .bind(key.slice(4, 12))
      .first<{ digest: string }>()
    expect(stored?.digest).toMatch(/^[0-9a-f]{64}$/)
    expect(text).not.toContain(stored?.digest)
    for (const shown of body.data) {
      expect(Object.keys(shown)).not.toContain('digest')
      expect(Object.keys(shown)).not.toContain('key')
      expect(Object.keys(shown)).not.toContain('seq')
    }
  })
})

describe('a search', () => {
  it('finds text anywhere in name, prefix and external id, in any case, and nothing else', async () => {
    const { id: accountId, owner } = await freshAccount()
    const [byName, byExternal, neither] = await store([
      { accountId, name: 'CI Pipeline', createdAt: 2 },
      { accountId, name: 'Other', externalId: 'pipeline-7', createdAt: 1 },
      { accountId, name: 'Neither', createdAt: 0 },
    ])
    expect(await idsOf(owner.jwt, '?search=PIPELINE')).toEqual([byName, byExternal])
    expect(await idsOf(owner.jwt, '?search=%20pipe%20')).toEqual([byName, byExternal])
    expect(await idsOf(owner.jwt, '?search=b2c3')).toEqual([byName, byExternal, neither])
    expect(await idsOf(owner.jwt, '?search=nothing')).toEqual([])
    expect(await idsOf(owner.jwt, '?search=')).toHaveLength(3)
  })

  it('matches %, _ and \\ literally', async () => {
    const { id: accountId, owner } = await freshAccount()
    const names = ['100%', '100x', 'a_b', 'axb', 'c\\d', 'cd', "e'f"]
    const ids = await store(names.map((name, at) => ({ accountId, name, createdAt: at })))
    const found = async (search: string) => {
      const which = await idsOf(owner.jwt, `?search=${encodeURIComponent(search)}`)
      return which.map((id: string) => names[ids.indexOf(id)])
    }
    expect(await found('100%')).toEqual(['100%'])
    expect(await found('%')).toEqual(['100%'])
    expect(await found('a_b')).toEqual(['a_b'])
    expect(await found('_')).toEqual(['a_b'])
    expect(await found('\\')).toEqual(['c\\d'])
    expect(await found("'")).toEqual(["e'f"])
    expect(await found('%%')).toEqual([])
  })

  it.each([
    'x'.repeat(48),
    'x'.repeat(49),
    'x'.repeat(100),
    '%'.repeat(100),
    '_'.repeat(25),
    '漢'.repeat(50),
    "' OR '1'='1",
    '\u0000',
    '🔑'.repeat(20),
    '%27%00',
    '\ud83d',
  ])('for %.30j succeeds despite the pattern limits of D1', async (search) => {
    const answer = await list(
      account.owner.jwt,
      `?search=${encodeURIComponent(search.toWellFormed())}`,
    )
    expect(answer.status, answer.text).toBe(200)
    expect(answer.body.data).toEqual([])
  })

  it('finds a long name by all of it', async () => {
    const { id: accountId, owner } = await freshAccount()
    const name = 'The integration of the customer in the north of the country 0123456789'
    const [id] = await store([{ accountId, name }])
    expect(await idsOf(owner.jwt, `?search=${encodeURIComponent(name)}`)).toEqual([id])
  })
})

describe('one account', () => {
  it('never sees another in the list, a search, a filter, a cursor, the audit trail or by id', async () => {
    const theirs = await makeKey(app, other.owner.jwt, { name: 'Theirs', external_id: 'theirs' })
    const as = account.owner.jwt
    for (const query of [
      '',
      '?search=Theirs',
      '?search=theirs',
      `?created_by=${other.owner.id}`,
      '?status=active',
    ]) {
      expect(await idsOf(as, query)).not.toContain(theirs.id)
    }
    const { body } = await list(other.owner.jwt, '?limit=1')
    if (body.next_cursor)
      expect(await idsOf(as, `?cursor=${body.next_cursor}`)).not.toContain(theirs.id)
    for (const query of [`?key_id=${theirs.id}`, `?actor_id=${other.owner.id}`]) {
      const events = await app.request('GET', `/api/audit-events${query}`, { as })
      expect([events.status, events.body.data]).toEqual([200, []])
    }
    expect(await outcome(app.request('GET', `/api/api-keys/${theirs.id}`, { as }))).toBe(
      '404 not_found',
    )
  })

  it('is not accessible to a person without membership, whatever their JWT claims', async () => {
    const outsider = await jwtFor(other.owner.id, account.id)
    for (const path of [
      '/api/api-keys',
      '/api/audit-events',
      '/api/scopes',
      '/api/v1/me',
      '/api/contacts',
    ]) {
      expect(await outcome(app.request('GET', path, { as: outsider })), path).toBe('403 forbidden')
    }
  })
})

describe('the id of a key', () => {
  it('that is malformed or of another account is a 404, alike for every method', async () => {
    const theirs = await makeKey(app, other.owner.jwt)
    const ids = [
      theirs.id,
      crypto.randomUUID(),
      'x',
      '1',
      'null',
      '%00',
      "1'--",
      theirs.id.toUpperCase(),
      `${theirs.id}x`,
      theirs.key,
      '%E0%A4%A',
    ]
    for (const id of ids) {
      for (const [method, path, body] of [
        ['GET', '', undefined],
        ['PATCH', '', { name: 'Taken' }],
        ['PATCH', '', {}],
        ['DELETE', '', undefined],
        ['POST', '/rotate', {}],
      ] as const) {
        const url = `/api/api-keys/${id}${path}`
        const answer = await app.request(method, url, {
          as: account.owner.jwt,
          ...(body && { body }),
        })
        expect([answer.status, answer.body.code], `${method} ${url}`).toEqual([404, 'not_found'])
      }
    }
    expect(await outcome(app.request('GET', '/api/contacts', { key: theirs.key }))).toBe('200')
    const still = await app.request('GET', `/api/api-keys/${theirs.id}`, { as: other.owner.jwt })
    expect(still.body.data).toMatchObject({ name: 'A key', status: 'active' })
  })
})

describe('the scopes', () => {
  it('are listed with their descriptions, the reserved ones marked', async () => {
    const { body } = await app.request('GET', '/api/scopes', { as: account.member.jwt })
    expect(body).toMatchObject({ status: 'success', next_cursor: null })
    expect(body.data).toHaveLength(10)
    const contacts = body.data.find(({ scope }: { scope: string }) => scope === 'contacts:read')
    expect(contacts).toMatchObject({ description: 'List and read contacts', reserved: false })
    const reserved = body.data.filter((each: { reserved: boolean }) => each.reserved)
    expect(reserved.map(({ scope }: { scope: string }) => scope)).toEqual([
      'keys:manage',
      'keys:verify',
      'keys:portal',
    ])
  })
})

describe('the audit trail', () => {
  it('lists each change with its actor and its request, newest first', async () => {
    const { owner } = await freshAccount()
    const as = owner.jwt
    const key = await makeKey(app, as, { scopes: ['contacts:read'] })
    const ids: (string | null)[] = []
    const note = async (answer: Promise<{ headers: Headers; status: number; text: string }>) => {
      const { headers, status, text } = await answer
      expect(status, text).toBeLessThan(300)
      ids.unshift(headers.get('x-request-id'))
    }
    await note(
      app.request('PATCH', `/api/api-keys/${key.id}`, {
        as,
        body: { name: 'New', is_active: false },
      }),
    )
    await note(app.request('PATCH', `/api/api-keys/${key.id}`, { as, body: { is_active: true } }))
    await note(
      app.request('POST', `/api/api-keys/${key.id}/rotate`, { as, body: { overlap_seconds: 60 } }),
    )
    await note(app.request('DELETE', `/api/api-keys/${key.id}`, { as }))
    const { body } = await app.request('GET', `/api/audit-events?key_id=${key.id}`, { as })
    type Event = { action: string; request_id: string; actor: object; created_at: string }
    expect(body.data.map(({ action }: Event) => action)).toEqual([
      ...['key.revoked', 'key.rotated', 'key.updated', 'key.updated', 'key.created'],
    ])
    expect(body.data.slice(0, 4).map(({ request_id }: Event) => request_id)).toEqual(ids)
    for (const { actor, created_at } of body.data as Event[]) {
      expect(actor).toMatchObject({ kind: 'person', id: owner.id })
      expect(created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    }
  })

  it('has no event for a request that changed nothing', async () => {
    const as = account.owner.jwt
    const { id } = await makeKey(app, as, { name: 'Same' })
    await app.request('PATCH', `/api/api-keys/${id}`, {
      as,
      body: { name: 'Same', is_active: true },
    })
    await app.request('PATCH', `/api/api-keys/${id}`, { as, body: {} })
    await app.request('DELETE', `/api/api-keys/${id}`, { as })
    await app.request('DELETE', `/api/api-keys/${id}`, { as })
    const { body } = await app.request('GET', `/api/audit-events?key_id=${id}`, { as })
    const actions = body.data.map(({ action }: { action: string }) => action)
    expect(actions).toEqual(['key.revoked', 'key.created'])
  })

  it('is filtered by key, actor and action, and paged', async () => {
    const { owner, id } = await freshAccount()
    const admin = await addPerson(id, 'admin')
    const first = await makeKey(app, owner.jwt)
    await makeKey(app, admin.jwt)
    await app.request('DELETE', `/api/api-keys/${first.id}`, { as: admin.jwt })
    const found = async (query: string) => {
      const { body } = await app.request('GET', `/api/audit-events?${query}`, { as: owner.jwt })
      return body.data.map(({ action }: { action: string }) => action)
    }
    expect(await found(`key_id=${first.id}`)).toEqual(['key.revoked', 'key.created'])
    expect(await found(`actor_id=${admin.id}`)).toEqual(['key.revoked', 'key.created'])
    expect(await found('action=key.revoked')).toEqual(['key.revoked'])
    const whole = await found('limit=100')
    const page = await app.request('GET', '/api/audit-events?limit=2', { as: owner.jwt })
    const rest = await found(`limit=100&cursor=${page.body.next_cursor}`)
    expect([...page.body.data.map(({ action }: { action: string }) => action), ...rest]).toEqual(
      whole,
    )
    for (const bad of ['limit=0', 'cursor=x', 'key_id=x', 'actor_id=x']) {
      const answer = app.request('GET', `/api/audit-events?${bad}`, { as: owner.jwt })
      expect(await outcome(answer)).toBe('400 invalid_request')
    }
  })
})

describe('a path or a method that does not exist', () => {
  it.each([
    ['PUT', '/api/api-keys'],
    ['DELETE', '/api/api-keys'],
    ['POST', '/api/api-keys/nonsense'],
    ['OPTIONS', '/api/api-keys'],
    ['GET', '/api/api-keys/x/y/z'],
    ['POST', '/api/scopes'],
    ['DELETE', '/api/audit-events'],
    ['GET', '/api/api-keys/'],
    ['PATCH', '/api/audit-events/x'],
    ['GET', '/api/setup/x'],
    ['GET', '/api/auth/nonsense'],
  ])('%s %s is a problem, 404 or 405', async (method, path) => {
    const answer = await app.request(method, path, {
      as: account.owner.jwt,
      headers: { origin: env.BASE_URL },
      ...((method === 'PUT' || method === 'POST' || method === 'PATCH') && { body: {} }),
    })
    expect([404, 405], answer.text).toContain(answer.status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('x-request-id')).toBe(answer.body.request_id)
  })

  it('outside of /api is a problem as well', async () => {
    const post = await app.request('POST', '/nonsense', { headers: { accept: 'application/json' } })
    expect([404, 405]).toContain(post.status)
    expect(post.headers.get('content-type')).toBe('application/problem+json')
    expect(post.headers.get('x-request-id')).toBe(post.body.request_id)
    expect((await app.request('GET', '/healthz')).body).toEqual({ status: 'ok' })
  })
})
