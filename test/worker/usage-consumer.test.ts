// The consumer of the usage queue on real objects: totals equal what was sent, however the queue delivers.
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { split } from '../../src/usage/consumer.ts'
import type { UsageCode } from '../../src/usage/counter.ts'
import { createUsageObjects, type UsageStores } from '../../src/usage/objects.ts'
import { readShards } from '../../src/usage/read-shards.ts'
import { createUsageReader } from '../../src/usage/reader.ts'
import { monthOf, nameOf } from '../../src/usage/shards.ts'
import { stored, type UsagePart } from '../../src/usage/usage-calls.ts'
import { createRandom } from '../simulation/random.ts'
import { shuffled } from '../support/order.ts'
import { createCounter, day, deliver, hour, messageOf, totals, usage } from '../support/usage.ts'

const now = Date.now()
const account = () => crypto.randomUUID()
const sharded: UsageStores = {
  objects: createUsageObjects(env.USAGE_COUNTS),
  shards: readShards('3'),
}

/** Objects in memory, of which some do as they are told. */
function fakeStores(add: (name: string, parts: UsagePart[]) => unknown, shards = '3') {
  const calls: [name: string, ids: string[]][] = []
  const objects = (name: string) => ({
    async add(parts: UsagePart[]) {
      calls.push([name, parts.map(({ id }) => id)])
      return add(name, parts)
    },
  })
  return { calls, stores: { objects, shards: readShards(shards) } as unknown as UsageStores }
}

const errors = () => vi.spyOn(console, 'error').mockImplementation(() => {})
const warnings = () => vi.spyOn(console, 'warn').mockImplementation(() => {})
afterEach(() => vi.restoreAllMocks())

