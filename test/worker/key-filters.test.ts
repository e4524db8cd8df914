// The list of keys by environment and by scope, against a second implementation of each over random keys, and where few
// of many keys meet them.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Config } from '../../src/core/config.ts'
import { coversScope, scopesThatCover } from '../../src/core/scope-grants.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { openAccount } from '../support/account.ts'
import fc from '../support/fc.ts'
import config from '../support/latchkey.config.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

const ours: Config<Env> = {
  ...config,
  formats: {
    ...config.formats,
    staging: {
      ...{ prefix: 'acme_staging_', alphabet: 'hex', length: 32, tagLength: 8 },
      environment: 'staging',
    },
  },
  foreign: {
    old: { prefix: 'old_', alphabet: 'base62', length: 30 },
    old_test: { prefix: 'oldtest_', alphabet: 'base62', length: 30, environment: 'test' },
  },
  scopes: {
    ...config.scopes,
    contacts: 'Everything about contacts',
    'contacts:notes:read': { description: 'Read notes', resource: true },
    'contacts:notes:write': 'Write notes',
    'contacts:secret': { description: 'No wildcard covers it', wildcard: false },
    'contactsx:read': 'Of another family',
  },
}
const environments: Record<string, string[]> = {
  test: ['wacrm_test', 'old_test'],
  staging: ['staging'],
  // With those of formats that are gone, before, between and after the others.
  live: ['whm', 'wacrm_live', 'old', 'aaa', 'old_tes', 'old_test_2', 'stagin', 'wacrm_tes', 'zzz'],
}

let app: TestApp
beforeAll(async () => {
  const clock = createSkippingClock()
  app = await createTestApp({ clock, isolate: createIsolate(ours, clock) })
})

type Stored = { id: string; format: string; scopes: string[] | null }

async function store(accountId: string, keys: readonly Stored[]): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, scopes, created_at)
     SELECT value ->> 'id', lower(hex(randomblob(32))), 1, ?2, 'A key', 'a key', value ->> 'format', 'a1b2c3d4',
       value -> 'scopes', key FROM json_each(?1)`,
  )
    .bind(
      JSON.stringify(keys.map((key) => ({ ...key, scopes: key.scopes ?? undefined }))),
      accountId,
    )
    .run()
}

/** `count` keys of one format, oldest of all. */
async function storeMany(accountId: string, count: number, format: string): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, created_at)
     SELECT lower(hex(randomblob(16))), ?1 || i, 1, ?1, 'Hay', 'hay', ?3, 'a1b2c3d4', -i FROM n`,
  )
    .bind(accountId, count, format)
    .run()
}

const list = (query: Record<string, string>, as: string) =>
  app.request('GET', `/api/api-keys?${new URLSearchParams(query)}`, { as })

async function found(query: Record<string, string>, as: string): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const answer = await list({ ...query, ...(cursor !== null && { cursor }) }, as)
    expect(answer.status, answer.text).toBe(200)
    ids.push(...answer.body.data.map(({ id }: { id: string }) => id))
    cursor = answer.body.next_cursor
  } while (cursor !== null)
  return ids
}

const newest = (keys: Stored[]) => keys.map(({ id }) => id).toReversed()

const ids = ['1', '2', 'a~b']
const holdable = [
  // A trigger refuses those of the platform elsewhere.
  ...Object.keys(ours.scopes).filter((scope) => !scope.startsWith('platform:')),
  ...ids.flatMap((id) => [`contacts:read#${id}`, `contacts:notes:read#${id}`]),
  ...['contacts:*', 'contacts:notes:*', 'contactsx:*', 'messages:*', 'broadcasts:*'],
]
/** Also what keys were granted before the catalogue changed. */
const stale = ['gone', 'gone:read', 'gone:*', 'contacts:write#1', 'contacts:gone:*']

