// The cost of a verification in calls of every binding, for each row of the budget in architecture.md.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Floor, usualMaxTold } from '../../src/coherence/fence.ts'
import type { FenceObject } from '../../src/coherence/fence-object.ts'
import { digestOf } from '../../src/core/token.ts'
import { recall } from '../../src/keys/look-up.ts'
import { UsageCounter } from '../../src/usage/counter.ts'
import type { UsageMessage } from '../../src/usage/message.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { RequestServices } from '../../src/worker/services.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { askFence, openFence } from '../support/fences.ts'
import config from '../support/latchkey.config.ts'
import { slowToWrite } from '../support/outage.ts'
import { resume, suspend } from '../support/suspension.ts'
import { createStillClock, createTestApp, type TestApp } from '../support/test-app.ts'
import { type Call, watchBindings } from '../support/watch.ts'

const clock = createStillClock()
const watch = watchBindings()
const day = 24 * 60 * 60 * 1000
let app: TestApp
let account: Account

type Isolate = Pick<TestApp, 'request'>

/** What a request brings of its location, whose parsing costs more than a verification from memory. */
const unread = {
  get cf(): never {
    throw new Error('cf was read')
  },
}

/** Another isolate, whose memory is empty. */
const openIsolate = () => createTestApp({ clock, bindings: watch.bindings })
const endLease = () => clock.skip(config.leaseMs)
const me = (isolate: Isolate, key: string) => outcome(isolate.request('GET', '/api/v1/me', { key }))
const nameOf = async (key: string) => `key/${await digestOf(key)}`
const rename = (id: string, name: string) =>
  app.request('PATCH', `/api/api-keys/${id}`, { as: account.owner.jwt, body: { name } })

/** A question of a verification names a digest; a renewal of the view does not. */
function nameOfCall({ where, what }: Call): string {
  if (where.startsWith('D1.') && where !== 'D1.batch') return 'D1 read'
  if (where === 'FENCE.ask' && JSON.parse(what).at(-1) === null) return 'renewal'
  return where
}

/** The calls since they were cleared, but for the message that a test app sends for each request. */
function costSoFar(): Record<string, number> {
  const cost: Record<string, number> = {}
  for (const call of watch.calls) {
    if (call.where === 'USAGE.send') continue
    const name = nameOfCall(call)
    cost[name] = (cost[name] ?? 0) + 1
  }
  return cost
}

/** What one more verification costs, after the answer included; "counting" below covers the cost of counting. */
async function costOf(isolate: Isolate, key: string, answer = '200') {
  watch.clear()
  expect(await me(isolate, key)).toBe(answer)
  return costSoFar()
}

beforeAll(async () => {
  app = await openIsolate()
  account = await openAccount()
  await openFence()
})

beforeEach(() => watch.clear())

