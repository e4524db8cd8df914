// The world model (research/world) against the code that it models, and against cases calculated by hand.
import { describe, expect, it } from 'vitest'
import { priceOf } from '../../research/world/cost.ts'
import { type Design, steps } from '../../research/world/design.ts'
import { designs } from '../../research/world/designs.ts'
import { exponential } from '../../research/world/distributions.ts'
import { type Inputs, inputsWith, requestRates } from '../../research/world/inputs.ts'
import { createLatchkeyReader, rowsOfARead } from '../../research/world/latchkey.ts'
import { revoking, verifyingIn, weightOf } from '../../research/world/measure.ts'
import { distanceKm, roundTripMs } from '../../research/world/network.ts'
import { fill } from '../../research/world/page.ts'
import { cities } from '../../research/world/places.ts'
import { add, emptySample, quantile, shareAbove } from '../../research/world/sample.ts'
import { noRevocation, type Revocation } from '../../research/world/stores.ts'
import type { Floor } from '../../src/coherence/fence.ts'
import { defaultMarginMs } from '../../src/coherence/settle.ts'
import { FenceView } from '../../src/coherence/view.ts'
import type { KeyRecord } from '../../src/core/record.ts'
import { type LookUpStores, lookUp, recall } from '../../src/keys/look-up.ts'
import { createMemory } from '../../src/storage/memory.ts'
import { createRandom } from '../simulation/random.ts'
import { makeKey, openAccount } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { createTestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const cityOf = (name: string) => {
  const found = cities.find((city) => city.name === name)
  if (found === undefined) throw new Error(`${name} is not in the model.`)
  return found
}
const designOf = (id: string) => designs.find((design) => design.id === id) as Design

/** A world without random latencies: each is its median, and clocks are correct. */
const steady = { jitter: 1, asleep: 0, objectP99Ms: 8, clockLagMs: 0, isolates: 1 }
const still = {
  ...steady,
  ...{ hopMs: 0, stretch: 0, objectMs: 0, objectP99Ms: 0, cpuMs: 0, kvHotMs: 0, kvTierMs: 0 },
  ...{ kvStoreMs: 0, d1Ms: 0, isolateLifeMs: Number.MAX_SAFE_INTEGER, flushMs: 0, d1WriteMs: 0 },
}

describe('the model and the code', () => {
  it('has the lease, the margin and the steps of a revocation of the code', async () => {
    expect(inputsWith()).toMatchObject({ leaseMs: config.leaseMs, marginMs: defaultMarginMs })
    const watch = watchBindings()
    const app = await createTestApp({ bindings: watch.bindings })
    const { owner } = await openAccount()
    const { id } = await makeKey(app, owner.jwt)
    watch.clear()
    const answer = await app.request('DELETE', `/api/api-keys/${id}`, { as: owner.jwt })
    expect(answer.status).toBe(200)
    const order = watch.calls.map(({ where }) => where)
    const commit = order.indexOf('D1.batch')
    const purge = order.indexOf('KV.delete')
    const before = order.slice(0, commit)
    expect(before, order.join()).toHaveLength(steps.readsBefore)
    expect(before.every((where) => where.startsWith('D1.'))).toBe(true)
    expect(order.filter((where) => where === 'KV.delete')).toHaveLength(steps.kvDeletes)
    expect(purge).toBeGreaterThan(commit)
    const after = order.slice(commit + 1)
    expect(after.filter((where) => where === 'D1.raw')).toHaveLength(steps.readsOfPending)
  })

  it('reads memory, fence, KV and D1 when the real look-up does', async () => {
    expect(await compared(still)).toEqual([
      'cache true, fence 0, KV 1 and 0',
      'cache true, fence 1, KV 1 and 0',
      'database false, fence 1, KV 0 and 1',
      'fence false, fence 1, KV 0 and 0',
      'fence true, fence 1, KV 0 and 0',
      'memory false, fence 0, KV 0 and 0',
      'memory false, fence 1, KV 0 and 0',
      'memory true, fence 0, KV 0 and 0',
      'memory true, fence 1, KV 0 and 0',
    ])
  })

  it('lives on the leases of D1 when the real look-up does, while the fence is down', async () => {
    expect(await compared({ ...still, objectMs: 1, fenceTimeoutMs: 0.5 })).toEqual([
      'database false, fence 1, KV 0 and 1',
      'database true, fence 1, KV 0 and 1',
      'database true, fence 1, KV 1 and 1',
      'memory false, fence 0, KV 0 and 0',
      'memory true, fence 0, KV 0 and 0',
    ])
  })
})

/** Every kind of answer of the model, each equal to that of the real code to the same request. */
async function compared(changes: Partial<Inputs>): Promise<string[]> {
  const changedAt = 8_000
  const revocation: Revocation = {
    committedAt: changedAt,
    inKvAt: Number.POSITIVE_INFINITY,
    raisedAt: () => changedAt,
  }
  const seen = new Set<string>()
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const inputs = inputsWith({ ...changes, coloPerSecond: 0 })
    const setting = { random: createRandom(seed), inputs, here: cityOf('Paris'), revocation }
    const reader = createLatchkeyReader({ ...setting, perSecond: 1 })
    const real = createRealReader(inputs.leaseMs, changedAt, inputs.objectMs > 0)
    const random = createRandom(seed * 1000)
    const modelled: string[] = []
    const happened: string[] = []
    for (let at = 0, turn = 0; turn < 60; turn++) {
      at += exponential(random, 300)
      if (random.is(0.4)) {
        reader.other(at)
        await real.verify('other', at)
        continue
      }
      const { tier, passes, fence, kvReads, kvWrites } = reader.verify(at)
      modelled.push(`${tier} ${passes}, fence ${fence}, KV ${kvReads} and ${kvWrites}`)
      happened.push(await real.verify('digest', at))
    }
    expect(modelled).toEqual(happened)
    for (const line of happened) seen.add(line)
  }
  return [...seen].sort()
}

