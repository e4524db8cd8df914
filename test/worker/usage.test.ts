// Reads of usage: over months and shards, of a key and of an account, and the last use in lists.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createUsageObjects, type UsageStores } from '../../src/usage/objects.ts'
import { readShards } from '../../src/usage/read-shards.ts'
import { createUsageReader } from '../../src/usage/reader.ts'
import { inSteps, seriesOf, spanOf, without } from '../../src/usage/series.ts'
import { makeKey, openAccount } from '../support/account.ts'
import { down } from '../support/outage.ts'
import { createTestApp } from '../support/test-app.ts'
import { type Counted, day, daysOf, deliver, hour, messageOf, usage } from '../support/usage.ts'
import { watchBindings } from '../support/watch.ts'

const now = Date.now()
const today = Math.floor(now / day) * day
const iso = (time: number) => new Date(time).toISOString()
const newId = () => crypto.randomUUID()

async function count(counted: Record<string, Counted[]>, stores?: UsageStores): Promise<void> {
  const result = await deliver([messageOf(counted)], stores && { stores })
  expect(result.acknowledged).toEqual([0])
}

afterEach(() => vi.restoreAllMocks())

describe('the reader', () => {
  const stores = {
    objects: createUsageObjects(env.USAGE_COUNTS),
    shards: readShards('3'),
  }
  const reader = createUsageReader(stores)

  it('returns every hour or day of a span, with zeros where nothing was counted', async () => {
    const [account, key, other] = [newId(), newId(), newId()]
    const from = today - 10 * day
    await count({
      [account]: [
        [key, from + 5 * hour, 'valid', 2],
        [key, from + 5 * hour, 'rate_limited', 1],
        [key, from + 30 * hour, 'valid', 4],
        [key, from - hour, 'valid', 100],
        [key, from + 2 * day, 'valid', 100],
        [other, from, 'valid', 100],
      ],
      [newId()]: [[newId(), from, 'valid', 100]],
    })
    const days = spanOf('day', from + 1, from + 2 * day - 1)
    expect(seriesOf(await usage.ofKey(account, key, days), days)).toEqual([
      { time: from, total: 3, counts: { rate_limited: 1, valid: 2 } },
      { time: from + day, total: 4, counts: { valid: 4 } },
    ])
    const hours = spanOf('hour', from + 4 * hour, from + 7 * hour)
    expect(seriesOf(await usage.ofKey(account, key, hours), hours)).toEqual([
      { time: from + 4 * hour, total: 0, counts: {} },
      { time: from + 5 * hour, total: 3, counts: { rate_limited: 1, valid: 2 } },
      { time: from + 6 * hour, total: 0, counts: {} },
    ])
    expect(await usage.ofKey(newId(), key, days)).toEqual([])
  })

  it('adds up months and shards exactly: an account, its largest groups, and nothing of another', async () => {
    const account = newId()
    const keys = Array.from({ length: 130 }, newId)
    // Each key on three days in as many months, in all shards; key i has 3 (i + 1) requests and one refusal.
    const times = [today - 5 * day, today - 40 * day, today - 200 * day]
    const rows = keys.flatMap((key, at): Counted[] => [
      ...times.map((time): Counted => [key, time, 'valid', at + 1, `customer ${at % 4}`]),
      [key, times[at % 3] as number, 'revoked_api_key', 1],
    ])
    await count({ [account]: rows, [newId()]: [[newId(), today, 'valid', 7]] }, stores)
    const span = spanOf('day', today - 300 * day, today + day)
    const whole = inSteps(await reader.ofAccount(account, span), 1_000 * day)
    const sum = (130 * 131 * 3) / 2
    expect(whole.map(({ code, count }) => [code, count])).toEqual([
      ['revoked_api_key', 130],
      ['valid', sum],
    ])
    const byKey = await reader.byGroup(account, 'key', span, 100)
    expect(byKey).toEqual(
      Array.from({ length: 100 }, (_, at) => ({
        value: keys[129 - at],
        counts: { valid: 3 * (130 - at), revoked_api_key: 1 },
      })),
    )
    const left = without({ valid: sum, revoked_api_key: 130 }, byKey)
    expect(left).toEqual({ valid: (30 * 31 * 3) / 2, revoked_api_key: 30 })
    const byCustomer = await reader.byGroup(account, 'external_id', span, 100)
    expect(byCustomer.map(({ value }) => value)).toEqual([
      ...['customer 1', 'customer 0', 'customer 3', 'customer 2'],
      null,
    ])
    expect(byCustomer.at(-1)?.counts).toEqual({ revoked_api_key: 130 })
    // A part of the span has a part of the counts.
    const month = spanOf('day', today - 41 * day, today - 39 * day)
    const [first] = await reader.byGroup(account, 'key', month, 1)
    expect(first?.counts.valid).toBe(130)
  })

  it('never takes an object that does not answer for zero', async () => {
    const { USAGE_COUNTS } = down(['USAGE_COUNTS'])
    const broken = createUsageReader({
      objects: (name) =>
        createUsageObjects(name.includes('/1-of') ? (USAGE_COUNTS as never) : env.USAGE_COUNTS)(
          name,
        ),
      shards: readShards('3'),
    })
    const span = spanOf('day', now - day, now)
    const unavailable = { name: 'StoreUnavailable' }
    await expect(broken.ofAccount('a', span)).rejects.toMatchObject(unavailable)
    await expect(broken.byGroup('a', 'key', span, 1)).rejects.toMatchObject(unavailable)
    await expect(broken.forget('a', now)).rejects.toMatchObject(unavailable)
    await expect(daysOf('a', broken)).rejects.toMatchObject(unavailable)
  })

  it('walks all days of an account once, and forgets them', async () => {
    const [account, other] = [newId(), newId()]
    const keys = Array.from({ length: 90 }, newId)
    const rows = keys.flatMap((key): Counted[] => [
      [key, today - 3 * day + 5 * hour, 'valid', 2],
      [key, today - 3 * day + 6 * hour, 'rate_limited', 3],
      [key, today - 2 * day, 'valid', 1],
      [key, today - 390 * day, 'valid', 4],
    ])
    await count({ [account]: rows, [other]: rows.slice(0, 1) }, stores)
    const days = await daysOf(account, reader)
    expect(days).toHaveLength(270)
    expect(new Set(days.map(({ keyId, day }) => `${keyId} ${day}`)).size).toBe(270)
    const total = days.flatMap(({ counts }) => Object.values(counts).flat())
    expect(total.reduce((sum, each) => sum + each, 0)).toBe(900)
    let runs = 0
    while (!(await reader.forget(account, now))) expect(++runs).toBeLessThan(100)
    expect(await daysOf(account, reader)).toEqual([])
    expect(await daysOf(other, reader)).toHaveLength(1)
  })

  it('reads the months of 400 days, and stores nothing by reading', async () => {
    const names = new Set<string>()
    // Objects that no other test has.
    const counting = createUsageReader({
      shards: readShards('4'),
      objects: (name) => {
        names.add(name)
        return stores.objects(name)
      },
    })
    const account = newId()
    const span = spanOf('day', now - 400 * day + 1, now)
    expect(await counting.ofAccount(account, span)).toEqual([])
    expect(await counting.byGroup(account, 'key', span, 1)).toEqual([])
    expect(await daysOf(account, counting)).toEqual([])
    expect((await counting.lastUsed(account, [account], now)).size).toBe(0)
    expect(await counting.forget(account, now)).toBe(true)
    expect(names.size).toBeGreaterThanOrEqual(4 * 13)
    expect(names.size).toBeLessThanOrEqual(4 * 15)
    for (const name of names) {
      const tables = await runInDurableObject(
        env.USAGE_COUNTS.getByName(name),
        (_, { storage }) => [
          ...storage.sql.exec(
            "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'",
          ),
        ],
      )
      expect([name, tables]).toEqual([name, []])
    }
  })
})

