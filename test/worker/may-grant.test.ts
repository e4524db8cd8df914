// What keys that manage keys may grant, and that every loosening of a key is a grant.

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Actor, MayGrant } from '../../src/core/actor.ts'
import { isVisible } from '../../src/keys/powers.ts'
import { listKeys } from '../../src/storage/key-list.ts'
import { reachOf } from '../../src/storage/key-reach.ts'
import { type Account, type MadeKey, makeKey, openAccount, outcome } from '../support/account.ts'
import fc from '../support/fc.ts'
import config from '../support/latchkey.config.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let account: Account
let owner: string
let admin: string
beforeAll(async () => {
  app = await createTestApp()
  account = await openAccount()
  owner = account.owner.jwt
  admin = account.admin.jwt
})

const send = (method: string, path: string, as: string, body?: unknown) =>
  app.request(method, `/api/api-keys${path}`, { as, ...(body !== undefined && { body }) })
const patch = (as: string, id: string, body: object) => outcome(send('PATCH', `/${id}`, as, body))
const managing = (may_grant: object | null, more: object = {}) =>
  makeKey(app, owner, { scopes: ['keys:manage'], may_grant, ...more })
const shown = async (id: string) => (await send('GET', `/${id}`, owner)).body.data
const inSeconds = (seconds: number) => new Date(app.clock.now() + seconds * 1_000).toISOString()

describe('may_grant', () => {
  it('is shown with every field, and null in those that are left out', async () => {
    const may_grant = {
      scopes: ['contacts:read'],
      external_ids: ['x'],
      max_lifetime: 60,
      rate_limit: { limit: 5, window_seconds: 60 },
      max_keys: 3,
    }
    const { id } = await managing(may_grant)
    expect((await shown(id)).may_grant).toEqual({
      ...may_grant,
      environments: null,
      rate_limit: [{ name: 'default', limit: 5, window_seconds: 60 }],
    })
    expect(await patch(owner, id, { may_grant: null })).toBe('200')
    expect((await shown(id)).may_grant).toBeNull()
  })

  it.each([
    ['scopes', ['no:scope']],
    ['scopes', ['keys:manage']],
    ['environments', ['nowhere']],
    ['external_ids', ['none']],
    ['max_lifetime', 0],
    ['max_keys', -1],
    ['rate_limit', { limit: 0, window_seconds: 1 }],
    ['unknown', 1],
  ])('with %s: %j is a 400 that names it', async (field, value) => {
    const body = { name: 'x', scopes: ['keys:manage'], may_grant: { [field]: value } }
    const { status, body: problem } = await send('POST', '', owner, body)
    expect([status, problem.code]).toEqual([400, 'invalid_request'])
    expect(problem.errors[0].path).toContain(`may_grant.${field}`)
  })

  it('is for keys that manage keys, and set by owners', async () => {
    const plain = await makeKey(app, owner, { scopes: ['contacts:read'] })
    for (const [method, path, body] of [
      ['POST', '', { name: 'x', scopes: ['contacts:read'], may_grant: {} }],
      ['PATCH', `/${plain.id}`, { may_grant: {} }],
    ] as const) {
      const { status, body: problem } = await send(method, path, owner, body)
      expect([status, problem.errors?.[0].path]).toEqual([400, 'may_grant'])
    }
    const manager = await managing({})
    for (const as of [admin, manager.key]) {
      expect(await patch(as, manager.id, { may_grant: { scopes: [] } })).toBe('403 forbidden')
    }
  })

  it('without it a key reads all keys, tightens and revokes, and grants nothing', async () => {
    const manager = await managing(null)
    const { id } = await makeKey(app, owner, { scopes: ['contacts:read', 'contacts:write'] })
    expect(await outcome(send('GET', `/${id}`, manager.key))).toBe('200')
    const create = send('POST', '', manager.key, { name: 'x', scopes: [] })
    expect(await outcome(create)).toBe('403 forbidden')
    expect(await patch(manager.key, id, { scopes: ['contacts:read'] })).toBe('200')
    expect(await patch(manager.key, id, { expires_at: inSeconds(60) })).toBe('200')
    expect(await patch(manager.key, id, { expires_at: null })).toBe('403 forbidden')
    expect(await outcome(send('POST', `/${id}/rotate`, manager.key, {}))).toBe('403 forbidden')
    expect(await outcome(send('DELETE', `/${id}`, manager.key))).toBe('200')
  })
})