describe('a verification costs', () => {
  it('one KV get and one question of a cold isolate', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    await me(app, key)
    expect(await env.KEY_CACHE.get(await nameOf(key))).not.toBeNull()
    expect(await costOf(await openIsolate(), key)).toEqual({ 'KV.get': 1, 'FENCE.ask': 1 })
  })

  it('nothing while the view runs, and one question after its last millisecond', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    await me(app, key)
    const isolate = await openIsolate()
    await me(isolate, key)
    clock.skip(config.leaseMs / 2 - 1)
    expect(await costOf(isolate, key)).toEqual({})
    // Half of the lease is over: the view is renewed behind the answer.
    clock.skip(1)
    expect(await costOf(isolate, key)).toEqual({ renewal: 1 })
    expect(await costOf(isolate, key)).toEqual({})
    clock.skip(config.leaseMs - 1)
    expect(await costOf(isolate, key)).toEqual({ renewal: 1 })
    endLease()
    expect(await costOf(isolate, key)).toEqual({ 'FENCE.ask': 1 })
    expect(await costOf(isolate, key)).toEqual({})
  })

  it('nothing for any key in memory, however cold, while another one keeps the view running', async () => {
    const hot = await makeKey(app, account.owner.jwt)
    const cold = await Promise.all(
      Array.from({ length: 40 }, () => makeKey(app, account.owner.jwt)),
    )
    const isolate = await openIsolate()
    for (const { key } of [hot, ...cold]) expect(await me(isolate, key)).toBe('200')
    watch.clear()
    const stepMs = 200
    const seconds = 10
    const everyMs = 2_500
    for (let passedMs = 0; passedMs < seconds * 1_000; passedMs += stepMs) {
      clock.skip(stepMs)
      expect(await me(isolate, hot.key)).toBe('200')
      const due = cold.filter((_, at) => (at * stepMs) % everyMs === passedMs % everyMs)
      for (const { key } of due) expect(await me(isolate, key)).toBe('200')
    }
    const { renewal = 0, ...questions } = costSoFar()
    expect(questions).toEqual({})
    expect(renewal).toBeLessThanOrEqual((2 * seconds * 1_000) / config.leaseMs)
    expect(renewal).toBeGreaterThanOrEqual((seconds * 1_000) / config.leaseMs)
  })

  it('neither the fence nor where the client is, for a key in memory while its view runs', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    const { isolate, bindings, request } = await openIsolate()
    await outcome(request('GET', '/api/v1/me', { key }))
    const services = new RequestServices(isolate, bindings, { waitUntil() {} })
    const settings = await services.verifySettings(() => '')
    const remembered = recall(services.lookUpStores(unread), settings, await digestOf(key))
    expect(remembered?.accountId).toBe(account.id)
  })

  it('one KV get for a key that the isolate has not met while its view runs', async () => {
    const keys = await Promise.all([0, 1, 2].map(() => makeKey(app, account.owner.jwt)))
    for (const { key } of keys) await me(app, key)
    const [first, second, third] = keys.map(({ key }) => key) as [string, string, string]
    const isolate = await openIsolate()
    await me(isolate, first)
    expect(await costOf(isolate, second)).toEqual({ 'KV.get': 1 })
    clock.skip(config.leaseMs / 2)
    expect(await costOf(isolate, third)).toEqual({ 'KV.get': 1, renewal: 1 })
    for (const key of [first, second, third]) expect(await costOf(isolate, key)).toEqual({})
  })

  it('one question beside KV where the view does not know the digest exactly', async () => {
    const bindings = { ...watch.bindings, FENCES_PER_REGION: '7' as never }
    const fence = 'enam/3-of-7'
    const openSharing = async () => {
      const isolate = createIsolate(config, clock)
      isolate.fenceName = () => fence
      return createTestApp({ clock, isolate, bindings })
    }
    const base = await openFence(fence)
    const keys = await Promise.all([0, 1, 2].map(() => makeKey(app, account.owner.jwt)))
    const [known, left, other] = keys.map(({ key }) => key) as [string, string, string]
    for (const key of [known, left, other]) await me(app, key)
    // More raises than a full answer tells; the floor of the first is among the newest, and below its record.
    const more = Array.from({ length: usualMaxTold + 5 }, (_, at) => `${at}`.padStart(64, '0'))
    const floors = more.map((digest): Floor => [digest, base + 1])
    await env.FENCE.getByName(fence).hold([...floors, [await digestOf(known), base + 2]])
    const isolate = await openSharing()
    expect(await costOf(isolate, left)).toEqual({ 'KV.get': 1, 'FENCE.ask': 1 })
    expect(await costOf(isolate, known)).toEqual({ 'KV.get': 1 })
    expect(await costOf(isolate, other)).toEqual({ 'KV.get': 1, 'FENCE.ask': 1 })
    // Nothing stays degraded: what was asked once is known.
    for (const key of [known, left, other]) expect(await costOf(isolate, key)).toEqual({})
    clock.skip(config.leaseMs / 2)
    expect(await costOf(isolate, left)).toEqual({ renewal: 1 })
    for (const key of [known, left, other]) expect(await costOf(isolate, key)).toEqual({})
  })

  it('one D1 read and a KV put after the response in addition when KV is empty', async () => {
    const { key } = await makeKey(app, account.owner.jwt)
    const read = { 'KV.get': 1, 'D1 read': 1, 'KV.put': 1 }
    expect(await costOf(await openIsolate(), key)).toEqual({ ...read, 'FENCE.ask': 1 })
    await env.KEY_CACHE.delete(await nameOf(key))
    expect(await costOf(await openIsolate(), key)).toEqual({ ...read, 'FENCE.ask': 1 })
    await env.KEY_CACHE.delete(await nameOf(key))
    const warm = await openIsolate()
    await me(warm, (await makeKey(app, account.owner.jwt)).key)
    expect(await costOf(warm, key)).toEqual(read)
  })

  it('one D1 read on the first use after a change, wherever the record is cached', async () => {
    const { id, key } = await makeKey(app, account.owner.jwt)
    const other = await makeKey(app, account.owner.jwt)
    const remembers = await openIsolate()
    await me(remembers, key)
    const stale = await env.KEY_CACHE.get(await nameOf(key))
    await rename(id, 'New')
    const read = { 'FENCE.ask': 1, 'D1 read': 1, 'KV.put': 1 }
    // The view was over when the change had been answered: the wait is longer than a lease.
    expect(await costOf(remembers, key)).toEqual(read)
    expect(await costOf(await openIsolate(), key)).toEqual({ 'KV.get': 1, 'FENCE.ask': 1 })
    // KV may still return the previous value.
    await env.KEY_CACHE.put(await nameOf(key), stale as string)
    expect(await costOf(await openIsolate(), key)).toEqual({ ...read, 'KV.get': 1 })
    // Where other keys keep the view running, it tells that the record in memory is too old.
    await rename(id, 'Newer')
    await me(remembers, other.key)
    expect(await costOf(remembers, key)).toEqual(read)
    await env.KEY_CACHE.put(await nameOf(key), stale as string)
    const warm = await openIsolate()
    await me(warm, other.key)
    expect(await costOf(warm, key)).toEqual({ 'KV.get': 1, 'D1 read': 1, 'KV.put': 1 })
  })

  it('the same for a key that is refused', async () => {
    const { id, key } = await makeKey(app, account.owner.jwt)
    await app.request('DELETE', `/api/api-keys/${id}`, { as: account.owner.jwt })
    const isolate = await openIsolate()
    const refused = '401 revoked_api_key'
    const first = { 'KV.get': 1, 'FENCE.ask': 1, 'D1 read': 1, 'KV.put': 1 }
    expect(await costOf(isolate, key, refused)).toEqual(first)
    expect(await costOf(isolate, key, refused)).toEqual({})
    endLease()
    expect(await costOf(isolate, key, refused)).toEqual({ 'FENCE.ask': 1 })
  })

  it('the same for a key of a suspended account, and for one whose account was resumed', async () => {
    const { id, owner } = await openAccount('Late Ltd')
    const { key } = await makeKey(app, owner.jwt)
    const isolate = await openIsolate()
    await me(isolate, key)
    const read = { 'FENCE.ask': 1, 'D1 read': 1, 'KV.put': 1 }
    for (const [change, expected] of [
      [suspend, '401 account_suspended'],
      [resume, '200'],
    ] as const) {
      await change(app, id)
      clock.skip(config.leaseMs)
      expect(await costOf(isolate, key, expected)).toEqual(read)
      expect(await costOf(isolate, key, expected)).toEqual({})
      endLease()
      expect(await costOf(isolate, key, expected)).toEqual({ 'FENCE.ask': 1 })
      const cold = { 'KV.get': 1, 'FENCE.ask': 1 }
      expect(await costOf(await openIsolate(), key, expected)).toEqual(cold)
    }
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
      endLease()
      expect(await costOf(app, key)).toEqual({ 'FENCE.ask': 1, 'METER.take': 1 })
      expect(await costOf(await openIsolate(), key)).toEqual({
        'KV.get': 1,
        'FENCE.ask': 1,
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

  it('nothing before the answer for a key with fast limits, once the isolate knows its meter', async () => {
    const window = { limit: 1_000, window_seconds: 60, mode: 'fast' }
    const { key } = await makeKey(app, account.owner.jwt, { rate_limit: window })
    await me(app, key)
    const isolate = await openIsolate()
    const first = { 'KV.get': 1, 'FENCE.ask': 1, 'METER.count': 1 }
    expect(await costOf(isolate, key)).toEqual(first)
    // Behind the answer, which the test app awaits.
    expect(await costOf(isolate, key)).toEqual({ 'METER.count': 1 })
    const down = { getByName: () => ({ count: () => Promise.reject(new Error('down')) }) }
    const hangs = { getByName: () => ({ count: () => new Promise(() => {}) }) }
    const statusWith = async (meter: object) => {
      const request = new Request(`${env.BASE_URL}/api/v1/me`, { headers: { 'x-api-key': key } })
      const context = { waitUntil() {}, passThroughOnException() {}, props: {} }
      const bindings = { ...isolate.bindings, METER: meter as unknown as Env['METER'] }
      const call = context as unknown as ExecutionContext
      return (await isolate.handler.fetch(request, bindings, call)).status
    }
    expect(await statusWith(hangs)).toBe(200)
    // What the isolate knows is too old: without an answer nothing passes.
    clock.skip(1_001)
    expect(await statusWith(down)).toBe(503)
    expect(await costOf(isolate, key)).toMatchObject({ 'METER.count': 1 })
  })

  it('the meter decides where one window is exact, and where fast windows stand beside credits', async () => {
    const fast = { limit: 1_000, window_seconds: 60, mode: 'fast' }
    const exact = { limit: 9_000, window_seconds: 3_600 }
    for (const limited of [
      { rate_limit: [fast, exact] },
      { rate_limit: fast, credits: { remaining: 1_000 } },
    ]) {
      const { key } = await makeKey(app, account.owner.jwt, limited)
      await me(app, key)
      expect(await costOf(app, key)).toEqual({ 'METER.take': 1 })
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
    const aged = { 'KV.get': 1, 'FENCE.ask': 1, 'D1 read': 1, 'KV.put': 1 }
    expect(await costOf(await openIsolate(), key)).toEqual(aged)
    expect(await costOf(await openIsolate(), key)).toEqual({ 'KV.get': 1, 'FENCE.ask': 1 })
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
          async ask(...question: Parameters<FenceObject['ask']>) {
            fenceQueried.resolve()
            await kvQueried.promise
            return askFence(name, ...question)
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
      endLease()
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
      environmentOf: () => 'live',
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
    const [message]: UsageMessage[] = JSON.parse(watch.calls[0]?.what ?? '')
    const rows = message?.accounts[account.id] ?? []
    expect(rows.map(([keyId, , code, count]) => [keyId, code, count])).toEqual(
      keys.map(({ id }) => [id, 'valid', 40]),
    )
  })

  it('costs nothing for an unknown token', async () => {
    const { send, endWindow } = await openCounting()
    for (const token of ['nonsense', `whm_${'0'.repeat(32)}`]) expect(await send(token)).toBe(401)
    await endWindow()
    expect(watch.counts()).toEqual({})
  })
})
