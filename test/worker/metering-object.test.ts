// Meters as workerd runs them: thousands of requests at once, evictions, alarms, and a meter that does
// not answer.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { MeterTerms } from '../../src/core/limits.ts'
import { callMeter, type MeterUnavailable } from '../../src/limits/call-meter.ts'
import type { ConsumeResult } from '../../src/limits/decision.ts'
import type { ConsumeRequest } from '../../src/limits/meter.ts'
import type { MeterObject } from '../../src/limits/meter-object.ts'
import { createMeters } from '../../src/limits/meters.ts'

function metersOf(namespace: DurableObjectNamespace<MeterObject>) {
  const take = (meter: string, request: ConsumeRequest) =>
    callMeter(namespace, meter, async (stub) => await stub.take(request))
  return { ...createMeters(namespace), take }
}

const meters = metersOf(env.METER)
const newMeter = () => `key/${crypto.randomUUID()}`
const day = 24 * 60 * 60

/** A window so long that nothing drains while a test runs. */
function limited(limit: number): MeterTerms {
  return { windows: [{ name: 'default', limit, windowSeconds: 31 * day }], credits: null }
}

function credited(remaining: number, since = 1): MeterTerms {
  return { windows: [], credits: { remaining, since, refill: null } }
}

type Answers = (ConsumeResult | MeterUnavailable)[]

function passed(answers: Answers): number {
  return answers.filter(({ outcome }) => outcome === 'passed').length
}

let evictions = 0

/** Loses its memory and keeps its storage. */
async function evict(meter: string): Promise<void> {
  try {
    await evictDurableObject(env.METER.getByName(meter))
    evictions++
  } catch (error) {
    // The requests under way have not woken it yet.
    if (!/not currently running/.test(String(error))) throw error
  }
}

function times<T>(count: number, work: (turn: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, turn) => work(turn)))
}