describe('each bound', () => {
  const scopes = ['contacts:read']
  it.each<[string, object, object, object]>([
    ['scopes', { scopes }, { scopes }, { scopes: ['contacts:read', 'contacts:write'] }],
    ['external_ids', { external_ids: ['x'] }, { external_id: 'x' }, { external_id: 'y' }],
    ['external_ids, none given', { external_ids: ['x'] }, { external_id: 'x' }, {}],
    [
      'rate_limit',
      { rate_limit: { limit: 5, window_seconds: 60 } },
      { rate_limit: { limit: 5, window_seconds: 60 } },
      { rate_limit: { limit: 6, window_seconds: 60 } },
    ],
    [
      'rate_limit, renamed',
      { rate_limit: { limit: 5, window_seconds: 60 } },
      { rate_limit: { limit: 5, window_seconds: 60 } },
      { rate_limit: { limit: 5, window_seconds: 60, name: 'other' } },
    ],
    [
      'rate_limit, exact',
      { rate_limit: { limit: 5, window_seconds: 60 } },
      { rate_limit: { limit: 5, window_seconds: 60 } },
      { rate_limit: { limit: 5, window_seconds: 60, mode: 'fast' } },
    ],
    [
      'rate_limit, fast',
      { rate_limit: { limit: 5, window_seconds: 60, mode: 'fast' } },
      { rate_limit: { limit: 5, window_seconds: 60, mode: 'fast' } },
      { rate_limit: { limit: 6, window_seconds: 60 } },
    ],
    [
      'rate_limit, none given',
      { rate_limit: { limit: 5, window_seconds: 60 } },
      { rate_limit: { limit: 1, window_seconds: 60 } },
      {},
    ],
    ['environments', { environments: ['live'] }, {}, { scopes: null }],
  ])('%s holds for new keys and for changed ones', async (_, bounds, within, beyond) => {
    const { key: as } = await managing(bounds)
    const fields = { scopes, ...within }
    const made = await makeKey(app, as, fields)
    expect(
      await outcome(
        send('POST', '', as, {
          name: 'x',
          ...fields,
          ...beyond,
          ...(Object.keys(beyond).length === 0 && { external_id: null, rate_limit: null }),
        }),
      ),
    ).toBe('403 forbidden')
    const change =
      Object.keys(beyond).length === 0
        ? Object.fromEntries(Object.keys(within).map((field) => [field, null]))
        : beyond
    expect(await patch(as, made.id, change)).toBe('403 forbidden')
  })

  it('max_lifetime holds at each grant', async () => {
    const { key: as } = await managing({ max_lifetime: 100 })
    const create = (expires_at?: string) =>
      send('POST', '', as, { name: 'x', scopes: [], ...(expires_at && { expires_at }) })
    expect(await outcome(create())).toBe('403 forbidden')
    expect(await outcome(create(inSeconds(200)))).toBe('403 forbidden')
    const made = await create(inSeconds(90))
    expect(made.status).toBe(201)
    expect(await patch(as, made.body.data.id, { expires_at: null })).toBe('403 forbidden')
  })

  it('max_keys counts unrevoked keys of all rotations of the maker, also of requests at once', async () => {
    const manager = await managing({ max_keys: 3 })
    const create = (as: string) => outcome(send('POST', '', as, { name: 'x', scopes: [] }))
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => create(manager.key)))
    expect(outcomes.filter((each) => each === '201')).toHaveLength(3)
    expect(outcomes.filter((each) => each === '403 forbidden')).toHaveLength(3)
    const rotated = await send('POST', `/${manager.id}/rotate`, manager.key, {})
    const as = rotated.body.data.key
    expect(await create(as)).toBe('403 forbidden')
    const { body } = await send('GET', '?limit=100', owner)
    const [one, two] = body.data.filter(
      ({ made_by, id }: { made_by: string; id: string }) =>
        made_by === manager.id && id !== rotated.body.data.id,
    )
    // The successor counts in the place of the key that it replaces.
    expect(await outcome(send('POST', `/${one.id}/rotate`, as, {}))).toBe('201')
    expect(await create(as)).toBe('403 forbidden')
    expect(await outcome(send('DELETE', `/${two.id}`, as))).toBe('200')
    expect(await create(as)).toBe('201')
    expect(await create(as)).toBe('403 forbidden')
  })
})

