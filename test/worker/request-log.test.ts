// The request log: which requests it holds, in whatever order they arrive, on the real object.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { cutAddress } from '../../src/core/address.ts'
import { messageId, type RequestSample } from '../../src/usage/message.ts'
import { createRequestLogs } from '../../src/usage/request-logs.ts'
import {
  maxPassed,
  maxRefusedPerSecond,
  maxSamples,
  RequestSamples,
} from '../../src/usage/request-samples.ts'
import {
  type LoggedRequest,
  maxLogged,
  maxRefusedOfKey,
  merged,
  requestLifetimeMs,
} from '../../src/usage/ring.ts'
import fc from '../support/fc.ts'

const now = Date.now()
const logs = createRequestLogs(env.REQUEST_LOG)

function sample(over: Partial<RequestSample> = {}): RequestSample {
  const request = { method: 'GET', route: '/contacts', neededScope: null, address: null }
  const rest = { country: null, tier: 'memory', ms: 1 }
  return { at: now, keyId: 'key', code: 'valid', ...request, ...rest, ...over }
}

const entry = (id: string, over: Partial<LoggedRequest> = {}): LoggedRequest => ({
  ...sample(),
  id,
  no: 0,
  ...over,
})
const codesOf = (requests: readonly LoggedRequest[]) => {
  const refused = requests.filter(({ code }) => code !== 'valid').length
  return { refused, passed: requests.length - refused }
}
const many = (count: number, over: (at: number) => Partial<LoggedRequest>) =>
  Array.from({ length: count }, (_, at) => entry(`${over(at).code ?? 'valid'}${at}`, over(at)))