/** The real `recall` and `lookUp` on stores that answer at once; `asOf` 1 before the change, 2 after. */
function createRealReader(leaseMs: number, changedAt: number, isFenceDown: boolean) {
  let now = 0
  let behind: Promise<unknown>[] = []
  const calls = { fence: 0, reads: 0, writes: 0 }
  const texts = { id: '', name: '', accountId: '', accountName: '', createdBy: null }
  const unlimited = { metadata: null, scopes: null, allowedIps: null, limits: null }
  const record = (asOf: number) => ({ asOf, ...texts, ...unlimited }) as KeyRecord
  const stores: LookUpStores = {
    memory: createMemory(),
    view: new FenceView(),
    fence: {
      async ask(since, digest) {
        calls.fence++
        if (isFenceDown) return null
        const rev = now < changedAt ? 0 : 1
        const floors: Floor[] = rev > (since?.rev ?? 0) ? [['digest', 2]] : []
        const requiredSeq = digest === 'digest' ? rev + 1 : 1
        if (digest !== null) floors.push([digest, requiredSeq])
        return { epoch: '', rev, base: 1, horizon: since === null ? 0 : null, floors, requiredSeq }
      },
    },
    // KV keeps the old record: freshness does not depend on KV.
    cache: {
      async get() {
        calls.reads++
        return { record: record(1), cachedAt: now }
      },
      async put() {
        calls.writes++
      },
      purge: async () => {},
    },
    keys: { read: async () => record(now < changedAt ? 1 : 2) },
  }
  const waitUntil = (work: Promise<unknown>) => behind.push(work)
  const settings = { leaseMs, now: () => now, waitUntil }
  return {
    async verify(digest: string, at: number): Promise<string> {
      now = at
      behind = []
      Object.assign(calls, { fence: 0, reads: 0, writes: 0 })
      const remembered = recall(stores, settings, digest)
      const { record, tier } =
        remembered === null
          ? await lookUp(stores, settings, digest)
          : { record: remembered, tier: 'memory' }
      await Promise.all(behind)
      const { fence, reads, writes } = calls
      return `${tier} ${record?.asOf === 1}, fence ${fence}, KV ${reads} and ${writes}`
    },
  }
}