describe('a key with bounds gains nothing', () => {
  it('by rotating keys of others beyond max_keys, also at once', async () => {
    const manager = await managing({ max_keys: 1 })
    const others = await Promise.all([1, 2, 3].map(() => makeKey(app, owner, { scopes: [] })))
    const rotate = (id: string) => outcome(send('POST', `/${id}/rotate`, manager.key, {}))
    const outcomes = await Promise.all(others.map(({ id }) => rotate(id)))
    expect(outcomes.filter((each) => each === '201')).toHaveLength(1)
    const still = others.filter((_, index) => outcomes[index] !== '201')
    for (const { id } of still) expect(await rotate(id)).toBe('403 forbidden')
  })

  it('by credits for a rotated key, whose successor may be beyond them', async () => {
    const manager = await managing({ scopes: ['contacts:read'] })
    const old = await makeKey(app, owner, { scopes: ['contacts:read'], credits: { remaining: 5 } })
    const { body } = await send('POST', `/${old.id}/rotate`, owner, { overlap_seconds: 600 })
    const scopes = ['contacts:read', 'messages:send']
    expect(await patch(owner, body.data.id, { scopes })).toBe('200')
    for (const as of [manager.key, owner]) {
      const topUp = send('POST', `/${old.id}/credits`, as, { add: 1_000 })
      expect(await outcome(topUp)).toBe('409 conflict')
    }
    expect((await shown(body.data.id)).credits.remaining).toBe(5)
  })

  it('by an empty change or a repeated disabling, which show no key beyond them', async () => {
    const manager = await managing({ external_ids: ['mine'] })
    const { id } = await makeKey(app, owner, { scopes: [], external_id: 'other' })
    expect(await patch(manager.key, id, {})).toBe('404 not_found')
    for (let call = 0; call < 2; call++) {
      const disabled = await send('PATCH', `/${id}`, manager.key, { is_active: false })
      expect([disabled.status, disabled.body.data]).toEqual([200, { id, is_active: false }])
    }
    expect((await shown(id)).status).toBe('disabled')
  })
})

