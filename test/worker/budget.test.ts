// What a verification may cost: the calls of every binding, row by row of the budget in architecture.md.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { digestOf } from '../../src/core/token.ts'
import type { UsageRow } from '../../src/storage/usage-store.ts'
import { UsageCounter } from '../../src/usage/counter.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { slowToWrite } from '../support/outage.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const clock = createSkippingClock()
const watch = watchBindings()
const day = 24 * 60 * 60 * 1000
let app: TestApp
let account: Account

/** Another isolate, whose memory is empty. */
const openIsolate = () => createTestApp({ clock, bindings: watch.bindings })
const endLeases = () => clock.skip(config.leaseMs)
const me = (isolate: TestApp, key: string) => outcome(isolate.request('GET', '/api/v1/me', { key }))
const nameOf = async (key: string) => `key/${await digestOf(key)}`

/**
 * What one more verification costs, after the answer included; D1 reads as one number. The message that
 * a test's app sends of each request is left out: what counting costs is told below.
 */
async function costOf(isolate: TestApp, key: string, answer = '200') {
  watch.clear()
  expect(await me(isolate, key)).toBe(answer)
  const cost: Record<string, number> = {}
  for (const { where } of watch.calls) {
    if (where === 'USAGE.send') continue
    const name = where.startsWith('D1.') && where !== 'D1.batch' ? 'D1 read' : where
    cost[name] = (cost[name] ?? 0) + 1
  }
  return cost
}

beforeAll(async () => {
  app = await openIsolate()
  account = await openAccount()
  // The first question ever opens the fence of the region; it registers after its answer.
  const { key } = await makeKey(app, account.owner.jwt)
  const isOpen = async () => (await env.DB.prepare('SELECT 1 FROM fence').first()) !== null
  for (let asked = 0; asked < 50 && !(await isOpen()); asked++) await me(await openIsolate(), key)
  expect(await isOpen()).toBe(true)
})

beforeEach(() => watch.clear())