describe('the consumer', () => {
  it('counts what was sent after every message was redelivered, in another order', async () => {
    const random = createRandom(11)
    const reader = createUsageReader(sharded)
    const accounts = [account(), account()]
    const keys = Array.from({ length: 6 }, () => crypto.randomUUID())
    const codes: UsageCode[] = ['valid', 'rate_limited', 'credits_exhausted', 'insufficient_scope']
    const expected = new Map<string, Record<string, number>>(keys.map((key) => [key, {}]))
    const lastValid = new Map<string, number>()
    const isolates = Array.from({ length: 4 }, () => createCounter(now))
    const accountOf = (key: string) => accounts[keys.indexOf(key) % 2] as string
    for (let request = 0; request < 3_000; request++) {
      const isolate = random.one(isolates)
      const [key, code] = [random.one(keys), random.one(codes)]
      isolate.clock.now += random.int(10_000)
      isolate.count(key, code, { accountId: accountOf(key) })
      const counts = expected.get(key) ?? {}
      counts[code] = (counts[code] ?? 0) + 1
      if (code === 'valid') {
        lastValid.set(key, Math.max(lastValid.get(key) ?? 0, isolate.clock.now))
      }
      if (random.is(0.02)) await isolate.flush()
    }
    for (const isolate of isolates) await isolate.flush()
    const messages = isolates.flatMap(({ sent }) => sent)
    expect(messages.length).toBeGreaterThan(30)

    const deliveries = shuffled([...messages, ...messages, ...messages], random)
    while (deliveries.length > 0) {
      // Several consumers at once, some with the same message.
      const lists = Array.from({ length: 3 }, () => deliveries.splice(0, random.int(40)))
      await Promise.all(lists.map((list) => deliver(list, { stores: sharded })))
    }
    // The clocks of the isolates went on, maybe into the next month.
    const ended = Math.max(...isolates.map(({ clock }) => clock.now))
    for (const key of keys) {
      expect(await totals(accountOf(key), key, reader)).toEqual(expected.get(key))
      const uses = await reader.lastUsed(accountOf(key), [key], ended)
      expect(uses.get(key)).toBe(lastValid.get(key))
    }
  })

  it('stores a message once when one delivery holds it twice', async () => {
    const [of, key] = [account(), crypto.randomUUID()]
    const message = messageOf({ [of]: [[key, now, 'valid', 3]] })
    expect(await deliver([message, message])).toEqual({ acknowledged: [0, 1], retried: {} })
    expect(await totals(of, key)).toEqual({ valid: 3 })
  })

  it('calls each object once for all messages, by the month of the hour and the shard of the key', async () => {
    const { calls, stores } = fakeStores(() => stored)
    const keys = ['00000000', '00000001', '00000002', '00000004'].map(
      (first) => `${first}-0000-4000-8000-000000000000`,
    )
    const rows = keys.map((key) => [key, now, 'valid', 1] as [string, number, string, number])
    const old = keys.slice(0, 1).map((key) => [key, now - 100 * day, 'valid', 1] as never)
    const messages = [messageOf({ a: rows, b: old }), messageOf({ b: rows.slice(0, 2) })]
    const result = await deliver(messages, { stores })
    expect(result).toEqual({ acknowledged: [0, 1], retried: {} })
    const [first, second] = messages.map(({ id }) => id)
    const [month, before] = [monthOf(now), monthOf(now - 100 * day)]
    expect(Object.fromEntries(calls)).toEqual({
      [`usage/${month}/0-of-3`]: [first, second],
      [`usage/${month}/1-of-3`]: [first, second],
      [`usage/${month}/2-of-3`]: [first],
      [`usage/${before}/0-of-3`]: [first],
    })
    expect(calls).toHaveLength(4)
  })

  it('retries a message whole when one of its objects does not store it, with a growing delay', async () => {
    const line = warnings()
    const keys = ['0', '1', '2'].map((digit) => `0000000${digit}-0000-4000-8000-000000000000`)
    const [whole, part] = [keys, keys.slice(0, 1)].map((of) =>
      messageOf({ a: of.map((key) => [key, now, 'valid', 1]) }),
    )
    const retriesOf = async (attempts: number, answer: unknown) => {
      const { stores } = fakeStores((name) => {
        if (!name.includes('/2-of')) return stored
        if (answer instanceof Error) throw answer
        return answer
      })
      return deliver([whole, part], { stores, attempts })
    }
    const failures: [number, unknown, number][] = [
      [1, new Error('the object is down'), 60],
      [3, undefined, 240],
      [50, 'something else', 3_600],
    ]
    for (const [attempts, answer, delay] of failures) {
      expect(await retriesOf(attempts, answer)).toEqual({
        acknowledged: [1],
        retried: { 0: delay },
      })
    }
    expect(line).toHaveBeenCalledTimes(3)
    expect(JSON.parse(line.mock.calls[0]?.[0])).toMatchObject({
      event: 'usage_not_stored',
      messages: ['0'],
    })
  })

  it('a part that its object always refuses does not keep out the others', async () => {
    warnings()
    const key = crypto.randomUUID()
    const messages = [1, 2, 3].map((count) => messageOf({ a: [[key, now, 'valid', count]] }))
    const { stores } = fakeStores((_, parts) => {
      if (parts.some(({ id }) => id === messages[1]?.id)) throw new Error('x: SQLITE_ERROR')
      return stored
    })
    expect(await deliver(messages, { stores })).toEqual({
      acknowledged: [0, 2],
      retried: { 1: 60 },
    })
  })

  it('drops and logs what it cannot parse or what is too old, and stores the rest', async () => {
    const line = errors()
    const [of, key] = [account(), crypto.randomUUID()]
    const good = messageOf({ [of]: [[key, now, 'valid', 5]] })
    const [row] = Object.values(good.accounts).flat()
    const withRow = (changes: Record<number, unknown>) => ({
      ...good,
      accounts: { [of]: [Object.assign([...(row ?? [])], changes)] },
    })
    const bad = [
      null,
      'text',
      { ...good, version: 1 },
      { ...good, id: 7 },
      { ...good, id: 'no-time' },
      { ...good, accounts: null },
      { ...good, accounts: { [of]: 'rows' } },
      { ...good, accounts: { [of]: [row?.slice(0, 5)] } },
      { ...good, tiers: undefined },
      { ...good, tiers: [[1, 'enam', 'memory', 1]] },
      withRow({ 0: 'no-uuid' }),
      withRow({ 0: key.toUpperCase() }),
      withRow({ 1: now }),
      withRow({ 1: 0 }),
      withRow({ 1: Math.ceil((now + 40 * day) / hour) * hour }),
      withRow({ 2: '' }),
      withRow({ 3: -1 }),
      withRow({ 3: 1.5 }),
      withRow({ 4: 'now' }),
      withRow({ 5: 5 }),
      withRow({ 6: null }),
      messageOf({ [of]: [[key, now, 'valid', 1]] }, now - 5 * day - 1),
    ]
    const result = await deliver([...bad, good])
    expect(result.retried).toEqual({})
    expect(result.acknowledged.toSorted((one, other) => one - other)).toEqual([
      ...bad.keys(),
      bad.length,
    ])
    expect(await totals(of, key)).toEqual({ valid: 5 })
    expect(line).toHaveBeenCalledTimes(bad.length)
  })

  it('accepts a batch of a hundred of the largest messages', async () => {
    const of = account()
    const keys = Array.from({ length: 700 }, (_, at) => {
      const suffix = String(at).padStart(12, '0')
      return `${suffix.slice(4)}-0000-4000-8000-${suffix}`
    })
    const full = () =>
      messageOf({ [of]: keys.map((key) => [key, now, 'authority_unavailable', 1]) })
    const result = await deliver(Array.from({ length: 100 }, full))
    expect(result.acknowledged).toHaveLength(100)
    expect(await totals(of, keys[699] as string)).toEqual({ authority_unavailable: 100 })
  })

  it('does not take a refused request for a use', async () => {
    const [of, key] = [account(), crypto.randomUUID()]
    await deliver([messageOf({ [of]: [[key, now, 'expired_api_key', 1]] })])
    expect(await usage.lastUsed(of, [key], now)).toEqual(new Map())
  })
})

describe('split', () => {
  it('loses and doubles nothing, and gives the tiers of a month to its first shard', () => {
    const shards = readShards('2')
    const random = createRandom(3)
    const rows = Array.from({ length: 200 }, () => {
      const at = now - random.int(60) * day
      return [crypto.randomUUID(), at, 'valid', 1 + random.int(9)] as never
    })
    const hourOf = (at: number) => Math.floor(at / hour) * hour
    const tiers = [
      [hourOf(now), 'weur', 'memory', 3],
      [hourOf(now - 40 * day), 'weur', 'fence', 2],
    ] as never
    const message = messageOf({ a: rows.slice(0, 120), ['__proto__']: rows.slice(120) }, now, tiers)
    const parts = split(message, shards)
    const back: unknown[] = []
    for (const [name, part] of parts) {
      expect(part.id).toBe(message.id)
      for (const [of, ofAccount] of Object.entries(part.accounts)) {
        for (const row of ofAccount) {
          expect(nameOf(shards, row[0], row[1])).toBe(name)
          back.push([of, ...row])
        }
      }
      for (const [at] of part.tiers) expect(name).toBe(`usage/${monthOf(at)}/0-of-2`)
    }
    const all = Object.entries(message.accounts).flatMap(([of, list]) =>
      list.map((row) => [of, ...row]),
    )
    expect(back.length).toBe(200)
    expect(back.map(String).sort()).toEqual(all.map(String).sort())
    expect([...parts.values()].flatMap((part) => part.tiers)).toHaveLength(2)
  })
})