describe('a managing key cannot lift bounds of its own', () => {
  it('nor those of the keys that it made', async () => {
    const manager = await managing(
      { scopes: ['contacts:read'], max_lifetime: 1_000 },
      {
        allowed_ips: ['203.0.113.0/24'],
        rate_limit: { limit: 100, window_seconds: 60 },
        credits: { remaining: 100 },
      },
    )
    for (const change of [
      { expires_at: null, allowed_ips: null },
      { allowed_ips: null },
      { allowed_ips: ['0.0.0.0/0'] },
      { rate_limit: null },
      { rate_limit: { limit: 100, window_seconds: 60, name: 'fresh' } },
      { credits: { remaining: 1_000 } },
      { credits: null },
      { limits_by: 'external_id', external_id: 'x', credits: { remaining: 5 } },
      { metadata: { plan: 'gold' } },
    ]) {
      const request = app.request('PATCH', `/api/api-keys/${manager.id}`, {
        as: manager.key,
        body: change,
        headers: { 'cf-connecting-ip': '203.0.113.7' },
      })
      expect(await outcome(request), JSON.stringify(change)).toBe('403 forbidden')
    }
    const topUp = app.request('POST', `/api/api-keys/${manager.id}/credits`, {
      as: manager.key,
      body: { add: 1_000 },
      headers: { 'cf-connecting-ip': '203.0.113.7' },
    })
    expect(await outcome(topUp)).toBe('403 forbidden')
  })

  it('a key that was disabled is enabled again by who could create it', async () => {
    const manager = await managing({ scopes: ['contacts:read'] })
    const { id } = await makeKey(app, owner, { scopes: ['contacts:read'] })
    expect(await patch(manager.key, id, { is_active: false })).toBe('200')
    expect(await patch(manager.key, id, { is_active: true })).toBe('200')
    const strong = await makeKey(app, owner, { scopes: ['keys:verify'] })
    expect(await patch(admin, strong.id, { is_active: false })).toBe('200')
    expect(await patch(admin, strong.id, { is_active: true })).toBe('403 forbidden')
    expect(await patch(owner, strong.id, { is_active: true })).toBe('200')
  })
})

describe('a key that was rotated', () => {
  it.each<[string, object]>([
    ['no expiry', { expires_at: null }],
    ['a later expiry', { expires_at: '2099-01-01T00:00:00Z' }],
    ['more scopes', { scopes: ['contacts:read', 'contacts:write'] }],
  ])('does not come back by %s', async (_, change) => {
    const old = await makeKey(app, owner, { scopes: ['contacts:read'] })
    expect(await outcome(send('POST', `/${old.id}/rotate`, owner, { overlap_seconds: 60 }))).toBe(
      '201',
    )
    expect(await patch(owner, old.id, change)).toBe('409 conflict')
    expect(await patch(owner, old.id, { is_active: false })).toBe('200')
    expect(await patch(owner, old.id, { is_active: true })).toBe('409 conflict')
    expect(await outcome(send('DELETE', `/${old.id}`, owner))).toBe('200')
  })
})