describe('GET /api/api-keys/{id}/usage', async () => {
  const app = await createTestApp()
  const acme = await openAccount()
  const globex = await openAccount('Globex')
  const { id } = await makeKey(app, acme.owner.jwt)
  const getUsage = (query: Record<string, string> = {}, as = acme.member.jwt, of = id) =>
    app.request('GET', `/api/api-keys/${of}/usage?${new URLSearchParams(query)}`, { as })

  it('returns every day or hour, and the last use of the key, to a member of the account', async () => {
    const noon = today - 3 * day + 12 * hour
    const rows: Counted[] = [
      [id, noon, 'valid', 40],
      [id, noon, 'insufficient_scope', 2],
      [id, noon + hour, 'rate_limited', 1],
      [id, today - 40 * day, 'valid', 7],
    ]
    await count({ [acme.id]: rows })
    const month = await getUsage()
    expect(month.status).toBe(200)
    const { series, ...sums } = month.body.data
    expect(sums).toEqual({
      granularity: 'day',
      from: iso(today - 29 * day),
      to: iso(today + day),
      total: 43,
      counts: { valid: 40, insufficient_scope: 2, rate_limited: 1 },
    })
    expect(series).toHaveLength(30)
    expect(series.at(-4)).toEqual({
      time: iso(today - 3 * day),
      total: 43,
      counts: { valid: 40, insufficient_scope: 2, rate_limited: 1 },
    })
    const [from, to] = [iso(noon), iso(noon + 2 * hour)]
    const hours = await getUsage({ from, to, granularity: 'hour' })
    expect(hours.body.data.series).toEqual([
      { time: from, total: 42, counts: { valid: 40, insufficient_scope: 2 } },
      { time: iso(noon + hour), total: 1, counts: { rate_limited: 1 } },
    ])
    const whole = await getUsage({ from: iso(today - 400 * day), to: iso(today + day) })
    expect(whole.body.data.total).toBe(50)
  })

  it('returns the last 24 hours by hour, including the current one', async () => {
    const { series } = (await getUsage({ granularity: 'hour' })).body.data
    const present = Math.floor(app.clock.now() / hour) * hour
    expect(series.map(({ time }: { time: string }) => time)).toEqual(
      Array.from({ length: 24 }, (_, at) => iso(present - (23 - at) * hour)),
    )
  })

  it('accepts times of any offset, and dates', async () => {
    const { data } = (await getUsage({ from: '2026-11-01', to: '2026-11-03T01:00:00+02:00' })).body
    expect([data.from, data.to]).toEqual(['2026-11-01T00:00:00.000Z', '2026-11-03T00:00:00.000Z'])
  })

  it.each([
    [{ from: 'yesterday' }, 'query.from'],
    [{ to: '2026-02-30' }, 'query.to'],
    [{ granularity: 'minute' }, 'query.granularity'],
    [{ from: iso(today), to: iso(today) }, 'query.from'],
    [{ from: iso(today), to: iso(today - 1) }, 'query.from'],
    [{ from: iso(today - 31 * day - 2 * hour), to: iso(today), granularity: 'hour' }, 'query.from'],
    [{ from: iso(today - 399 * day), to: iso(today + 3 * day) }, 'query.from'],
    [{ from: iso(today - 402 * day), to: iso(today - 390 * day) }, 'query.from'],
  ])('refuses %j, naming the field', async (query, path) => {
    const { status, body } = await getUsage(query as Record<string, string>)
    expect([status, body.code]).toEqual([400, 'invalid_request'])
    expect(body.errors).toMatchObject([{ path }])
  })

  it('does not find a key of another account or a malformed id', async () => {
    expect((await getUsage({}, globex.owner.jwt)).status).toBe(404)
    expect((await getUsage({}, acme.owner.jwt, 'nothing')).status).toBe(404)
    expect((await getUsage({}, acme.owner.jwt, crypto.randomUUID())).status).toBe(404)
  })
})

