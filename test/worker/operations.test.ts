// What an operator watches: whether every store answers, the canary, and the status page's figures.
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type CanarySettings,
  type CanaryStores,
  canaryAccountId,
  canaryKeyId,
  runCanary,
} from '../../src/keys/canary.ts'
import { lastRuns } from '../../src/storage/canary-log.ts'
import { flushAfterMs } from '../../src/usage/counter.ts'
import { settleSettings } from '../../src/worker/changes.ts'
import { canaryStores, runScheduled } from '../../src/worker/cron.ts'
import { verifyByBinding } from '../../src/worker/rpc.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { openFence } from '../support/fences.ts'
import { down, type Failure, type Store } from '../support/outage.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'
import { deliver } from '../support/usage.ts'
import { watchBindings } from '../support/watch.ts'

const real = {
  now: Date.now,
  skip() {},
  sleep: (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms)),
}
const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
afterAll(() => vi.restoreAllMocks())
beforeEach(() => warned.mockClear())

const readiness = (at: TestApp) => at.request('GET', '/readyz')
const failing = (checks: Record<string, { ok: boolean }>) =>
  Object.entries(checks).flatMap(([name, { ok }]) => (ok ? [] : [name]))

describe('GET /readyz', () => {
  beforeAll(() => env.DB.prepare('DELETE FROM pending_raise').run())

  it('is ready while every store answers', async () => {
    const answer = await readiness(await createTestApp())
    expect(answer.status, answer.text).toBe(200)
    expect(answer.body).toMatchObject({ status: 'ready', oldest_pending_seconds: null })
    expect(Object.keys(answer.body.checks).sort()).toEqual([
      ...['cache', 'database', 'fence', 'meter', 'queue', 'raises'],
    ])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  const names: Record<Store, string[]> = {
    DB: ['database', 'raises'],
    KEY_CACHE: ['cache'],
    FENCE: ['fence'],
    METER: ['meter'],
    USAGE: [],
    USAGE_COUNTS: [],
  }
  const cases = (['throws', 'hangs'] as Failure[]).flatMap((failure) =>
    (['DB', 'KEY_CACHE', 'FENCE', 'METER'] as Store[]).map((store) => [store, failure] as const),
  )
  it.each(cases)('is not ready while %s %s, and names only that store', async (store, failure) => {
    const at = await createTestApp({
      clock: real,
      bindings: down([store], failure, 'the secret reason'),
    })
    const from = Date.now()
    const answer = await readiness(at)
    expect(Date.now() - from).toBeLessThan(8_000)
    expect(answer.status).toBe(503)
    expect(answer.body.status).toBe('not_ready')
    expect(failing(answer.body.checks)).toEqual(names[store])
    expect(answer.text).not.toContain('the secret reason')
    const warnings = warned.mock.calls
      .map(([line]) => JSON.parse(line))
      .filter(({ event }) => event === 'not_ready')
    expect(warnings).toHaveLength(1)
    expect(warnings[0].checks[names[store][0] as string].problem).toMatch(
      failure === 'throws' && store !== 'METER' ? /the secret reason/ : /no answer/,
    )
  })

  it('is not ready while every store is down, within the timeout of one', async () => {
    const all = down(['DB', 'KEY_CACHE', 'FENCE', 'METER'], 'hangs')
    const at = await createTestApp({ clock: real, bindings: { ...all, USAGE: undefined as never } })
    const from = Date.now()
    const answer = await readiness(at)
    expect(Date.now() - from).toBeLessThan(8_000)
    expect(failing(answer.body.checks)).toEqual(Object.keys(answer.body.checks))
  })

  it('is not ready while a raise has been pending for more than a minute', async () => {
    const clock = createSkippingClock()
    const at = await createTestApp({ clock })
    const leave = env.DB.prepare('INSERT INTO pending_raise VALUES (?, ?, 1, ?)')
    await leave.bind('oc/0-of-1', 'a'.repeat(64), clock.now() - 50_000).run()
    expect(await readiness(at)).toMatchObject({ status: 200, body: { oldest_pending_seconds: 50 } })
    clock.skip(10_001)
    const late = await readiness(at)
    expect(late.status).toBe(503)
    expect(failing(late.body.checks)).toEqual(['raises'])
    expect(late.body.oldest_pending_seconds).toBeGreaterThanOrEqual(60)
    expect(late.text).not.toContain('oc/0')
    await env.DB.prepare('DELETE FROM pending_raise').run()
  })

  it('queries the stores once in two seconds, however many requests come', async () => {
    // Stands still between skips: real time on a slow machine would exceed the two seconds.
    let nowMs = Date.now()
    const skip = (ms: number) => {
      nowMs += ms
    }
    const clock = { ...real, now: () => nowMs, skip }
    const watch = watchBindings()
    const at = await createTestApp({ clock, bindings: watch.bindings })
    const answers = await Promise.all(Array.from({ length: 20 }, () => readiness(at)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(watch.counts()).toMatchObject({ 'KV.get': 1, 'FENCE.inspect': 1 })
    clock.skip(1_999)
    await readiness(at)
    expect(watch.counts()).toMatchObject({ 'KV.get': 1 })
    clock.skip(1)
    await readiness(at)
    expect(watch.counts()).toMatchObject({ 'KV.get': 2, 'FENCE.inspect': 2 })
  })

  it('keeps no unused fence open', async () => {
    await readiness(await createTestApp())
    const listed = async () =>
      (await env.DB.prepare('SELECT name FROM fence').all<{ name: string }>()).results.length
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await listed()).toBe(0)
  })
})

async function openFences() {
  for (const name of ['oc/0-of-1', 'weur/0-of-1']) await openFence(name)
}

describe('the canary', () => {
  const clock = createSkippingClock()
  let app: TestApp
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {})

  beforeAll(async () => {
    app = await createTestApp({ clock })
    await openFences()
  })
  beforeEach(async () => {
    errors.mockClear()
    await env.DB.prepare('DELETE FROM pending_raise').run()
  })

  const settingsOf = (more: Partial<CanarySettings> = {}): CanarySettings => ({
    ...settleSettings(app.isolate, () => {}),
    config: app.isolate.config,
    randomBytes: (bytes) => crypto.getRandomValues(bytes),
    waitUntil: (work) => void work.catch(() => {}),
    ...more,
  })
  const storesWith = (more: Partial<CanaryStores> = {}): CanaryStores => ({
    ...canaryStores(app.isolate, app.bindings),
    ...more,
  })
  const run = (stores: Partial<CanaryStores> = {}, settings: Partial<CanarySettings> = {}) =>
    runCanary(storesWith(stores), settingsOf(settings))

  it('finds that a revoked key is refused in every region with a fence', async () => {
    const found = await run()
    expect(found).toMatchObject({ outcome: 'held', problem: null })
    const seen = {
      isPending: false,
      before: 'valid',
      after: ['revoked_api_key', 'revoked_api_key'],
    }
    expect(found.regions.toSorted((a, b) => a.region.localeCompare(b.region))).toEqual([
      { region: 'elsewhere', ...seen },
      { region: 'oc', ...seen },
      { region: 'weur', ...seen },
    ])
    const { leaseMs, marginMs } = settingsOf()
    expect(found.revocationMs).toBeGreaterThanOrEqual(leaseMs + marginMs)
  })

  const broken: [string, string[], Partial<CanaryStores>, Partial<CanarySettings>][] = [
    [
      'fences that acknowledge what they do not hold',
      ['oc', 'weur'],
      { fences: { raise: async () => true, reset: async () => true } },
      {},
    ],
    [
      'one such fence',
      ['weur'],
      {
        fences: {
          raise: async (fence, raises) =>
            fence.startsWith('weur') || (await storesOfWorld().fences.raise(fence, raises)),
          reset: async () => true,
        },
      },
      {},
    ],
    ['no wait for the leases', ['elsewhere', 'oc', 'weur'], {}, { marginMs: -1_000 }],
  ]
  const storesOfWorld = () => storesWith()
  it.each(broken)('alarms at %s', async (_, regions, stores, settings) => {
    const found = await run(stores, settings)
    expect(found.outcome, JSON.stringify(found)).toBe('broken')
    const passing = found.regions.filter(({ after }) => after.includes('valid'))
    expect(passing.map(({ region }) => region).sort()).toEqual(regions)
    for (const region of regions) expect(found.problem).toContain(region)
  })

  it('alarms at a change that raises no fence', async () => {
    const { changes } = storesWith()
    const found = await run({
      changes: {
        ...changes,
        commit: async (change) => ({ ...(await changes.commit(change)), pending: [] }),
        pending: async () => [],
      },
    })
    expect(found.outcome).toBe('broken')
  })

  it('has no result for a region that has not acknowledged, or whose response is unknown', async () => {
    const { fences } = storesWith()
    const deaf: CanaryStores['fences'] = {
      ...fences,
      raise: async (fence, raises) =>
        !fence.startsWith('oc') && (await fences.raise(fence, raises)),
    }
    expect(await run({ fences: deaf })).toMatchObject({
      outcome: 'unfinished',
      problem: 'No acknowledgement from oc.',
    })
    const blind = await createTestApp({ clock, bindings: down(['KEY_CACHE', 'FENCE']) })
    const regions = canaryStores(blind.isolate, { ...blind.bindings, ...down(['DB']) }).regions
    await expect(regions('0'.repeat(64))).rejects.toThrow()
    expect(await run({ regions })).toMatchObject({
      outcome: 'unfinished',
      problem: expect.stringMatching(/D1/),
    })
  })

  it('has no result while another run is under way', async () => {
    const { find } = storesWith()
    let reads = 0
    const found = await run({
      async find(...which) {
        const key = await find(...which)
        // The last look, after the readers.
        return ++reads < 4 || key === null ? key : { ...key, revokedAt: null }
      },
    })
    expect(found).toMatchObject({
      outcome: 'unfinished',
      problem: expect.stringMatching(/^Another run/),
    })
  })

  it('runs on its schedule, stores its result, and logs an alarm', async () => {
    await env.DB.prepare('DELETE FROM canary_run').run()
    const work: Promise<unknown>[] = []
    const tick = (cron: string, at = app) =>
      runScheduled(at.isolate, at.bindings, cron, (each) => void work.push(each))
    await tick('* * * * *')
    expect(await lastRuns(env.DB, 5)).toEqual([])
    const info = vi.spyOn(console, 'info').mockImplementation(() => {})
    await tick('*/5 * * * *')
    expect(info.mock.calls.join()).toContain('canary_held')
    expect(await lastRuns(env.DB, 5)).toMatchObject([{ outcome: 'held' }])
    expect(errors).not.toHaveBeenCalled()

    await tick('*/5 * * * *', await createTestApp({ clock, bindings: down(['FENCE']) }))
    expect(errors.mock.calls.map(([line]) => JSON.parse(line).event)).toEqual(['canary_unfinished'])
    expect(await lastRuns(env.DB, 5)).toMatchObject([
      { outcome: 'unfinished' },
      { outcome: 'held' },
    ])
    info.mockRestore()
  })

  it('changes nothing while changes are stopped', async () => {
    const before = await lastRuns(env.DB, 10)
    const at = await createTestApp({ clock, bindings: { CHANGES: 'stopped' as never } })
    await runScheduled(at.isolate, at.bindings, '*/5 * * * *', () => {})
    expect(await lastRuns(env.DB, 10)).toEqual(before)
  })

  it('keeps one key, which no list contains and no token matches', async () => {
    await run()
    const { owner } = await openAccount()
    const list = await app.request('GET', '/api/api-keys', { as: owner.jwt })
    expect(list.body.data).toEqual([])
    const one = await app.request('GET', `/api/api-keys/${canaryKeyId}`, { as: owner.jwt })
    expect(one.status).toBe(404)
    const { results } = await env.DB.prepare("SELECT * FROM api_key WHERE format = 'canary'").all()
    expect(results).toMatchObject([{ id: canaryKeyId, scopes: '[]' }])
  })

  it('writes its own table and its key, and no audit event, notice or usage', async () => {
    await run()
    const counting = `SELECT (SELECT count(*) FROM audit_event) AS events, (SELECT count(*) FROM webhook_event) AS notices,
      (SELECT count(*) FROM audit_event WHERE account_id = '${canaryAccountId}') AS own`
    const before = await env.DB.prepare(counting).first()
    const watch = watchBindings(app.bindings)
    const isolate = { ...app.isolate }
    await runScheduled(isolate, { ...app.bindings, ...watch.bindings }, '*/5 * * * *', () => {})
    expect(await env.DB.prepare(counting).first()).toEqual({ ...before, own: 0 })
    const counted = watch.calls.filter(({ where }) => where.startsWith('USAGE'))
    expect(counted).toEqual([])
    const key = await env.DB.prepare('SELECT revoked_at FROM api_key WHERE id = ?')
      .bind(canaryKeyId)
      .first<{ revoked_at: number | null }>()
    expect(key?.revoked_at).toBeGreaterThan(0)
  })

  it('keeps no fence open by reading it', async () => {
    const fence = env.FENCE.getByName('oc/0-of-1')
    const { lastUsedAt } = await fence.inspect([])
    await run()
    expect((await fence.inspect([])).lastUsedAt).toBe(lastUsedAt)
  })

  it('the reconciler alarms at a raise that no fence acknowledges for over a minute', async () => {
    const leave = env.DB.prepare('INSERT INTO pending_raise VALUES (?, ?, 1, ?)')
    await leave.bind('oc/0-of-1', 'b'.repeat(64), clock.now()).run()
    const at = await createTestApp({ clock, bindings: down(['FENCE']) })
    const drain = () => runScheduled(at.isolate, at.bindings, '* * * * *', () => {})
    await drain()
    expect(errors).not.toHaveBeenCalled()
    clock.skip(61_000)
    await drain()
    const [line] = errors.mock.calls.map(([each]) => JSON.parse(each))
    expect(line).toMatchObject({ event: 'raises_overdue', count: 1, fences: ['oc/0-of-1'] })
    expect(line.oldest_seconds).toBeGreaterThanOrEqual(61)
    expect(JSON.stringify(line)).not.toContain('b'.repeat(20))
  })

  it('a failing step of the reconciler does not prevent the other steps', async () => {
    // Every ten minutes the outboxes have more steps that read D1.
    const between = { ...clock, now: () => Date.UTC(2026, 0, 1, 0, 5) }
    const at = await createTestApp({ clock: between, bindings: down(['DB']) })
    const drain = runScheduled(at.isolate, at.bindings, '* * * * *', () => {})
    await expect(drain).rejects.toThrow()
    const steps = errors.mock.calls.map(([line]) => JSON.parse(line).step)
    const outboxes = ['dispatch_mail', 'outbox']
    const others = ['idempotency', 'names', 'reviews', 'closings']
    expect(steps).toEqual(['settle', 'overdue', ...outboxes, ...others])
  })
})

describe('GET /api/status', () => {
  let platform: Account
  beforeAll(async () => {
    await openFences()
    platform = await openAccount('Platform')
    const mark = env.DB.prepare('INSERT INTO platform (id, account_id) VALUES (1, ?)')
    await mark.bind(platform.id).run()
  })

  it('shows all but the tiers while their usage object is down', async () => {
    const { owner } = platform
    const cut = await createTestApp({ bindings: down(['USAGE_COUNTS']) })
    const { status, body } = await cut.request('GET', '/api/status', { as: owner.jwt })
    expect([status, body.data.tiers]).toEqual([200, null])
    expect(body.data.checks.length).toBeGreaterThan(4)
  })

  it('shows stores, fences, the canary and the version to admins and owners', async () => {
    // Deletes runs of earlier tests, whose clocks were ahead.
    await env.DB.prepare('DELETE FROM canary_run').run()
    const app = await createTestApp()
    await runScheduled(app.isolate, app.bindings, '*/5 * * * *', () => {})
    const { owner, admin, member } = platform
    for (const { jwt } of [owner, admin]) {
      const answer = await app.request('GET', '/api/status', { as: jwt })
      expect(answer.status, answer.text).toBe(200)
      const { checks, fences, canary, version, lease_seconds } = answer.body.data
      expect(checks.map(({ name }: { name: string }) => name)).toHaveLength(6)
      const seen = { region: 'oc', answer_ms: expect.any(Number), floors: expect.any(Number) }
      const names = fences.map(({ name }: { name: string }) => name)
      expect(names).toEqual(expect.arrayContaining(['oc/0-of-1', 'weur/0-of-1']))
      expect(fences[names.indexOf('oc/0-of-1')]).toMatchObject(seen)
      const age = Date.now() - Date.parse(fences[0].registered_at)
      expect(age).toBeGreaterThanOrEqual(0)
      expect(age).toBeLessThan(120_000)
      expect(canary[0]).toMatchObject({
        outcome: 'held',
        regions: expect.arrayContaining(['oc', 'elsewhere']),
      })
      expect(version.id).toBeTypeOf('string')
      expect(lease_seconds).toBe(app.isolate.config.leaseMs / 1000)
    }
    expect((await app.request('GET', '/api/status', { as: member.jwt })).status).toBe(403)
    const { key } = await makeKey(app, owner.jwt, { scopes: ['keys:manage'] })
    expect((await app.request('GET', '/api/status', { key })).status).toBe(403)
    expect((await app.request('GET', '/api/status')).status).toBe(401)
  })

  it('reports a fence that does not answer', async () => {
    const { owner } = platform
    const app = await createTestApp({ bindings: down(['FENCE']) })
    const { body } = await app.request('GET', '/api/status', { as: owner.jwt })
    expect(body.data.ready).toBe(false)
    expect(body.data.fences.length).toBeGreaterThan(1)
    for (const { answer_ms } of body.data.fences) expect(answer_ms).toBeNull()
    expect(body.data.checks.find(({ name }: { name: string }) => name === 'fence')).toMatchObject({
      ok: false,
      problem: 'fence is unavailable: the store is down',
    })
  })

  it('counts the tiers that answered, at every endpoint and over all isolates', async () => {
    // In the future, where the queue delivers no counts of other tests.
    const clock = createSkippingClock()
    clock.skip(3 * 24 * 60 * 60 * 1000)
    const batches: unknown[] = []
    const queue = { send: async (batch: unknown) => void batches.push(batch) }
    const app = await createTestApp({
      clock,
      bindings: { USAGE: queue as unknown as Env['USAGE'] },
    })
    const { owner } = platform
    const as = { as: owner.jwt }
    const verifier = await makeKey(app, owner.jwt, { scopes: ['keys:verify'] })
    const { key } = await makeKey(app, owner.jwt)
    const getMe = () => app.request('GET', '/api/v1/me', { key })
    await getMe()
    await getMe()
    await app.request('GET', '/api/v1/me', { key: `whm_${'0'.repeat(32)}` })
    await app.request('POST', '/api/v1/keys/verify', { key: verifier.key, body: { token: key } })
    await verifyByBinding(app.isolate, app.bindings, { waitUntil() {} }, { token: key })
    app.clock.skip(2 * flushAfterMs)
    await getMe()
    await getMe()
    await deliver([...batches, ...batches], { now: clock.now() })
    const { body } = await app.request('GET', '/api/status', as)
    const counts = Object.fromEntries(
      body.data.tiers.map(({ region, tier, count }: Record<string, unknown>) => [
        `${region} ${tier}`,
        count,
      ]),
    )
    const total = Object.values(counts).reduce<number>((sum, count) => sum + Number(count), 0)
    expect(counts).toEqual({ 'enam memory': 4, 'enam database': 2, 'enam fence': 1 })
    expect(total).toBe(7)
  })
})