describe('lists for a key with bounds', () => {
  it('of keys, usage and events hold what concerns its keys and itself', async () => {
    const manager = await managing({ external_ids: ['mine'] })
    const mine = await makeKey(app, owner, { scopes: ['contacts:read'], external_id: 'mine' })
    const other = await makeKey(app, owner, { scopes: ['contacts:read'], external_id: 'other' })
    const { body } = await send('GET', '?limit=100', manager.key)
    const ids = body.data.map(({ id }: MadeKey) => id)
    expect(ids.toSorted()).toEqual([manager.id, mine.id].toSorted())
    expect(await outcome(send('GET', `/${mine.id}/usage`, manager.key))).toBe('200')
    expect(await outcome(send('GET', `/${other.id}/usage`, manager.key))).toBe('404 not_found')
    const events = await app.request('GET', '/api/audit-events?limit=100', { as: manager.key })
    const concerned = new Set(events.body.data.map(({ key_id }: { key_id: string }) => key_id))
    expect(concerned).toEqual(new Set([manager.id, mine.id]))
    const many = await send('POST', '/revoke', manager.key, { ids: [mine.id, other.id] })
    expect(many.body.data).toEqual({ revoked: 1, missing: [other.id] })
  })

  it('of events hold its own acts, and no names of keys beyond its bounds', async () => {
    const manager = await managing({ external_ids: ['mine'] })
    const mine = await makeKey(app, owner, { name: 'Mine', scopes: [], external_id: 'mine' })
    const other = await makeKey(app, owner, { name: 'Secret', scopes: [], external_id: 'other' })
    for (const { id } of [mine, other]) {
      expect(await outcome(send('DELETE', `/${id}`, manager.key))).toBe('200')
    }
    const namesFor = async (as: string) => {
      const path = `/api/audit-events?action=key.revoked&actor_id=${manager.id}`
      const { data } = (await app.request('GET', path, { as })).body
      const ofKey = ({ key_id, key_name }: Record<string, string>) => [key_id, key_name]
      return Object.fromEntries(data.map(ofKey))
    }
    expect(await namesFor(manager.key)).toEqual({ [mine.id]: 'Mine', [other.id]: null })
    expect(await namesFor(owner)).toEqual({ [mine.id]: 'Mine', [other.id]: 'Secret' })
  })

  it('made_by selects the keys that a key made', async () => {
    const manager = await managing({})
    const made = await makeKey(app, manager.key, { scopes: [] })
    const byAnother = await makeKey(app, owner, { scopes: [] })
    expect((await shown(made.id)).made_by).toBe(manager.id)
    expect((await shown(byAnother.id)).made_by).toBe(account.owner.id)
    const many = await send('POST', '/revoke', owner, { made_by: manager.id })
    expect(many.body.data).toEqual({ revoked: 1, missing: [] })
    expect((await shown(made.id)).status).toBe('revoked')
    expect((await shown(byAnother.id)).status).toBe('active')
  })

  it('made_by selects them by each key of the rotations of the maker', async () => {
    const manager = await managing({})
    const made = async (as: string) => (await makeKey(app, as, { scopes: [] })).id
    const before = await made(manager.key)
    const rotated = await send('POST', `/${manager.id}/rotate`, owner, { overlap_seconds: 60 })
    const { id: made_by, key } = rotated.body.data
    const after = await made(key)
    const many = () => send('POST', '/revoke', owner, { made_by })
    expect((await many()).body.data).toEqual({ revoked: 2, missing: [] })
    for (const id of [before, after]) expect((await shown(id)).status).toBe('revoked')
    expect((await many()).body.data).toEqual({ revoked: 0, missing: [] })
  })

  it('missing holds the made_by as it was given', async () => {
    const { id } = await makeKey(app, owner, { scopes: [] })
    const rotated = await send('POST', `/${id}/rotate`, owner, {})
    const made_by = rotated.body.data.id
    const many = await send('POST', '/revoke', owner, { made_by })
    expect(many.body.data).toEqual({ revoked: 0, missing: [made_by] })
  })

  it('decide in SQL as the comparison of one key does', async () => {
    const { id: accountId, owner: person } = await openAccount('Sieve')
    const lists = [
      ...[null, [], ['contacts:read'], ['contacts:read', 'messages:send'], ['contacts:*']],
      ...[
        ['contacts:read#7'],
        ['contacts:read#7', 'contacts:read#8'],
        ['messages:*', 'contacts:write'],
      ],
    ]
    for (const [at, scopes] of lists.entries()) {
      for (const [other, external_id] of [null, 'x', 'y'].entries()) {
        for (const rate_limit of [null, { limit: 2, window_seconds: 60 }]) {
          for (const expires_at of [null, inSeconds(1_000)]) {
            const format = (at + other) % 2 === 0 ? 'whm' : 'wacrm_test'
            const limits = { rate_limit, expires_at }
            await makeKey(app, person.jwt, { scopes, external_id, format, ...limits })
          }
        }
      }
    }
    const nowMs = app.clock.now()
    const page = { limit: 100, after: null, nowMs }
    const list = async (actor: Actor, by: typeof config) =>
      (await listKeys(env.DB, { reach: reachOf(actor, by, nowMs), filter: {}, ...page })).rows
    const proof = { credential: 'jwt', isSteppedUp: true, inPlatform: false } as const
    const everyone = { kind: 'person', id: person.id, accountId, role: 'owner', ...proof } as const
    const all = await list(everyone, config)
    expect(all).toHaveLength(96)
    const bounds: fc.Arbitrary<MayGrant> = fc.record({
      scopes: fc.option(
        fc.subarray([
          ...['contacts:read', 'messages:send', 'contacts:*', 'messages:*', 'contacts:read#7'],
          ...['contacts:read#9', 'contacts:write', 'removed:*', 'messages:send#7'],
        ]),
      ),
      environments: fc.option(fc.subarray(['live', 'test'])),
      externalIds: fc.option(fc.subarray(['x', 'y'])),
      maxLifetime: fc.option(fc.constantFrom(10, 10_000)),
      rateLimit: fc.constantFrom(
        null,
        [{ name: 'default', limit: 1, windowSeconds: 60 }],
        [{ name: 'default', limit: 2, windowSeconds: 60 }],
        [{ name: 'default', limit: 2, windowSeconds: 60, mode: 'fast' as const }],
        [{ name: 'default', limit: 2, windowSeconds: 61 }],
      ),
      maxKeys: fc.constant(null),
    })
    // Since the keys were made, a scope was closed to wildcards, one takes no resource any more, and a format is gone.
    const { wacrm_test: _, ...formats } = config.formats
    const { 'messages:send': __, ...listed } = config.scopes
    const closed = { description: 'Change contacts', wildcard: false } as const
    const scopes = { ...listed, 'contacts:write': closed, 'contacts:read': 'Read contacts' }
    const configs = [config, { ...config, scopes }, { ...config, formats }]
    const none = { scopes: null, environments: null, externalIds: null, maxLifetime: null }
    const unbounded: MayGrant = { ...none, rateLimit: null, maxKeys: null }
    const contacts = { ...unbounded, scopes: ['contacts:*'] }
    const ofX = { ...unbounded, externalIds: ['x'] }
    const inTest = { ...unbounded, environments: ['test'] }
    const some: string[] = []
    await fc.assert(
      fc.asyncProperty(bounds, fc.constantFrom(...configs), async (mayGrant, by) => {
        const manager = { kind: 'key', id: 'm', rootId: 'm', accountId, scopes: [] } as const
        const actor: Actor = { ...manager, createdBy: null, mayGrant }
        const visible = all.filter((key) => isVisible(actor, key, { config: by, clock: app.clock }))
        expect((await list(actor, by)).map(({ id }) => id)).toEqual(visible.map(({ id }) => id))
        if (visible.length > 0 && visible.length < 96) some.push(JSON.stringify(mayGrant))
      }),
      {
        numRuns: 200,
        examples: [unbounded, contacts, ofX, inTest].map((each): [MayGrant, typeof config] => [
          each,
          config,
        ]),
      },
    )
    // Whatever is drawn, these divide the keys.
    for (const each of [contacts, ofX, inTest]) expect(some).toContain(JSON.stringify(each))
  })
})