describe('a verification costs', () => {
  it('one KV get and one fence, where this isolate has not met the key', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    await me(app, key)
    expect(await env.KEY_CACHE.get(await nameOf(key))).not.toBeNull()
    expect(await costOf(await openIsolate(), key)).toEqual({ 'KV.get': 1, 'FENCE.requiredSeq': 1 })
  })

  it('nothing while the lease runs, to its last millisecond, and one fence after it', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    const frozen = { ...createSkippingClock(), now: () => time }
    let time = Date.now() + 1_000
    const isolate = await createTestApp({ clock: frozen, bindings: watch.bindings })
    await me(isolate, key)
    for (const passed of [0, 1, config.leaseMs - 2]) {
      time += passed
      expect(await costOf(isolate, key), `${passed} ms later`).toEqual({})
    }
    time += 1
    expect(await costOf(isolate, key)).toEqual({ 'FENCE.requiredSeq': 1 })
    expect(await costOf(isolate, key)).toEqual({})
  })

  it('one D1 read, one fence and a KV put after the answer, where KV is empty', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    const first = { 'KV.get': 1, 'FENCE.requiredSeq': 1, 'D1 read': 1, 'KV.put': 1 }
    expect(await costOf(app, key)).toEqual(first)
    await env.KEY_CACHE.delete(await nameOf(key))
    expect(await costOf(await openIsolate(), key)).toEqual(first)
  })

  it('one D1 read on the first use after a change, wherever the record is held', async () => {
    const { id, key } = await makeKey(app, account.owner.jwt)
    const remembers = await openIsolate()
    await me(remembers, key)
    const stale = await env.KEY_CACHE.get(await nameOf(key))
    await app.request('PATCH', `/api/api-keys/${id}`, {
      as: account.owner.jwt,
      body: { name: 'New' },
    })
    // KV may go on answering with what it held before.
    await env.KEY_CACHE.put(await nameOf(key), stale as string)
    const inMemory = await costOf(remembers, key)
    expect(inMemory).toMatchObject({ 'FENCE.requiredSeq': 1, 'D1 read': 1, 'KV.put': 1 })
    expect(inMemory['KV.get'] ?? 0).toBeLessThanOrEqual(1)
    expect(await costOf(await openIsolate(), key)).toEqual({ 'KV.get': 1, 'FENCE.requiredSeq': 1 })
    await env.KEY_CACHE.put(await nameOf(key), stale as string)
    expect(await costOf(await openIsolate(), key)).toEqual({
      'KV.get': 1,
      'FENCE.requiredSeq': 1,
      'D1 read': 1,
      'KV.put': 1,
    })
  })

  it('the same where the key is refused', async () => {
    const { id, key } = await makeKey(app, account.owner.jwt)
    await app.request('DELETE', `/api/api-keys/${id}`, { as: account.owner.jwt })
    const isolate = await openIsolate()
    expect(await costOf(isolate, key, '401 revoked_api_key')).toEqual({
      'KV.get': 1,
      'FENCE.requiredSeq': 1,
      'D1 read': 1,
      'KV.put': 1,
    })
    expect(await costOf(isolate, key, '401 revoked_api_key')).toEqual({})
    endLeases()
    expect(await costOf(isolate, key, '401 revoked_api_key')).toEqual({ 'FENCE.requiredSeq': 1 })
  })

  it('nothing for a malformed, foreign or forged token', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    const forged = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0')
    for (const token of [
      '',
      'whm_',
      'sk_live_x',
      key.slice(1),
      forged,
      `wacrm_live_${'0'.repeat(39)}`,
    ]) {
      expect(await costOf(app, token, '401 invalid_api_key')).toEqual({})
    }
  })

  it('one call of its meter more, where the key has a rate limit or credits', async () => {
    const limits = [
      { rate_limit: { limit: 1_000, window_seconds: 60 } },
      { credits: { remaining: 1_000 } },
      {
        rate_limit: [
          { limit: 1_000, window_seconds: 60 },
          { limit: 9_000, window_seconds: 3_600 },
        ],
        credits: { remaining: 1_000 },
      },
    ]
    for (const limited of limits) {
      const { id, key } = await makeKey(app, account.owner.jwt, limited)
      await me(app, key)
      expect(await costOf(app, key)).toEqual({ 'METER.take': 1 })
      endLeases()
      expect(await costOf(app, key)).toEqual({ 'FENCE.requiredSeq': 1, 'METER.take': 1 })
      expect(await costOf(await openIsolate(), key)).toEqual({
        'KV.get': 1,
        'FENCE.requiredSeq': 1,
        'METER.take': 1,
      })
      await app.request('PATCH', `/api/api-keys/${id}`, {
        as: account.owner.jwt,
        body: { is_active: false },
      })
      await me(app, key)
      // What is refused asks no meter.
      expect(await costOf(app, key, '401 disabled_api_key')).toEqual({})
    }
  })

  it('no more at the gateway', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    await app.request('GET', '/api/contacts', { key })
    watch.clear()
    expect(await outcome(app.request('GET', '/api/contacts', { key }))).toBe('200')
    expect(watch.counts()).toEqual({ 'USAGE.send': 1 })
  })

  it('one more D1 read after the answer once a KV entry has lived half its life', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    await me(app, key)
    clock.skip(4 * day)
    const aged = { 'KV.get': 1, 'FENCE.requiredSeq': 1, 'D1 read': 1, 'KV.put': 1 }
    expect(await costOf(await openIsolate(), key)).toEqual(aged)
    expect(await costOf(await openIsolate(), key)).toEqual({ 'KV.get': 1, 'FENCE.requiredSeq': 1 })
  })
})