describe('GET /api/api-keys/usage', async () => {
  const app = await createTestApp()
  const [acme, globex] = [await openAccount(), await openAccount('Globex')]
  const keys = await Promise.all(
    ['1', '2', '3'].map((name) => makeKey(app, acme.owner.jwt, { name })),
  )
  const [first, second, unused] = keys.map(({ id }) => id) as [string, string, string]
  const foreign = (await makeKey(app, globex.owner.jwt)).id
  const noon = today - 2 * day + 12 * hour
  await count({
    [acme.id]: [
      [first, noon, 'valid', 10],
      [first, noon - 35 * day, 'valid', 5],
      [second, noon, 'valid', 4],
      [second, noon + hour, 'insufficient_scope', 3],
    ],
    [globex.id]: [[foreign, noon, 'valid', 99]],
  })
  const read = (ids: string, query = '', as = acme.member.jwt) =>
    app.request('GET', `/api/api-keys/usage?ids=${ids}${query}`, { as })

  it('returns the requests of each, in the order asked for, and what names no key of the account', async () => {
    const ids = [second, foreign, unused, first, second].join(',')
    const { status, body } = await read(ids, `&from=${iso(today - 2 * day)}&granularity=day`)
    expect(status).toBe(200)
    const { from, to, keys, missing } = body.data
    expect({ from, to, missing }).toEqual({
      ...{ from: iso(today - 2 * day), to: iso(today + day), missing: [foreign] },
    })
    const sums = keys.map(({ id, total, counts }: Record<string, unknown>) => [id, total, counts])
    expect(sums).toEqual([
      [second, 7, { valid: 4, insufficient_scope: 3 }],
      [unused, 0, {}],
      [first, 10, { valid: 10 }],
    ])
    expect(keys[0].series.map(({ total }: { total: number }) => total)).toEqual([7, 0, 0])
    const wide = await read(first, `&from=${iso(today - 60 * day)}`)
    expect(wide.body.data.keys[0].total).toBe(15)
  })

  it('answers as the usage of each key by itself', async () => {
    const together = (await read(keys.map(({ id }) => id).join(','))).body.data.keys
    for (const { id, ...usage } of together) {
      const path = `/api/api-keys/${id}/usage`
      const alone = await app.request('GET', path, { as: acme.member.jwt })
      expect(alone.body.data).toMatchObject(usage)
    }
  })

  it.each([
    ['none', ''],
    ['what is no id', 'x'],
    ['an empty one', `${unused},`],
    ['more than 100', Array.from({ length: 101 }, newId).join(',')],
  ])('refuses %s, and names the field', async (_, ids) => {
    const { status, body } = await read(ids)
    expect([status, body.errors[0].path]).toEqual([400, 'query.ids'])
  })

  it('costs one statement, and one call a month and shard, whatever the number of keys', async () => {
    const watch = watchBindings()
    const watched = await createTestApp({ bindings: watch.bindings })
    const path = `/api/api-keys/usage?from=${iso(today)}&ids=`
    const costOf = async (ids: readonly string[]) => {
      watch.clear()
      await watched.request('GET', path + ids.join(','), { as: acme.member.jwt })
      return watch.calls.map(({ where }) => where)
    }
    // The first request reads the keys of JWTs.
    await costOf([unused])
    const one = await costOf([unused])
    expect(one.filter((where) => where.startsWith('USAGE_COUNTS.'))).toEqual([
      'USAGE_COUNTS.ofKeys',
    ])
    expect(await costOf(Array.from({ length: 100 }, newId))).toHaveLength(one.length - 1)
    expect(await costOf([first, second, unused])).toEqual(one)
  })
})