describe('the filter by scope', () => {
  it('agrees with the comparison of scopes, for each that a key can hold', async () => {
    const { id, owner } = await openAccount()
    const held = fc.option(fc.uniqueArray(fc.constantFrom(...holdable, ...stale), { maxLength: 4 }))
    const keys = fc
      .sample(held, 90)
      .map((scopes) => ({ id: crypto.randomUUID(), format: 'whm', scopes }))
    await store(id, keys)
    let hits = 0
    for (const scope of holdable) {
      const granted = keys.filter(({ scopes }) =>
        scopes?.some((each) => coversScope(each, scope, ours.scopes)),
      )
      hits += granted.length
      expect([scope, await found({ scope, limit: '100' }, owner.jwt)]).toEqual([
        scope,
        newest(granted),
      ])
    }
    expect(hits).toBeGreaterThan(holdable.length)
  })

  it('finds a scope by its name, its wildcards and its whole, and no key that inherits', async () => {
    const { id, owner } = await openAccount()
    const key = (scopes: string[] | null) => ({ id: crypto.randomUUID(), format: 'whm', scopes })
    const whole = key(['contacts:read'])
    const wildcard = key(['messages:read', 'contacts:*'])
    const one = key(['contacts:read#1'])
    const secret = key(['contacts:secret'])
    await store(id, [whole, wildcard, one, secret, key(null), key([]), key(['contacts'])])
    const cases: [string, Stored[]][] = [
      ['contacts:read', [whole, wildcard]],
      ['contacts:read#1', [whole, wildcard, one]],
      ['contacts:read#2', [whole, wildcard]],
      ['contacts:write', [wildcard]],
      ['contacts:*', [wildcard]],
      ['contacts:notes:*', [wildcard]],
      ['contacts:secret', [secret]],
      ['keys:manage', []],
    ]
    for (const [scope, keys] of cases) {
      expect([scope, await found({ scope }, owner.jwt)]).toEqual([scope, newest(keys)])
      const byName = await found({ scope, sort: 'name', limit: '1' }, owner.jwt)
      expect([scope, byName.toSorted()]).toEqual([scope, newest(keys).toSorted()])
    }
  })

  it.each([
    ['nonsense', 'No such scope'],
    ['Contacts:read', 'No such scope'],
    ['contacts:gone', 'No such scope'],
    ['contacts:write#1', 'The scope contacts:write takes no resource'],
    ['contacts:read#', 'No such scope'],
    ['contacts:read#..', 'No such scope'],
    ['gone:*', 'The wildcard covers no scope'],
    ['keys:*', 'No wildcard covers keys:, platform:, latchkey:'],
    ['*', 'No such scope'],
    ['', 'No such scope'],
  ])('refuses %j, which nothing can hold', async (scope, message) => {
    const { owner } = await openAccount()
    const { status, body } = await list({ scope }, owner.jwt)
    expect([status, body.errors]).toEqual([400, [{ path: 'query.scope', message }]])
  })

  it('compares with no more than the grants that could cover it', () => {
    expect(scopesThatCover('contacts:notes:read#1', ours.scopes)).toEqual([
      'contacts:notes:read#1',
      'contacts:notes:read',
      'contacts:*',
      'contacts:notes:*',
    ])
    expect(scopesThatCover('contacts:secret', ours.scopes)).toEqual(['contacts:secret'])
    expect(scopesThatCover('keys:manage', ours.scopes)).toEqual(['keys:manage'])
  })
})

describe('the filter by environment', () => {
  it('has each key in one, those of a format that is gone in live', async () => {
    const { id, owner } = await openAccount()
    const keys = Object.values(environments)
      .flat()
      .flatMap((format) => [format, format])
      .map((format) => ({ id: crypto.randomUUID(), format, scopes: null }))
    await store(id, keys)
    for (const [environment, formats] of Object.entries(environments)) {
      const inside = newest(keys.filter(({ format }) => formats.includes(format)))
      for (const query of [
        { environment },
        { environment, limit: '3' },
        { environment, status: 'active' },
      ]) {
        expect([query, await found(query, owner.jwt)]).toEqual([query, inside])
      }
      const shown = await list({ environment }, owner.jwt)
      for (const key of shown.body.data) expect(key.environment).toBe(environment)
    }
  })

  it.each(['prod', 'any', 'Live', ''])('refuses %j, which no format has', async (environment) => {
    const { owner } = await openAccount()
    const { status, body } = await list({ environment }, owner.jwt)
    expect([status, body.errors?.[0].path]).toEqual([400, 'query.environment'])
  })

  it.each([
    ['test', 'whm', ['wacrm_test', 'old_test', 'wacrm_test']],
    ['live', 'wacrm_test', ['zzz', 'aaa', 'wacrm_live']],
  ])(
    'finds three of %s among 30,000 others in the first page',
    async (environment, others, few) => {
      const { id, owner } = await openAccount()
      const keys = few.map((format) => ({ id: crypto.randomUUID(), format, scopes: null }))
      await store(id, keys)
      await storeMany(id, 30_000, others)
      for (const sort of ['-created_at', 'last_used_at']) {
        const { body } = await list({ environment, sort }, owner.jwt)
        expect(body.data.map((key: Stored) => key.id).toSorted()).toEqual(newest(keys).toSorted())
        expect(body.next_cursor).toBeNull()
      }
    },
    30_000,
  )
})