describe('on the way to an answer', () => {
  it('KV and the fence are asked at the same time', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    await me(app, key)
    const [kvAsked, fenceAsked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const bindings = {
      ...watch.bindings,
      KEY_CACHE: {
        async get(...args: Parameters<KVNamespace['get']>) {
          kvAsked.resolve()
          await fenceAsked.promise
          return env.KEY_CACHE.get(...args)
        },
      } as unknown as KVNamespace,
      FENCE: {
        getByName: (name: string) => ({
          async requiredSeq(digest: string) {
            fenceAsked.resolve()
            await kvAsked.promise
            return env.FENCE.getByName(name).requiredSeq(digest)
          },
        }),
      } as unknown as Env['FENCE'],
    }
    // One after the other, each would wait for the other in vain, and D1 would be asked in the end.
    expect(await costOf(await createTestApp({ clock, bindings }), key)).toEqual({})
  })

  it('nothing is written: a KV that never finishes a put delays no answer', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    const isolate = await createTestApp({ clock, bindings: slowToWrite() })
    const context = { waitUntil() {}, passThroughOnException() {}, props: {} }
    const request = new Request(`${env.BASE_URL}/api/v1/me`, { headers: { 'x-api-key': key } })
    const response = await isolate.handler.fetch(
      request,
      isolate.bindings,
      context as unknown as ExecutionContext,
    )
    expect(response.status).toBe(200)
  })

  it('no write reaches D1 at all, in none of many requests', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    watch.clear()
    for (let asked = 0; asked < 5; asked++) {
      await me(await openIsolate(), key)
      endLeases()
      await me(app, key)
    }
    const said = watch.calls.filter(({ where }) => where.startsWith('D1.')).map(({ what }) => what)
    expect(said.length).toBeGreaterThan(0)
    for (const statement of said) expect(statement).toMatch(/^\["first-primary","select /i)
  })
})

describe('counting', () => {
  /** An isolate whose window ends when the test says so, and whose background work nobody waits for. */
  async function openCounting() {
    const timers: (() => void)[] = []
    const usage = new UsageCounter({
      now: clock.now,
      sleep: () => new Promise<void>((wake) => timers.push(wake)),
      newId: () => crypto.randomUUID(),
    })
    const isolate = await createTestApp({ clock, bindings: watch.bindings, usage })
    const work: Promise<unknown>[] = []
    const context = {
      waitUntil: (promise: Promise<unknown>) => void work.push(promise),
      passThroughOnException() {},
      props: {},
    } as unknown as ExecutionContext
    async function ask(key: string): Promise<number> {
      const request = new Request(`${env.BASE_URL}/api/v1/me`, { headers: { 'x-api-key': key } })
      return (await isolate.handler.fetch(request, isolate.bindings, context)).status
    }
    async function endWindow() {
      for (const wake of timers.splice(0)) wake()
      await Promise.all(work.splice(0))
    }
    return { ask, endWindow }
  }

  it('costs no call on the way to the answer, and one message for a window of them', async () => {
    const keys = await Promise.all([1, 2, 3].map(() => makeKey(app, account.owner.jwt)))
    const { ask, endWindow } = await openCounting()
    for (const { key } of keys) await ask(key)
    await endWindow()
    watch.clear()
    for (let turn = 0; turn < 40; turn++) {
      for (const { key } of keys) expect(await ask(key)).toBe(200)
    }
    expect(watch.counts()).toEqual({})
    await endWindow()
    expect(watch.counts()).toEqual({ 'USAGE.send': 1 })
    const [batch] = JSON.parse(watch.calls[0]?.what ?? '')
    const counted = batch.rows.map(([keyId, , code, count]: UsageRow) => [keyId, code, count])
    expect(counted).toEqual(keys.map(({ id }) => [id, 'valid', 40]))
  })

  it('costs nothing for a token of nobody', async () => {
    const { ask, endWindow } = await openCounting()
    for (const token of ['nonsense', `whm_${'0'.repeat(32)}`]) expect(await ask(token)).toBe(401)
    await endWindow()
    expect(watch.counts()).toEqual({})
  })
})