describe('GET /api/usage', async () => {
  const app = await createTestApp()
  const acme = await openAccount()
  const globex = await openAccount('Globex')
  const as = acme.member.jwt
  const keys = await Promise.all(
    ['First', 'Second', 'Third'].map((name) => makeKey(app, acme.owner.jwt, { name })),
  )
  const [first, second, third] = keys.map(({ id }) => id) as [string, string, string]
  const noon = today - 2 * day + 12 * hour
  await count({
    [acme.id]: [
      [first, noon, 'valid', 10, 'customer 1'],
      [second, noon, 'valid', 4],
      [second, noon + hour, 'insufficient_scope', 3],
      [third, noon - 45 * day, 'valid', 1, 'customer 1'],
    ],
    [globex.id]: [[newId(), noon, 'valid', 99]],
  })
  const read = (query: Record<string, string> = {}, who = as) =>
    app.request('GET', `/api/usage?${new URLSearchParams(query)}`, { as: who })

  it('returns the whole account, and nothing of another', async () => {
    const { status, body } = await read()
    expect(status).toBe(200)
    const { series, ...sums } = body.data
    expect(sums).toEqual({
      granularity: 'day',
      from: iso(today - 29 * day),
      to: iso(today + day),
      total: 17,
      counts: { valid: 14, insufficient_scope: 3 },
    })
    expect(series).toHaveLength(30)
    expect(series.at(-3)).toMatchObject({ time: iso(today - 2 * day), total: 17 })
    expect((await read({}, globex.owner.jwt)).body.data.total).toBe(99)
    const wide = await read({ from: iso(today - 100 * day) })
    expect(wide.body.data.total).toBe(18)
  })

  it.each([
    [
      'key',
      [
        { value: first, name: 'First', total: 10, counts: { valid: 10 } },
        { value: second, name: 'Second', total: 7, counts: { valid: 4, insufficient_scope: 3 } },
        { value: third, name: 'Third', total: 1, counts: { valid: 1 } },
      ],
    ],
    [
      'external_id',
      [
        { value: 'customer 1', total: 11, counts: { valid: 11 } },
        { value: null, total: 7, counts: { valid: 4, insufficient_scope: 3 } },
      ],
    ],
    [
      'code',
      [
        { value: 'valid', total: 15, counts: { valid: 15 } },
        { value: 'insufficient_scope', total: 3, counts: { insufficient_scope: 3 } },
      ],
    ],
    ['environment', [{ value: 'live', total: 18, counts: { valid: 15, insufficient_scope: 3 } }]],
  ])('groups by %s, which the total is made of', async (group_by, groups) => {
    const { body } = await read({ from: iso(today - 100 * day), group_by })
    expect(body.data.groups).toMatchObject(groups)
    expect(body.data.groups).toHaveLength(groups.length)
    expect(body.data.other).toEqual({ total: 0, counts: {} })
    expect(body.data.total).toBe(18)
    const prefixes = body.data.groups.map((each: Record<string, unknown>) => each.key_prefix)
    const expected = group_by === 'key' ? keys.map(({ key_prefix }) => key_prefix) : []
    expect(prefixes.filter((each: unknown) => each !== undefined)).toEqual(expected)
  })

  it('counts under `other` what is beyond the hundred largest', async () => {
    const account = await openAccount('Many')
    const many = Array.from({ length: 104 }, newId)
    await count({ [account.id]: many.map((key, at): Counted => [key, noon, 'valid', at + 1]) })
    const { data } = (await read({ group_by: 'key' }, account.owner.jwt)).body
    expect(data.groups).toHaveLength(100)
    expect(data.groups[99]).toMatchObject({ value: many[4], total: 5 })
    expect(data.other).toEqual({ total: 10, counts: { valid: 10 } })
    expect(data.total).toBe((104 * 105) / 2)
  })

  it('is read by a managing key without bounds, and refused to one that has some', async () => {
    const managing = await makeKey(app, acme.owner.jwt, { scopes: ['keys:manage'] })
    const within = { external_ids: ['customer 1'] }
    const bounded = await makeKey(app, acme.owner.jwt, {
      scopes: ['keys:manage'],
      may_grant: within,
    })
    expect((await read({}, managing.key)).body.data.total).toBeGreaterThanOrEqual(17)
    const refused = await read({}, bounded.key)
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
  })

  it.each([
    [{ group_by: 'name' }, 'query.group_by'],
    [{ group: 'key' }, 'query.group'],
    [{ from: 'yesterday' }, 'query.from'],
    [{ from: iso(today - 402 * day), to: iso(today - 390 * day) }, 'query.from'],
    [{ from: iso(today - 32 * day), granularity: 'hour' }, 'query.from'],
  ])('refuses %j, naming the parameter', async (query, path) => {
    const { status, body } = await read(query as Record<string, string>)
    expect([status, body.code]).toEqual([400, 'invalid_request'])
    expect(JSON.stringify(body.errors)).toContain(path)
  })

  it.each(['throws', 'hangs'] as const)('is 503 when a usage object %s', async (failure) => {
    const cut = await createTestApp({ bindings: down(['USAGE_COUNTS'], failure) })
    const paths = ['/api/usage', '/api/usage?group_by=key', `/api/api-keys/${first}/usage`]
    // Each waits for its time-out.
    for (const path of failure === 'hangs' ? paths.slice(0, 1) : paths) {
      const answer = await cut.request('GET', path, { as })
      expect([path, answer.status, answer.body.code]).toEqual([path, 503, 'authority_unavailable'])
    }
  })
})

