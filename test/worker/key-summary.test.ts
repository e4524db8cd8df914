// GET /api/api-keys/summary: what it counts, against a second implementation; where it ends; and what it says then.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { maxLookedAt } from '../../src/storage/key-summary.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

const day = 24 * 60 * 60_000
let app: TestApp
beforeAll(async () => {
  app = await createTestApp()
})

type Stored = {
  format: string
  created_at: number
  expires_at: number | null
  last_used_at: number | null
  revoked_at: number | null
  disabled: number
  external_id: string | null
  scopes: string[] | null
}

function key(values: Partial<Stored> = {}): Stored {
  return {
    ...{ format: 'whm', created_at: Date.now(), expires_at: null, last_used_at: null },
    ...{ revoked_at: null, disabled: 0, external_id: null, scopes: null },
    ...values,
  }
}

/** Each `times` over. */
async function store(accountId: string, keys: readonly Stored[], times = 1): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
     INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, created_at, expires_at,
       last_used_at, revoked_at, disabled, external_id, scopes)
     SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4000-8000-' || hex(randomblob(6))),
       lower(hex(randomblob(32))), 1, ?2, 'A key', 'a key', value ->> 'format', 'a1b2c3d4',
       value ->> 'created_at', value ->> 'expires_at', value ->> 'last_used_at', value ->> 'revoked_at',
       value ->> 'disabled', value ->> 'external_id', nullif(value -> 'scopes', 'null')
     FROM json_each(?1), n`,
  )
    .bind(JSON.stringify(keys), accountId, times)
    .run()
}

async function summary(as: string) {
  const answer = await app.request('GET', '/api/api-keys/summary', { as })
  expect(answer.status, answer.text).toBe(200)
  return answer.body.data
}

const environmentOf = ({ format }: Stored) => (format === 'wacrm_test' ? 'test' : 'live')

/** By hand. */
function counted(keys: readonly Stored[], now: number) {
  const active = keys.filter(
    ({ revoked_at, disabled, expires_at }) =>
      revoked_at === null && disabled === 0 && (expires_at === null || expires_at > now),
  )
  const of = (isIn: (key: Stored) => boolean) => active.filter(isIn).length
  return {
    active: active.length,
    expiring_in_7_days: of(({ expires_at }) => expires_at !== null && expires_at <= now + 7 * day),
    never_used: of(({ last_used_at }) => last_used_at === null),
    unused_for_90_days: of((key) => (key.last_used_at ?? key.created_at) <= now - 90 * day),
    without_expiry: of(({ expires_at }) => expires_at === null),
    by_environment: {
      live: of((key) => environmentOf(key) === 'live'),
      test: of((key) => environmentOf(key) === 'test'),
    },
    capped: [] as string[],
  }
}

const nothing = counted([], 0)

describe('a summary', () => {
  const now = Date.now()
  const one = <T>(...of: T[]) => of[Math.floor(Math.random() * of.length)] as T
  const keys = Array.from({ length: 300 }, () =>
    key({
      format: one('whm', 'wacrm_live', 'wacrm_test', 'gone'),
      created_at: one(now - 100 * day, now - 89 * day, now),
      expires_at: one(null, now - day, now + 6 * day, now + 8 * day),
      last_used_at: one(null, now - 95 * day, now - 80 * day),
      revoked_at: one(null, null, null, 5),
      disabled: one(0, 0, 0, 1),
      external_id: one(null, 'x', 'y'),
      scopes: one(null, [], ['contacts:read'], ['contacts:*'], ['messages:send']),
    }),
  )
  let account: Account
  beforeAll(async () => {
    account = await openAccount()
    await store(account.id, keys)
  })

  it('counts active keys only, each in every count that it belongs to', async () => {
    for (const person of [account.owner, account.admin, account.member]) {
      expect(await summary(person.jwt)).toEqual(counted(keys, now))
    }
  })

  it('counts as the list does', async () => {
    const queries = {
      active: '',
      expiring_in_7_days: `&expires_before=${new Date(now + 7 * day).toISOString()}`,
      unused_for_90_days: '&unused_for=90d',
    }
    const seen = await summary(account.owner.jwt)
    for (const [name, query] of Object.entries(queries)) {
      let [count, cursor] = [0, '']
      do {
        const path = `/api/api-keys?status=active${query}&limit=100${cursor && `&cursor=${cursor}`}`
        const { body } = await app.request('GET', path, { as: account.owner.jwt })
        count += body.data.length
        cursor = body.next_cursor ?? ''
      } while (cursor)
      expect([name, seen[name]]).toEqual([name, count])
    }
  })

  it('of an account without keys is of zeros', async () => {
    const { owner } = await openAccount()
    expect(await summary(owner.jwt)).toEqual(nothing)
  })

  it.each([
    ['of external ids', { external_ids: ['x', 'z'] }, (key: Stored) => key.external_id === 'x'],
    [
      'of an environment',
      { environments: ['test'] },
      (key: Stored) => environmentOf(key) === 'test',
    ],
    [
      'of scopes',
      { scopes: ['contacts:read'] },
      ({ scopes }: Stored) => scopes?.every((scope) => scope === 'contacts:read') ?? false,
    ],
    [
      'of several kinds',
      { external_ids: ['y'], environments: ['live'], max_lifetime: 7 * 24 * 3_600 },
      (key: Stored) =>
        key.external_id === 'y' &&
        environmentOf(key) === 'live' &&
        key.expires_at !== null &&
        key.expires_at <= now + 7 * day,
    ],
    ['that nothing is within', { external_ids: ['nobody'] }, () => false],
    ['unbounded', {}, () => true],
    ['unbounded but for the number', { max_keys: 1 }, () => true],
  ])(
    'of a managing key with bounds %s counts what is within them, and itself',
    async (_, may_grant, isIn) => {
      const { id, owner } = await openAccount()
      await store(id, keys)
      const manager = await makeKey(app, owner.jwt, {
        ...{ scopes: ['keys:manage'], may_grant, format: 'wacrm_test' },
      })
      const itself = key({ format: 'wacrm_test', created_at: now, scopes: ['keys:manage'] })
      const wanted = counted([...keys.filter(isIn), itself], now)
      // It is used by the question itself.
      const seen = await summary(manager.key)
      expect(seen).toEqual(wanted)
    },
  )

  it('never counts keys of another account', async () => {
    const theirs = await openAccount('Globex')
    const manager = await makeKey(app, theirs.owner.jwt, {
      ...{ scopes: ['keys:manage'], may_grant: { external_ids: ['x'] } },
    })
    expect(await summary(manager.key)).toMatchObject({ active: 1, by_environment: { live: 1 } })
    expect(await summary(theirs.owner.jwt)).toMatchObject({ active: 1 })
  })
})

describe('a count', () => {
  it('ends at 1,000, and says when there are more', async () => {
    const { id, owner } = await openAccount()
    const long = key({ expires_at: Date.now() + 30 * day, last_used_at: Date.now() })
    await store(id, [long], 1_000)
    const all = { ...nothing, active: 1_000, by_environment: { live: 1_000, test: 0 } }
    expect(await summary(owner.jwt)).toEqual(all)
    await store(id, [{ ...long, format: 'wacrm_test' }])
    expect(await summary(owner.jwt)).toEqual({
      ...all,
      by_environment: { live: 1_000, test: 1 },
      capped: ['active'],
    })
    await store(id, [long])
    const capped = ['active', 'by_environment.live']
    expect((await summary(owner.jwt)).capped).toEqual(capped)
  })

  it('is exact at 9,000 active keys, where few are unused, and among many that are revoked', async () => {
    const { id, owner } = await openAccount()
    const now = Date.now()
    await store(id, [key({ last_used_at: now, expires_at: now + 30 * day })], 9_000)
    const few = [
      key({ format: 'wacrm_test', expires_at: now + day, last_used_at: now }),
      key({ last_used_at: now - 91 * day }),
      key({ created_at: now - 91 * day }),
      key({ created_at: now - 89 * day }),
      key({ last_used_at: now - 91 * day, revoked_at: 1 }),
      key({ last_used_at: now - 91 * day, disabled: 1 }),
      key({ created_at: now - 91 * day, expires_at: now - 1 }),
    ]
    await store(id, few)
    expect(await summary(owner.jwt)).toEqual({
      ...counted(few, now),
      active: 1_000,
      by_environment: { live: 1_000, test: 1 },
      capped: ['active', 'by_environment.live'],
    })
  })

  it('is exact where 30,000 keys are revoked, disabled or expired, and few are active', async () => {
    const { id, owner } = await openAccount()
    const now = Date.now()
    const over = { created_at: now - 200 * day }
    await store(id, [key({ ...over, revoked_at: 1 }), key({ ...over, disabled: 1 })], 10_000)
    await store(id, [key({ ...over, expires_at: now - 100 * day })], 10_000)
    const few = [key(over), key({ ...over, last_used_at: now }), key({ format: 'wacrm_test' })]
    await store(id, few)
    expect(await summary(owner.jwt)).toEqual(counted(few, now))
  })

  it('of uses says that it may be more, where many are active and many were never used', async () => {
    const { id, owner } = await openAccount()
    const now = Date.now()
    await store(id, [key({ created_at: now - 91 * day })], 2)
    await store(id, [key({ created_at: now - 91 * day, revoked_at: 1 })], maxLookedAt + 1)
    await store(id, [key({ last_used_at: now })], maxLookedAt + 1)
    const seen = await summary(owner.jwt)
    expect(seen).toMatchObject({ active: 1_000, never_used: 0, unused_for_90_days: 0 })
    expect(seen.capped).toEqual([
      ...['active', 'never_used', 'unused_for_90_days', 'without_expiry', 'by_environment.live'],
    ])
    // The newest are looked at.
    await store(id, [key({ created_at: now - 91 * day })])
    expect(await summary(owner.jwt)).toMatchObject({ never_used: 1, unused_for_90_days: 1 })
  })

  it('of a key with bounds says that it may be more, where it does not look at all', async () => {
    const { id, owner } = await openAccount()
    const now = Date.now()
    const scopes = ['contacts:read']
    await store(id, [key({ scopes, last_used_at: now })], 2)
    await store(id, [key({ last_used_at: now, external_id: 'x' })], maxLookedAt + 1)
    const manager = await makeKey(app, owner.jwt, {
      ...{ scopes: ['keys:manage'], may_grant: { scopes } },
    })
    const seen = await summary(manager.key)
    expect(seen.active).toBe(3)
    expect(seen.capped).toEqual([
      ...['active', 'expiring_in_7_days', 'never_used', 'unused_for_90_days', 'without_expiry'],
      ...['by_environment.live', 'by_environment.test'],
    ])
  })
})