describe('which requests are held', () => {
  it('holds refusals first, and fills up with the newest admitted requests', () => {
    const passed = many(maxLogged, (at) => ({ at: now - at }))
    const refused = many(300, (at) => ({ at: now - 5_000 - at, code: 'x', keyId: `${at % 3}` }))
    const held = merged(passed, refused, now)
    expect(codesOf(held)).toEqual({ refused: 300, passed: maxLogged - 300 })
    expect(held.filter(({ code }) => code === 'valid').at(-1)?.at).toBe(now - (maxLogged - 301))
  })

  it('gives one key a quarter of the log for its refusals, the newest of them', () => {
    const loud = many(maxLogged, (at) => ({ at: now - at, code: 'x', keyId: 'loud' }))
    const other = many(10, (at) => ({ at: now - 60_000 - at, code: 'y', keyId: 'other' }))
    const held = merged([], [...loud, ...other], now)
    expect(held.filter(({ keyId }) => keyId === 'loud')).toHaveLength(maxRefusedOfKey)
    expect(held.filter(({ keyId }) => keyId === 'other')).toHaveLength(10)
    expect(held[maxRefusedOfKey - 1]?.at).toBe(now - (maxRefusedOfKey - 1))
  })

  it('holds nothing for longer than seven days', () => {
    const [old, young] = [now - requestLifetimeMs, now - requestLifetimeMs + 1]
    expect(merged([entry('a', { at: old }), entry('b', { at: young })], [], now)).toHaveLength(1)
  })

  it('holds the same in whatever order and however often requests arrive', () => {
    const request = fc.record({
      id: fc.integer({ min: 0, max: 4_000 }),
      key: fc.integer({ min: 0, max: 2 }),
      refused: fc.boolean(),
    })
    const lists = fc.array(fc.array(request, { maxLength: 900 }), { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(lists, (parts) => {
        // What an id names never differs.
        const entries = parts.map((part) =>
          part.map(({ id }) =>
            entry(`${id}`, {
              at: now - ((id * 7919) % 1000),
              keyId: `${id % 3}`,
              code: id % 2 === 0 ? 'valid' : 'x',
            }),
          ),
        )
        const inTurn = entries.reduce(
          (held, part) => merged(held, part, now),
          [] as LoggedRequest[],
        )
        const backwards = [...entries, ...entries]
          .reverse()
          .reduce((held, part) => merged(held, part, now), [] as LoggedRequest[])
        expect(backwards).toEqual(inTurn)
        expect(merged([], entries.flat(), now)).toEqual(inTurn)
      }),
      { numRuns: 30 },
    )
  })
})

describe('what an isolate sends', () => {
  it('takes ten refusals a second of a key, ten admitted requests, fifty in all', () => {
    const samples = new RequestSamples()
    const add = (account: string, keyId: string, code: string, at = now) => {
      if (!samples.wants(keyId, code, at)) return false
      samples.add(account, sample({ keyId, code, at }))
      return true
    }
    const taken = (count: number, work: () => boolean) =>
      Array.from({ length: count }, work).filter(Boolean).length
    expect(taken(100, () => add('a', 'loud', 'x'))).toBe(maxRefusedPerSecond)
    expect(taken(100, () => add('a', 'loud', 'x', now + 1_000))).toBe(maxRefusedPerSecond)
    expect(taken(100, () => add('a', 'hot', 'valid'))).toBe(maxPassed)
    expect(taken(100, () => add('b', 'hot', 'valid'))).toBe(0)
    let key = 0
    taken(100, () => add('c', `${key++}`, 'x'))
    const sent = samples.take()
    const all = Object.values(sent).flat()
    expect(all).toHaveLength(maxSamples)
    expect(all.every(({ code }) => code === 'x')).toBe(true)
    expect(samples.take()).toEqual({})
    expect(add('a', 'hot', 'valid')).toBe(true)
  })
})

describe('addresses', () => {
  it.each([
    ['203.0.113.7', '203.0.113.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['nonsense', null],
    [null, null],
  ])('cuts %s to %s', (address, cut) => {
    expect(cutAddress(address)).toBe(cut)
  })
})

describe('the object', () => {
  const newAccount = () => crypto.randomUUID()
  const id = (at = now) => messageId(at, crypto.randomUUID())

  it('stores the requests of a message once, whenever it is evicted', async () => {
    const account = newAccount()
    const parts = [
      { id: id(now - 9), requests: [sample({ at: now - 9 }), sample({ at: now - 8, code: 'x' })] },
      { id: id(), requests: [sample({ keyId: 'other' })] },
    ]
    for (const turn of [1, 2, 3]) {
      await logs.add(account, turn === 2 ? parts.toReversed() : parts)
      await evictDurableObject(env.REQUEST_LOG.getByName(`requests/${account}`))
    }
    const all = await logs.list(account, {}, null, 100)
    expect(all.map(({ at }) => at)).toEqual([now, now - 8, now - 9])
    expect(await logs.list(account, { code: 'x' }, null, 100)).toHaveLength(1)
    expect(await logs.list(account, { keyId: 'other' }, null, 100)).toHaveLength(1)
    const [first] = all
    if (first === undefined) throw new Error('It is empty.')
    expect(await logs.list(account, {}, first, 1)).toEqual([all[1]])
  })

  it('gives what arrived since, in the order of arrival', async () => {
    const account = newAccount()
    await logs.add(account, [{ id: id(), requests: [sample()] }])
    const start = await logs.since(account, null, {})
    expect(start.requests).toEqual([])
    await logs.add(account, [{ id: id(), requests: [sample({ at: now - 50, code: 'x' })] }])
    await logs.add(account, [{ id: id(), requests: [sample({ at: now - 90, code: 'y' })] }])
    const news = await logs.since(account, start.next, {})
    expect(news.requests.map(({ code }) => code)).toEqual(['x', 'y'])
    expect(await logs.since(account, news.next, {})).toEqual({ requests: [], next: news.next })
    expect((await logs.since(account, start.next, { code: 'y' })).requests).toHaveLength(1)
  })

  it('deletes what is older than seven days by its alarm, and then itself', async () => {
    const account = newAccount()
    const stub = env.REQUEST_LOG.getByName(`requests/${account}`)
    await logs.add(account, [
      { id: id(), requests: [sample({ at: Date.now() - requestLifetimeMs + 2_000 })] },
    ])
    expect(await logs.list(account, {}, null, 9)).toHaveLength(1)
    await new Promise((wake) => setTimeout(wake, 2_100))
    expect(await logs.list(account, {}, null, 9)).toEqual([])
    await runDurableObjectAlarm(stub)
    const tables = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'log'").toArray(),
    )
    expect(tables).toEqual([])
  })

  it('occupies no storage when it is only read, and none once it is forgotten', async () => {
    const account = newAccount()
    const stub = env.REQUEST_LOG.getByName(`requests/${account}`)
    const tables = () =>
      runInDurableObject(stub, (_, { storage }) =>
        storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'log'").toArray(),
      )
    expect(await logs.list(account, {}, null, 9)).toEqual([])
    expect(await tables()).toEqual([])
    await logs.add(account, [{ id: id(), requests: [sample()] }])
    expect(await tables()).toHaveLength(1)
    await logs.forget(account)
    expect(await tables()).toEqual([])
    expect(await logs.list(account, {}, null, 9)).toEqual([])
    await logs.add(account, [{ id: id(), requests: [sample()] }])
    expect(await logs.list(account, {}, null, 9)).toHaveLength(1)
  })

  it('holds the largest log in one row', async () => {
    const account = newAccount()
    const long = { route: 'x'.repeat(200), neededScope: 's'.repeat(193), address: 'f'.repeat(20) }
    const requests = Array.from({ length: 50 }, (_, at) =>
      sample({ ...long, at: now - at, code: 'authority_unavailable', keyId: `${at}` }),
    )
    await logs.add(
      account,
      Array.from({ length: 30 }, () => ({ id: id(), requests })),
    )
    const bytes = await runInDurableObject(
      env.REQUEST_LOG.getByName(`requests/${account}`),
      (_, { storage }) =>
        storage.sql.exec<{ n: number }>('SELECT length(json) AS n FROM log').one().n,
    )
    expect(bytes).toBeLessThan(1_000_000)
    expect(await logs.list(account, {}, null, 2_000)).toHaveLength(maxLogged)
  })
})