describe('the last use of a key', async () => {
  const watch = watchBindings()
  const app = await createTestApp({ bindings: watch.bindings })
  const { id: account, owner } = await openAccount()
  const keys = await Promise.all(Array.from({ length: 20 }, () => makeKey(app, owner.jwt)))
  const [used, unused] = keys.map(({ id }) => id) as [string, string]
  const lastUse = async (id: string, at = app) =>
    (await at.request('GET', `/api/api-keys/${id}`, { as: owner.jwt })).body.data.last_used_at
  const inD1 = (id: string, at: number) =>
    env.DB.prepare('UPDATE api_key SET last_used_at = ? WHERE id = ?').bind(at, id).run()

  it('is the newer of what D1 and the usage objects know', async () => {
    await count({
      [account]: [
        [used, now - 5_000, 'valid', 1],
        [used, now - 1_000, 'expired_api_key', 1],
      ],
    })
    expect([await lastUse(used), await lastUse(unused)]).toEqual([iso(now - 5_000), null])
    await inD1(used, now - 60_000)
    expect(await lastUse(used)).toBe(iso(now - 5_000))
    await inD1(used, now - 2_000)
    expect(await lastUse(used)).toBe(iso(now - 2_000))
  })

  it.each(['throws', 'hangs'] as const)('is that of D1 when a usage object %s', async (failure) => {
    await inD1(used, now - 60_000)
    const cut = await createTestApp({ bindings: down(['USAGE_COUNTS'], failure) })
    expect(await lastUse(used, cut)).toBe(iso(now - 60_000))
    const list = await cut.request('GET', '/api/api-keys', { as: owner.jwt })
    expect([list.status, list.body.data.length]).toEqual([200, keys.length])
  })

  it('costs a page of keys one call a month and shard, and a new key none', async () => {
    watch.clear()
    const { body } = await app.request('GET', '/api/api-keys?limit=100', { as: owner.jwt })
    expect(body.data).toHaveLength(keys.length)
    const calls = watch.calls.filter(({ where }) => where.startsWith('USAGE_COUNTS.'))
    // Two on the first day of a month.
    const months = new Date(now - day).getUTCMonth() === new Date(now).getUTCMonth() ? 1 : 2
    expect(calls.map(({ where }) => where)).toEqual(
      Array.from({ length: months }, () => 'USAGE_COUNTS.lastUsed'),
    )
    watch.clear()
    await makeKey(app, owner.jwt)
    expect(watch.calls.filter(({ where }) => where.startsWith('USAGE_COUNTS.'))).toEqual([])
  })
})