describe('calculated by hand', () => {
  it('London to New York is 5,570 km, and at 1.4 times the way 79 ms', () => {
    const [london, newYork] = [cityOf('London'), cityOf('New York')]
    expect(distanceKm(london, newYork)).toBeGreaterThan(5_540)
    expect(distanceKm(london, newYork)).toBeLessThan(5_600)
    expect(roundTripMs(inputsWith(), london, newYork)).toBeCloseTo(
      1 + (2 * 5_570 * 1.4) / 200,
      -0.5,
    )
  })

  it('before views, memory answers λ(L − d) of 1 + λL requests, where d is the latency of the fence', () => {
    const inputs = inputsWith({ ...steady, stretch: 0, isolateLifeMs: Number.MAX_SAFE_INTEGER })
    // A trip inside a city and the object: 1 + 8 ms, and the CPU of the request.
    const delay = inputs.hopMs + inputs.objectMs + inputs.cpuMs
    const size = { seed: 5, requests: 40_000, revocations: 0 }
    for (const perSecond of [1, 20]) {
      const rate = perSecond / 1000
      const byHand = (rate * (inputs.leaseMs - delay)) / (1 + rate * inputs.leaseMs)
      const { tiers } = verifyingIn(designOf('before'), inputs, size, cityOf('Paris'), perSecond)
      expect(tiers.memory).toBeCloseTo(byHand, 1.7)
    }
  })

  it('with a view, one of 1 + λL/2 requests of an isolate asks the fence, whatever key it is of', () => {
    const inputs = inputsWith({
      ...steady,
      coloPerSecond: 20,
      stretch: 0,
      isolateLifeMs: Number.MAX_SAFE_INTEGER,
    })
    const size = { seed: 5, requests: 40_000, revocations: 0 }
    const byHand = 1e6 / (1 + (20 * inputs.leaseMs) / 2_000)
    for (const perSecond of [20, 1, 0.01]) {
      const { questions, tiers } = verifyingIn(
        designOf('latchkey'),
        inputs,
        size,
        cityOf('Paris'),
        perSecond,
      )
      expect(Math.abs(questions / byHand - 1)).toBeLessThan(0.06)
      expect(tiers.memory).toBeGreaterThan(0.999)
    }
  })

  it('a revocation from the city of D1 takes its steps, the lease and the margin', () => {
    // Without latencies: only the flush of the fences takes time.
    const inputs = inputsWith({ ...still, flushMs: 0, kvStoreMs: 0 })
    const random = createRandom(1)
    const revoked = designOf('latchkey').revoke({ random, inputs, here: cityOf('Ashburn') })
    expect(revoked.answeredAt).toBe(inputs.leaseMs + inputs.marginMs)
    // One millisecond for each trip in sequence: reads, commit, raise; parallel raises count once, the purge of KV
    // takes place beside the wait, and the raises are deleted behind the answer.
    const trips = inputsWith({ ...still, hopMs: 1 })
    const here = cityOf('Ashburn')
    const slower = designOf('latchkey').revoke({ random, inputs: trips, here })
    expect(slower.answeredAt).toBeCloseTo(
      steps.readsBefore + 1 + steps.readsOfPending + 1 + 2_000,
      6,
    )
    const before = designOf('before').revoke({ random, inputs: trips, here })
    expect(before.answeredAt).toBeCloseTo(slower.answeredAt + steps.kvDeletes + 2, 6)
  })

  it('costs what the price list states', () => {
    const inputs = inputsWith({ cpuMs: 0, objectMs: 0 })
    const memory = {
      tookMs: 0,
      passes: true,
      tier: 'memory',
      fence: 0,
      kvReads: 0,
      kvWrites: 0,
      d1Rows: 0,
    } as const
    expect(priceOf(inputs, memory)).toBeCloseTo(0.3, 9)
    expect(priceOf(inputs, { ...memory, fence: 1 })).toBeCloseTo(0.45, 9)
    expect(priceOf(inputs, { ...memory, fence: 1, kvReads: 1 })).toBeCloseTo(0.95, 9)
    expect(
      priceOf(inputs, { ...memory, fence: 1, kvReads: 1, kvWrites: 1, d1Rows: rowsOfARead }),
    ).toBeCloseTo(5.953, 9)
  })

  it('weights quantiles, and weights and shares sum to one', () => {
    const sample = emptySample()
    for (const [value, weight] of [
      [3, 1],
      [1, 98],
      [2, 1],
    ] as const)
      add(sample, value, weight)
    expect([0.5, 0.98, 0.99, 1].map((share) => quantile(sample, share))).toEqual([1, 1, 2, 3])
    expect(shareAbove(sample, 1)).toBeCloseTo(0.02, 9)
    const weights = cities.reduce((sum, city) => sum + weightOf(inputsWith(), city), 0)
    expect(weights).toBeCloseTo(1, 9)
    expect(requestRates.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
  })
})

describe('how long a revoked key passes', () => {
  const size = { seed: 9, requests: 0, revocations: 60 }
  const longest = (id: string, perSecond: number, changes: Partial<Inputs> = {}) =>
    quantile(revoking(designOf(id), inputsWith(changes), size, perSecond).window, 1)

  it('never in Latchkey nor in D1', () => {
    for (const perSecond of [10, 0.1]) {
      expect(longest('latchkey', perSecond)).toBe(0)
      expect(longest('latchkey', perSecond, { coloPerSecond: 0 })).toBe(0)
      expect(longest('before', perSecond)).toBe(0)
      expect(longest('d1', perSecond)).toBe(0)
    }
  })

  it('in Latchkey if the wait is shorter than the lease', () => {
    expect(longest('latchkey', 10, { marginMs: -900 })).toBeGreaterThan(200)
    expect(longest('latchkey', 10, { clockLagMs: 5_000 })).toBeGreaterThan(500)
  })

  it('at most two TTLs in KV, ten minutes in servers, a day at the edge, by the cache each keeps', () => {
    const within = (value: number, [least, most]: [number, number]) => {
      expect(value).toBeGreaterThan(least)
      expect(value).toBeLessThan(most)
    }
    within(longest('kv', 1), [30_000, 121_000])
    within(longest('swr-servers', 0.01), [60_000, 601_000])
    within(longest('swr-edge', 0.001), [600_000, 86_401_000])
    within(longest('d1-replicas', 10, { lagMs: 500, lagP99Ms: 500 }), [100, 600])
  })
})

it('gives the same results for the same seed', () => {
  const size = { seed: 3, requests: 100, revocations: 0 }
  const once = () =>
    verifyingIn(designOf('swr-edge'), inputsWith(), size, cityOf('Tokyo'), 1).latency.values
  expect(once()).toEqual(once())
  expect(noRevocation.committedAt).toBe(Number.POSITIVE_INFINITY)
})

it('refuses a table without a place in the page and a place without a table', () => {
  const page = '<!-- world:one -->\nold\n<!-- /world -->'
  expect(fill(page, { one: 'new' })).toBe('<!-- world:one -->\nnew\n<!-- /world -->')
  expect(() => fill(page, {})).toThrow('"one"')
  expect(() => fill(page, { one: '', two: '' })).toThrow('two')
})
