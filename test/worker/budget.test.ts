// The cost of a verification in calls of every binding, for each row of the budget in architecture.md.
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
 * a test app sends for each request is left out; "counting" below covers its cost.
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
  // The first query opens the fence of the region, which registers after its response.
  const { key } = await makeKey(app, account.owner.jwt)
  const isOpen = async () => (await env.DB.prepare('SELECT 1 FROM fence').first()) !== null
  for (let attempt = 0; attempt < 50 && !(await isOpen()); attempt++)
    await me(await openIsolate(), key)
  expect(await isOpen()).toBe(true)
})

beforeEach(() => watch.clear())

describe('a verification costs', () => {
  it('one KV get and one fence query for a key that the isolate has not cached', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    await me(app, key)
    expect(await env.KEY_CACHE.get(await nameOf(key))).not.toBeNull()
    expect(await costOf(await openIsolate(), key)).toEqual({ 'KV.get': 1, 'FENCE.requiredSeq': 1 })
  })

  it('nothing until the last millisecond of the lease, and one fence query after it', async () => {
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

  it('one D1 read, one fence query and a KV put after the response when KV is empty', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    const first = { 'KV.get': 1, 'FENCE.requiredSeq': 1, 'D1 read': 1, 'KV.put': 1 }
    expect(await costOf(app, key)).toEqual(first)
    await env.KEY_CACHE.delete(await nameOf(key))
    expect(await costOf(await openIsolate(), key)).toEqual(first)
  })

  it('one D1 read on the first use after a change, wherever the record is cached', async () => {
    const { id, key } = await makeKey(app, account.owner.jwt)
    const remembers = await openIsolate()
    await me(remembers, key)
    const stale = await env.KEY_CACHE.get(await nameOf(key))
    await app.request('PATCH', `/api/api-keys/${id}`, {
      as: account.owner.jwt,
      body: { name: 'New' },
    })
    // KV may still return the previous value.
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

  it('the same for a key that is refused', async () => {
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

  it('one additional meter call for a key with a rate limit or credits', async () => {
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
      // A refused key consumes no limits.
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

  it('one more D1 read after the response when a KV entry is past half of its lifetime', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    await me(app, key)
    clock.skip(4 * day)
    const aged = { 'KV.get': 1, 'FENCE.requiredSeq': 1, 'D1 read': 1, 'KV.put': 1 }
    expect(await costOf(await openIsolate(), key)).toEqual(aged)
    expect(await costOf(await openIsolate(), key)).toEqual({ 'KV.get': 1, 'FENCE.requiredSeq': 1 })
  })
})

describe('before the response', () => {
  it('KV and the fence are queried concurrently', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    await me(app, key)
    const [kvQueried, fenceQueried] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const bindings = {
      ...watch.bindings,
      KEY_CACHE: {
        async get(...args: Parameters<KVNamespace['get']>) {
          kvQueried.resolve()
          await fenceQueried.promise
          return env.KEY_CACHE.get(...args)
        },
      } as unknown as KVNamespace,
      FENCE: {
        getByName: (name: string) => ({
          async requiredSeq(digest: string) {
            fenceQueried.resolve()
            await kvQueried.promise
            return env.FENCE.getByName(name).requiredSeq(digest)
          },
        }),
      } as unknown as Env['FENCE'],
    }
    // In sequence, each would wait for the other until its timeout, and D1 would be queried.
    expect(await costOf(await createTestApp({ clock, bindings }), key)).toEqual({})
  })

  it('nothing is written: a KV put that never ends delays no response', async () => {
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

  it('no request writes to D1', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    watch.clear()
    for (let attempt = 0; attempt < 5; attempt++) {
      await me(await openIsolate(), key)
      endLeases()
      await me(app, key)
    }
    const statements = watch.calls
      .filter(({ where }) => where.startsWith('D1.'))
      .map(({ what }) => what)
    expect(statements.length).toBeGreaterThan(0)
    for (const statement of statements) expect(statement).toMatch(/^\["first-primary","select /i)
  })
})

describe('counting', () => {
  /** An isolate whose counting window the test ends, and whose background work is not awaited. */
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
    async function send(key: string): Promise<number> {
      const request = new Request(`${env.BASE_URL}/api/v1/me`, { headers: { 'x-api-key': key } })
      return (await isolate.handler.fetch(request, isolate.bindings, context)).status
    }
    async function endWindow() {
      for (const wake of timers.splice(0)) wake()
      await Promise.all(work.splice(0))
    }
    return { send, endWindow }
  }

  it('costs no call before the response, and one message for each window', async () => {
    const keys = await Promise.all([1, 2, 3].map(() => makeKey(app, account.owner.jwt)))
    const { send, endWindow } = await openCounting()
    for (const { key } of keys) await send(key)
    await endWindow()
    watch.clear()
    for (let turn = 0; turn < 40; turn++) {
      for (const { key } of keys) expect(await send(key)).toBe(200)
    }
    expect(watch.counts()).toEqual({})
    await endWindow()
    expect(watch.counts()).toEqual({ 'USAGE.send': 1 })
    const [batch] = JSON.parse(watch.calls[0]?.what ?? '')
    const counted = batch.rows.map(([keyId, , code, count]: UsageRow) => [keyId, code, count])
    expect(counted).toEqual(keys.map(({ id }) => [id, 'valid', 40]))
  })

  it('costs nothing for an unknown token', async () => {
    const { send, endWindow } = await openCounting()
    for (const token of ['nonsense', `whm_${'0'.repeat(32)}`]) expect(await send(token)).toBe(401)
    await endWindow()
    expect(watch.counts()).toEqual({})
  })
})