describe('a meter', () => {
  it('admits exactly the limit: 10 limits, 1,000 concurrent requests each', async () => {
    const limits = [1, 2, 3, 5, 8, 13, 21, 50, 100, 250]
    const results: Answers[] = []
    // By turns: a meter has 30 s to start, and waits for all that came at once.
    for (const limit of limits) {
      const stub = env.METER.getByName(newMeter())
      const take = { terms: limited(limit), cost: 1, idempotencyKey: null }
      results.push(await times(1_000, async (): Promise<ConsumeResult> => await stub.take(take)))
    }
    expect(results.map(passed)).toEqual(limits)
    for (const answers of results) {
      const refused = answers.filter(({ outcome }) => outcome === 'rate_limited').length
      expect(refused).toBe(1_000 - passed(answers))
    }
  })

  it('keeps its state when it is evicted between and during requests', async () => {
    const meter = newMeter()
    const take = { terms: limited(50), cost: 1, idempotencyKey: null }
    const answers: Answers = []
    for (let round = 0; round < 10; round++) {
      answers.push(await meters.take(meter, take))
      const burst = times(9, () => meters.take(meter, take))
      if (round % 2 === 1) await evict(meter)
      answers.push(...(await burst))
      await evict(meter)
    }
    expect(evictions).toBeGreaterThan(8)
    expect(passed(answers)).toBe(50)
    expect(answers.filter(({ outcome }) => outcome === 'rate_limited')).toHaveLength(50)
  })

  it('never overspends across evictions and repeated idempotency keys', async () => {
    const meter = newMeter()
    const terms = credited(900)
    const answers: Answers = []
    for (let round = 0; round < 8; round++) {
      // 20 keys, each three times at once, at a cost of 7: 140 credits a round where all pass.
      await meters.read(meter, terms)
      const burst = times(60, (turn) =>
        meters.take(meter, { terms, cost: 7, idempotencyKey: `${round}-${turn % 20}` }),
      )
      if (round % 2 === 1) await evict(meter)
      answers.push(...(await burst))
      await evict(meter)
    }
    const spent = answers.filter((answer) => answer.outcome === 'passed' && !answer.isRepeated)
    expect(spent).toHaveLength(Math.floor(900 / 7))
    expect(passed(answers)).toBe(3 * Math.floor(900 / 7))
    expect(await meters.read(meter, terms)).toMatchObject({ outcome: 'read', credits: 900 % 7 })
  })

  it('consumes once when the response was lost and the request is retried', async () => {
    const meter = newMeter()
    const terms = credited(100)
    // The caller times out at once; the object completes.
    const lost = times(20, (turn) =>
      Promise.race([
        env.METER.getByName(meter).take({ terms, cost: 3, idempotencyKey: `lost-${turn}` }),
        Promise.resolve(null),
      ]),
    )
    expect(await lost).toEqual(Array(20).fill(null))
    const again = await times(20, (turn) =>
      meters.take(meter, { terms, cost: 3, idempotencyKey: `lost-${turn}` }),
    )
    expect(passed(again)).toBe(20)
    expect(await meters.read(meter, terms)).toMatchObject({ credits: 100 - 20 * 3 })
  })

  it('shares one balance among concurrent top-ups and requests', async () => {
    const meter = newMeter()
    const terms = credited(10)
    const [answers] = await Promise.all([
      times(60, () => meters.take(meter, { terms, cost: 1, idempotencyKey: null })),
      times(20, () => meters.topUp(meter, { terms, amount: 5, idempotencyKey: 'order' })),
      times(10, (turn) =>
        meters.topUp(meter, { terms, amount: 2, idempotencyKey: `order-${turn}` }),
      ),
    ])
    const left = await meters.read(meter, terms)
    expect(left.outcome === 'read' && left.credits).toBe(10 + 5 + 20 - passed(answers))
  })

  it('is reset by newer terms, durably', async () => {
    const meter = newMeter()
    await meters.take(meter, { terms: credited(10, 1), cost: 4, idempotencyKey: null })
    expect(await meters.read(meter, credited(50, 2))).toMatchObject({ credits: 50 })
    await evict(meter)
    expect(await meters.read(meter, credited(10, 1))).toMatchObject({ credits: 50 })
  })

  it('writes nothing for a request that it refuses', async () => {
    const meter = newMeter()
    const take = { terms: limited(1), cost: 1, idempotencyKey: null }
    await meters.take(meter, take)
    const state = () =>
      runInDurableObject(env.METER.getByName(meter), (_, { storage }) =>
        storage.sql.exec('SELECT * FROM state').toArray(),
      )
    const before = await state()
    expect(await meters.take(meter, take)).toMatchObject({ outcome: 'rate_limited' })
    expect(await state()).toEqual(before)
  })

  it('clears its storage by its alarm when all is drained, and can be used again', async () => {
    const meter = newMeter()
    const stub = env.METER.getByName(meter)
    const windows = [{ name: 'default', limit: 1_000_000, windowSeconds: 1 }]
    const take = { terms: { windows, credits: null }, cost: 1, idempotencyKey: null }
    await meters.take(meter, take)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    const tables = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec(`SELECT name FROM sqlite_master WHERE name IN ('state', 'use')`).toArray(),
    )
    expect(tables).toEqual([])
    expect(await meters.take(meter, take)).toMatchObject({ outcome: 'passed' })
    await evictDurableObject(stub)
    expect(await meters.take(meter, { ...take, terms: limited(1) })).toMatchObject({
      outcome: 'passed',
    })
    expect(await runDurableObjectAlarm(stub)).toBe(true)
  })
})

describe('the caller of a meter', () => {
  const namespaceOf = (take: () => Promise<ConsumeResult>) =>
    ({ getByName: () => ({ take }) }) as unknown as DurableObjectNamespace<MeterObject>
  const take = { terms: limited(1), cost: 1, idempotencyKey: null }

  it('receives "unavailable" when it fails', async () => {
    const broken = metersOf(namespaceOf(() => Promise.reject(new Error('overloaded'))))
    expect(await broken.take('key/a', take)).toMatchObject({ outcome: 'unavailable' })
  })

  it('receives "unavailable" when it hangs', async () => {
    const hanging = metersOf(namespaceOf(() => new Promise(() => {})))
    const startedAt = Date.now()
    expect(await hanging.take('key/a', take)).toMatchObject({ outcome: 'unavailable' })
    expect(Date.now() - startedAt).toBeLessThan(20_000)
  })
})