describe('a token that was found', () => {
  const rotateSelf = async (as: string, id: string) =>
    (await send('POST', `/${id}/rotate`, as, { overlap_seconds: 600 })).body.data as MadeKey
  const me = (as: string) => outcome(app.request('GET', '/api/v1/me', { key: as }))

  it('revokes with successors=true the keys that it was rotated to with its own token', async () => {
    const first = await managing({})
    const second = await rotateSelf(first.key, first.id)
    const third = await rotateSelf(second.key, second.id)
    const byOwner = await rotateSelf(owner, third.id)
    const path = '/api/v1/me?successors=true'
    expect(await outcome(app.request('DELETE', path, { key: first.key }))).toBe('200')
    for (const { key } of [first, second, third]) expect(await me(key)).toBe('401 revoked_api_key')
    expect(await me(byOwner.key)).toBe('200')
  })

  it('revokes without it only its own key', async () => {
    const first = await managing({})
    const second = await rotateSelf(first.key, first.id)
    expect(await outcome(app.request('DELETE', '/api/v1/me', { key: first.key }))).toBe('200')
    expect([await me(first.key), await me(second.key)]).toEqual(['401 revoked_api_key', '200'])
    const other = app.request('DELETE', '/api/v1/me?successors=maybe', { key: second.key })
    expect(await outcome(other)).toBe('400 invalid_request')
  })
})
