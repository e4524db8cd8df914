// Limits and credits without a platform: the algorithm, and a seeded simulation of crashes,
// lost answers and repeated requests against a separate ledger.
import { describe, expect, it } from 'vitest'
import {
  type LimitAttributes,
  type MeterTerms,
  meterOf,
  type Schedule,
  type Window,
} from '../../src/core/limits.ts'
import { lastRefill, nextRefill } from '../../src/limits/calendar.ts'
import type { MeterState } from '../../src/limits/decision.ts'
import { type MeterStore, mergeWrites } from '../../src/limits/merged-writes.ts'
import { Meter, type MeterStorage, type Use } from '../../src/limits/meter.ts'
import { createRandom } from '../simulation/random.ts'

const second = 1_000
const minute = 60 * second
const day = 24 * 60 * minute
const at = (text: string) => Date.parse(text)

/** Storage that survives its meter, as JSON: what a Durable Object keeps when it is evicted. */
function createMemoryStorage() {
  let state = '{"buckets":[],"balance":null}'
  const uses = new Map<string, Use>()
  let wake: number | null = null
  const storage: MeterStorage = {
    load(): MeterState {
      const { buckets, balance } = JSON.parse(state)
      return { buckets: new Map(buckets), balance }
    },
    save({ buckets, balance }, use) {
      state = JSON.stringify({ buckets: [...buckets], balance })
      if (use !== undefined) uses.set(use.name, { credits: use.credits, atMs: use.atMs })
    },
    findUse: (name) => uses.get(name) ?? null,
    forgetUses(untilMs) {
      for (const [name, { atMs }] of uses) if (atMs <= untilMs) uses.delete(name)
      return uses.size > 0
    },
    wakeAt(timeMs) {
      wake ??= timeMs
    },
    async clear() {
      state = '{"buckets":[],"balance":null}'
    },
  }
  return {
    storage,
    uses,
    text: () => state,
    takeWake() {
      const set = wake
      wake = null
      return set
    },
  }
}

function createMeter(startMs = at('2026-03-10T12:00:00Z')) {
  const held = createMemoryStorage()
  const clock = { now: startMs }
  const open = () => new Meter(held.storage, () => clock.now)
  let meter = open()
  return {
    ...held,
    clock,
    evict() {
      meter = open()
    },
    get meter() {
      return meter
    },
    take: (terms: MeterTerms, cost = 1, idempotencyKey: string | null = null) =>
      meter.take({ terms, cost, idempotencyKey }),
    topUp: (terms: MeterTerms, amount: number, idempotencyKey: string | null = null) =>
      meter.topUp({ terms, amount, idempotencyKey }),
  }
}

function limited(...windows: [limit: number, windowSeconds: number, name?: string][]): MeterTerms {
  return {
    windows: windows.map(([limit, windowSeconds, name = 'default']) => ({
      name,
      limit,
      windowSeconds,
    })),
    credits: null,
  }
}

function credited(
  remaining: number,
  refill: (Schedule & { amount: number }) | null = null,
  since = at('2026-03-10T12:00:00Z'),
): MeterTerms {
  return { windows: [], credits: { remaining, since, refill: refill && { ...refill, since } } }
}

describe('a rate limit', () => {
  it('admits n at once, and then one each n-th part of the window', () => {
    const { take, clock } = createMeter()
    const terms = limited([5, 60])
    for (let turn = 0; turn < 5; turn++) expect(take(terms).outcome).toBe('passed')
    expect(take(terms)).toMatchObject({ outcome: 'rate_limited', retryAfterSeconds: 12 })
    clock.now += 12 * second - 1
    expect(take(terms)).toMatchObject({ outcome: 'rate_limited', retryAfterSeconds: 1 })
    clock.now += 1
    expect(take(terms).outcome).toBe('passed')
    expect(take(terms).outcome).toBe('rate_limited')
  })

  it('admits a client that never stops at its rate, without extending the window', () => {
    const { take, clock } = createMeter()
    const terms = limited([10, 10])
    let passed = 0
    for (let turn = 0; turn < 1_000; turn++) {
      if (take(terms).outcome === 'passed') passed++
      clock.now += 100
    }
    // 99.9 s: ten at once, then one a second.
    expect(passed).toBe(10 + 99)
  })

  it('keeps time exactly where a request takes no whole number of milliseconds', () => {
    const { take, clock } = createMeter()
    const terms = limited([7, 1])
    let passed = 0
    for (let turn = 0; turn < 10_000; turn++) {
      if (take(terms).outcome === 'passed') passed++
      clock.now += 1
    }
    expect(passed).toBe(7 + 69)
  })

  it('reports what remains, and when the next request is admitted', () => {
    const { take, clock } = createMeter()
    const terms = limited([3, 30])
    const report = (terms: MeterTerms) => take(terms).windows[0]
    expect(report(terms)).toEqual({
      name: 'default',
      limit: 3,
      windowSeconds: 30,
      remaining: 2,
      resetSeconds: 10,
    })
    clock.now += 2_500
    expect(report(terms)).toMatchObject({ remaining: 1, resetSeconds: 8 })
    expect(report(terms)).toMatchObject({ remaining: 0, resetSeconds: 8 })
    expect(report(terms)).toMatchObject({ remaining: 0, resetSeconds: 8 })
  })

  it('always admits after the seconds that it reported, whatever the limit', () => {
    const random = createRandom(7)
    for (let round = 0; round < 300; round++) {
      const { take, clock } = createMeter()
      const terms = limited([1 + random.int(1_000), 1 + random.int(100_000)])
      for (let turn = 0; turn < 1_001; turn++) {
        const answer = take(terms)
        if (answer.outcome === 'rate_limited') {
          expect(answer.retryAfterSeconds).toBe(answer.windows[0]?.resetSeconds)
          clock.now += answer.retryAfterSeconds * second
          expect(take(terms).outcome).toBe('passed')
          break
        }
      }
    }
  })

  it('of several consumes from all or from none', () => {
    const { take, clock, text } = createMeter()
    const terms = limited([2, 1, 'burst'], [3, 60, 'minute'])
    expect(take(terms).outcome).toBe('passed')
    expect(take(terms).outcome).toBe('passed')
    const before = text()
    expect(take(terms)).toMatchObject({ outcome: 'rate_limited', retryAfterSeconds: 1 })
    expect(text()).toBe(before)
    clock.now += second
    expect(take(terms).windows.map(({ remaining }) => remaining)).toEqual([1, 0])
    expect(take(terms)).toMatchObject({ outcome: 'rate_limited', retryAfterSeconds: 19 })
  })

  it('that is changed keeps the used share', () => {
    const { take } = createMeter()
    for (let turn = 0; turn < 50; turn++) take(limited([100, 60]))
    expect(take(limited([10, 60])).windows[0]).toMatchObject({ remaining: 4 })
    expect(take(limited([1_000, 60])).windows[0]).toMatchObject({ remaining: 399 })
  })

  it('with another window starts empty, and the old one continues', () => {
    const { take } = createMeter()
    for (let turn = 0; turn < 5; turn++) take(limited([5, 60]))
    expect(take(limited([5, 3_600])).windows[0]).toMatchObject({ remaining: 4 })
    expect(take(limited([5, 60])).outcome).toBe('rate_limited')
  })

  it('of the largest size counts one by one', () => {
    const { take } = createMeter()
    const terms = limited([1_000_000, 31 * 24 * 60 * 60])
    for (let left = 999_999; left > 999_000; left--) {
      expect(take(terms).windows[0]?.remaining).toBe(left)
    }
  })

  it('admits no more when the clock is set back', () => {
    const { take, clock } = createMeter()
    const terms = limited([2, 60])
    take(terms)
    take(terms)
    clock.now -= 10 * minute
    expect(take(terms).outcome).toBe('rate_limited')
    clock.now += 10 * minute + 30 * second
    expect(take(terms).outcome).toBe('passed')
    // One passes while it is set back: what that adds is not drained by the same time twice.
    clock.now += minute
    take(terms)
    clock.now -= 30 * second
    expect(take(terms).outcome).toBe('passed')
    clock.now += 30 * second
    expect(take(terms).outcome).toBe('rate_limited')
  })
})

describe('the calendar of refills', () => {
  const daily = { interval: 'daily' } as const
  const monthly = (on: number) => ({ interval: 'monthly', day: on }) as const

  it.each([
    [
      'the last millisecond of a day',
      daily,
      '2026-03-10T23:59:59.999Z',
      '2026-03-10',
      '2026-03-11',
    ],
    ['midnight itself', daily, '2026-03-11T00:00:00.000Z', '2026-03-11', '2026-03-12'],
    ['the 31st after January', monthly(31), '2026-02-10T00:00:00Z', '2026-01-31', '2026-02-28'],
    ['the 31st in February', monthly(31), '2026-02-28T00:00:00Z', '2026-02-28', '2026-03-31'],
    ['the 31st before March ends', monthly(31), '2026-03-30T23:59:59Z', '2026-02-28', '2026-03-31'],
    [
      'the 30th of a leap February',
      monthly(30),
      '2028-02-29T12:00:00Z',
      '2028-02-29',
      '2028-03-30',
    ],
    [
      'the 29th of a short February',
      monthly(29),
      '2026-02-28T12:00:00Z',
      '2026-02-28',
      '2026-03-29',
    ],
    ['the 1st over the year', monthly(1), '2026-12-31T23:59:59Z', '2026-12-01', '2027-01-01'],
    ['the 15th over the year', monthly(15), '2027-01-03T00:00:00Z', '2026-12-15', '2027-01-15'],
  ])('knows %s', (_, schedule, now, last, next) => {
    expect(new Date(lastRefill(schedule, at(now))).toISOString()).toBe(`${last}T00:00:00.000Z`)
    expect(new Date(nextRefill(schedule, at(now))).toISOString()).toBe(`${next}T00:00:00.000Z`)
  })

  it('has each refill just once, in every zone of the year', () => {
    for (const schedule of [daily, ...[1, 15, 28, 29, 30, 31].map(monthly)]) {
      let time = at('2027-12-30T10:00:00Z')
      for (let turn = 0; turn < 30; turn++) {
        const next = nextRefill(schedule, time)
        expect(lastRefill(schedule, next - 1)).toBe(lastRefill(schedule, time))
        expect(lastRefill(schedule, next)).toBe(next)
        time = next
      }
    }
  })
})

describe('credits', () => {
  it('are consumed by cost, to the last one and not beyond', () => {
    const { take } = createMeter()
    const terms = credited(10)
    expect(take(terms, 7)).toMatchObject({ outcome: 'passed', credits: 3 })
    expect(take(terms, 4)).toMatchObject({ outcome: 'credits_exhausted', credits: 3 })
    expect(take(terms, 3)).toMatchObject({ outcome: 'passed', credits: 0 })
    expect(take(terms, 0)).toMatchObject({ outcome: 'passed', credits: 0 })
    expect(take(terms, 1)).toMatchObject({ outcome: 'credits_exhausted', retryAfterSeconds: null })
  })

  it('are refilled at midnight, up to the amount, once however long no request came', () => {
    const { take, clock } = createMeter()
    const terms = credited(5, { interval: 'daily', amount: 3 })
    clock.now = at('2026-03-10T23:59:59.999Z')
    expect(take(terms, 5)).toMatchObject({ credits: 0 })
    expect(take(terms)).toMatchObject({ outcome: 'credits_exhausted', retryAfterSeconds: 1 })
    clock.now += 1
    expect(take(terms)).toMatchObject({ outcome: 'passed', credits: 2 })
    clock.now += 9 * day
    expect(take(terms)).toMatchObject({ outcome: 'passed', credits: 2 })
  })

  it('are refilled once when the clock is set back over a midnight', () => {
    const { take, clock } = createMeter(at('2026-03-11T00:00:00Z'))
    const terms = credited(0, { interval: 'daily', amount: 3 })
    expect(take(terms, 3)).toMatchObject({ outcome: 'passed', credits: 0 })
    clock.now -= second
    expect(take(terms, 0)).toMatchObject({ outcome: 'passed', credits: 0 })
    clock.now += second
    expect(take(terms, 1).outcome).toBe('credits_exhausted')
  })

  it('are refilled at the end of a month that is too short for the day', () => {
    const { take, clock } = createMeter(at('2026-01-31T08:00:00Z'))
    const terms = credited(1, { interval: 'monthly', day: 31, amount: 1 }, clock.now)
    expect(take(terms).outcome).toBe('passed')
    clock.now = at('2026-02-27T23:59:59.999Z')
    expect(take(terms).outcome).toBe('credits_exhausted')
    clock.now = at('2026-02-28T00:00:00.000Z')
    expect(take(terms).outcome).toBe('passed')
    clock.now = at('2026-03-30T23:59:59.999Z')
    expect(take(terms)).toMatchObject({ outcome: 'credits_exhausted', retryAfterSeconds: 1 })
    clock.now = at('2026-03-31T00:00:00.000Z')
    expect(take(terms).outcome).toBe('passed')
  })

  it('are refilled for a key whose first use comes after a midnight', () => {
    const { take, clock } = createMeter()
    const terms = credited(0, { interval: 'daily', amount: 2 })
    clock.now += day
    expect(take(terms)).toMatchObject({ outcome: 'passed', credits: 1 })
  })

  it('name no time when a refill will not cover the cost either', () => {
    const { take } = createMeter()
    const terms = credited(1, { interval: 'daily', amount: 3 })
    expect(take(terms, 4)).toMatchObject({ retryAfterSeconds: null })
    expect(take(terms, 3)).toMatchObject({ retryAfterSeconds: 12 * 60 * 60 })
  })

  it('that were topped up stay when a refill has less', () => {
    const { take, topUp, clock } = createMeter()
    const terms = credited(1, { interval: 'daily', amount: 3 })
    expect(topUp(terms, 100)).toEqual({
      outcome: 'topped_up',
      isRepeated: false,
      credits: 101,
      atMs: clock.now,
    })
    clock.now += day
    expect(take(terms)).toMatchObject({ credits: 100 })
  })

  it('are topped up once for one idempotency key', () => {
    const { topUp } = createMeter()
    expect(topUp(credited(0), 10, 'order-1')).toMatchObject({ isRepeated: false, credits: 10 })
    expect(topUp(credited(0), 10, 'order-1')).toMatchObject({ isRepeated: true, credits: 10 })
    expect(topUp(credited(0), 11, 'order-1')).toEqual({ outcome: 'conflict' })
    expect(topUp(credited(0), 10, 'order-2')).toMatchObject({ credits: 20 })
  })

  it('are set by terms that are newer, and by none that are older', () => {
    const { take, clock, evict } = createMeter()
    const old = credited(10)
    expect(take(old)).toMatchObject({ credits: 9 })
    clock.now += minute
    const set = credited(4, null, clock.now)
    expect(take(set)).toMatchObject({ credits: 3 })
    expect(take(old)).toMatchObject({ credits: 2 })
    // An isolate with the new terms, without credits, and then one with the old terms.
    expect(take(limited([100, 60]), 5)).toMatchObject({ outcome: 'passed', credits: null })
    evict()
    expect(take(old)).toMatchObject({ credits: 1 })
  })

  it('keep a refill that was read when the terms change after it', () => {
    const { clock, meter, text } = createMeter()
    const [daily, monthly] = [
      credited(0, { interval: 'daily', amount: 9 }),
      credited(0, { interval: 'monthly', day: 1, amount: 9 }),
    ]
    expect(meter.read(daily).credits).toBe(0)
    clock.now += day
    expect(meter.read(daily).credits).toBe(9)
    const kept = text()
    expect(meter.read(monthly).credits).toBe(9)
    expect(text()).toBe(kept)
  })

  it('refuse a cost that is not a whole number', () => {
    const { take, topUp, text } = createMeter()
    const before = text()
    for (const cost of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => take(credited(10), cost)).toThrow(RangeError)
      expect(() => topUp(credited(10), cost)).toThrow(RangeError)
    }
    expect(text()).toBe(before)
  })
})

describe('rate and credits together', () => {
  const both = (limit: number, remaining: number): MeterTerms => ({
    ...credited(remaining),
    windows: limited([limit, 60]).windows,
  })

  it('consume no rate for a key without credits', () => {
    const { take } = createMeter()
    expect(take(both(3, 1)).outcome).toBe('passed')
    for (let turn = 0; turn < 5; turn++) {
      const answer = take(both(3, 1))
      expect(answer.outcome).toBe('credits_exhausted')
      expect(answer.windows[0]?.remaining).toBe(2)
    }
  })

  it('consume no credits for a request that is rate limited', () => {
    const { take } = createMeter()
    expect(take(both(1, 10))).toMatchObject({ outcome: 'passed', credits: 9 })
    for (let turn = 0; turn < 5; turn++) {
      expect(take(both(1, 10))).toMatchObject({ outcome: 'rate_limited', credits: 9 })
    }
  })

  it('name credits when both are used up, and the later of both times', () => {
    const { take } = createMeter(at('2026-03-10T23:59:59Z'))
    const refill = { interval: 'daily', amount: 1 } as const
    const terms = {
      ...credited(1, refill, at('2026-03-10T12:00:00Z')),
      windows: limited([1, 60]).windows,
    }
    take(terms)
    expect(take(terms)).toMatchObject({ outcome: 'credits_exhausted', retryAfterSeconds: 60 })
  })
})

describe('an idempotency key', () => {
  it('consumes once, and passes again with what remains now', () => {
    const { take, evict } = createMeter()
    expect(take(credited(10), 4, 'a')).toMatchObject({ isRepeated: false, credits: 6 })
    take(credited(10), 1)
    evict()
    expect(take(credited(10), 4, 'a')).toMatchObject({
      outcome: 'passed',
      isRepeated: true,
      credits: 5,
    })
  })

  it('passes again also when nothing remains', () => {
    const { take } = createMeter()
    take(credited(4), 4, 'a')
    expect(take(credited(4), 4, 'a')).toMatchObject({ outcome: 'passed', credits: 0 })
    expect(take(credited(4), 4, 'b').outcome).toBe('credits_exhausted')
  })

  it('with another cost is a conflict, and consumes nothing', () => {
    const { take, text } = createMeter()
    take(credited(10), 4, 'a')
    const before = text()
    expect(take(credited(10), 3, 'a')).toMatchObject({ outcome: 'conflict', credits: 6 })
    expect(text()).toBe(before)
  })

  it('that was refused is not spent', () => {
    const { take, topUp } = createMeter()
    expect(take(credited(1), 4, 'a').outcome).toBe('credits_exhausted')
    topUp(credited(1), 9)
    expect(take(credited(1), 4, 'a')).toMatchObject({ isRepeated: false, credits: 6 })
  })

  it('opens no rate limit: a repeated request is a request', () => {
    const { take } = createMeter()
    const terms = { ...credited(10), windows: limited([2, 60]).windows }
    expect(take(terms, 1, 'a').outcome).toBe('passed')
    expect(take(terms, 1, 'a')).toMatchObject({ outcome: 'passed', isRepeated: true, credits: 9 })
    expect(take(terms, 1, 'a')).toMatchObject({ outcome: 'rate_limited', credits: 9 })
  })

  it('spends again exactly 24 hours later', () => {
    const { take, clock } = createMeter()
    take(credited(10), 4, 'a')
    clock.now += day
    expect(take(credited(10), 4, 'a')).toMatchObject({ isRepeated: false, credits: 2 })
  })

  it('is forgotten after 24 hours, and so is its row', async () => {
    const { take, clock, uses, meter } = createMeter()
    take(credited(10), 4, 'a')
    clock.now += day - 1
    expect(take(credited(10), 4, 'a')).toMatchObject({ isRepeated: true, credits: 6 })
    await meter.maintain()
    expect(uses.size).toBe(1)
    clock.now += 1
    await meter.maintain()
    expect(uses.size).toBe(0)
    expect(take(credited(10), 4, 'a')).toMatchObject({ isRepeated: false, credits: 2 })
  })
})

describe('a meter without requests', () => {
  it('runs daily until its windows are drained, then deletes its state and ends its alarm', async () => {
    const held = createMeter()
    held.take(limited([2, 3 * 24 * 60 * 60]))
    expect(held.takeWake()).toBe(held.clock.now + day)
    held.clock.now += day
    await held.meter.maintain()
    expect(held.takeWake()).toBe(held.clock.now + day)
    held.clock.now += 3 * day
    await held.meter.maintain()
    expect(held.takeWake()).toBe(null)
    expect(held.text()).toBe('{"buckets":[],"balance":null}')
  })

  it('never deletes a balance', async () => {
    const held = createMeter()
    held.take(credited(10))
    held.clock.now += 1_000 * day
    await held.meter.maintain()
    held.evict()
    expect(held.take(credited(10))).toMatchObject({ credits: 8 })
  })
})

describe('the name of a meter', () => {
  it('separates keys, accounts and external ids, whatever they contain', () => {
    const none = { rateLimit: null, credits: null, meterId: null, externalId: null }
    const key: LimitAttributes = { ...none, id: 'a', accountId: 'a', limitsBy: 'key' }
    const shared: LimitAttributes = { ...key, limitsBy: 'external_id' }
    const names = [
      key,
      { ...key, id: 'b' },
      { ...shared, externalId: 'b' },
      { ...shared, externalId: 'b/c' },
      { ...shared, accountId: 'b', externalId: 'key/a' },
    ].map(meterOf)
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('a simulated year of a meter', () => {
  /** Passes by the definition of the rate: of no span more than n + t·n/w. */
  function maxInAnySpan(passes: readonly number[], { limit, windowSeconds }: Window): boolean {
    return passes.every((start, from) =>
      passes.slice(from, from + 100).every((end, offset) => {
        const allowed = limit + ((end - start) * limit) / (windowSeconds * 1000)
        return offset + 1 <= allowed
      }),
    )
  }

  function simulate(seed: number) {
    const random = createRandom(seed)
    const held = createMeter(at('2026-01-30T22:00:00Z'))
    const refill = random.one([
      null,
      { interval: 'daily', amount: 40 } as const,
      { interval: 'monthly', day: 31, amount: 300 } as const,
    ])
    const windows = limited([20, 3_600, 'hour'], [60, 86_400, 'day']).windows
    const terms: MeterTerms = { windows, credits: credited(100, refill, held.clock.now).credits }
    // The ledger: what was granted and what was spent, computed independently of the meter.
    let balance = 100
    let settled = held.clock.now
    const spentOn = new Map<string, { cost: number; at: number }>()
    const passes: number[] = []
    const outcomes = new Set<string>()

    function settle() {
      for (let midnight = Math.ceil((settled + 1) / day) * day; midnight <= held.clock.now; ) {
        const isLastOfMonth = new Date(midnight + day).getUTCDate() === 1
        if (refill?.interval === 'daily') balance = Math.max(balance, refill.amount)
        if (refill?.interval === 'monthly' && isLastOfMonth) {
          balance = Math.max(balance, refill.amount)
        }
        midnight += day
      }
      settled = held.clock.now
    }

    function deliver(cost: number, key: string | null) {
      settle()
      const before = held.text()
      const answer = held.take(terms, cost, key)
      const { now } = held.clock
      outcomes.add(answer.outcome)
      if (answer.outcome !== 'passed') {
        // Nothing is written but a refill that is found due.
        if (settledIn(before) === settledIn(held.text())) expect(held.text()).toBe(before)
        expect(answer.credits).toBe(balance)
        return answer
      }
      const earlier = key === null ? undefined : spentOn.get(key)
      const isRepeat = earlier !== undefined && now - earlier.at < day
      expect(answer.isRepeated).toBe(isRepeat)
      if (isRepeat) expect(earlier.cost).toBe(cost)
      else {
        balance -= cost
        if (key !== null && cost > 0) spentOn.set(key, { cost, at: now })
      }
      passes.push(now)
      expect(balance).toBeGreaterThanOrEqual(0)
      expect(answer.credits).toBe(balance)
      return answer
    }

    function settledIn(text: string): number | undefined {
      return JSON.parse(text).balance?.settledAt
    }

    let keys = 0
    for (let turn = 0; turn < 400; turn++) {
      held.clock.now += random.int(random.is(0.1) ? 2 * day : 20 * minute)
      const cost = random.int(8)
      const key = random.is(0.6) ? `key-${keys - random.int(3)}` : null
      if (random.is(0.3)) keys++
      // A response may be lost after the meter sent it: the client retries, once or twice or late.
      const times = random.weighted({ once: 6, twice: 2, thrice: 1, never: 1 })
      const deliveries = { never: 0, once: 1, twice: 2, thrice: 3 }[times]
      for (let time = 0; time < deliveries; time++) {
        if (random.is(0.2)) held.evict()
        if (random.is(0.2)) held.clock.now += random.int(minute)
        deliver(cost, key)
      }
      if (random.is(0.05)) {
        settle()
        const amount = 1 + random.int(50)
        held.topUp(terms, amount, `top-up-${turn}`)
        held.evict()
        held.topUp(terms, amount, `top-up-${turn}`)
        balance += amount
      }
    }
    for (const window of windows) expect(maxInAnySpan(passes, window)).toBe(true)
    return { passes: passes.length, outcomes }
  }

  it('never overspends, spends each idempotency key once, and keeps every limit', () => {
    const outcomes = new Set<string>()
    let passes = 0
    for (let seed = 1; seed <= 200; seed++) {
      const year = simulate(seed)
      passes += year.passes
      for (const outcome of year.outcomes) outcomes.add(outcome)
    }
    expect(passes).toBeGreaterThan(10_000)
    expect([...outcomes].sort()).toEqual([
      'conflict',
      'credits_exhausted',
      'passed',
      'rate_limited',
    ])
  })
})

describe('merged writes', () => {
  /** Writes are durable when the test says so. */
  function createSlowStore(save: MeterStore['save'] = () => {}) {
    const { storage } = createMemoryStorage()
    const saved: [credits: number | undefined, uses: string[]][] = []
    const aborted: unknown[] = []
    let durable = Promise.withResolvers<void>()
    const merged = mergeWrites({
      ...storage,
      save(state, uses) {
        save(state, uses)
        saved.push([state.balance?.credits, [...uses.keys()]])
      },
      synced: () => durable.promise,
      abort: (cause) => void aborted.push(cause),
    })
    const endWrite = async () => {
      const waiting = merged.written()
      const { resolve } = durable
      durable = Promise.withResolvers()
      resolve()
      await waiting
    }
    return { merged, saved, aborted, endWrite }
  }

  const owning = (credits: number): MeterState => ({
    buckets: new Map(),
    balance: { credits, since: 1, settledAt: 1 },
  })

  it('are one for all that is decided during the write before', async () => {
    const { merged, saved, endWrite } = createSlowStore()
    for (const credits of [3, 2, 1]) {
      merged.save(owning(credits), { name: `use ${credits}`, credits: 1, atMs: 5 })
      expect(merged.findUse(`use ${credits}`)).toEqual({ credits: 1, atMs: 5 })
    }
    expect(saved).toEqual([])
    await endWrite()
    expect(saved).toEqual([[1, ['use 3', 'use 2', 'use 1']]])
    expect(merged.written()).toBeNull()
    merged.save(owning(0))
    await endWrite()
    expect(saved.slice(1)).toEqual([[0, []]])
  })

  it('that fail end the object: its memory is ahead of its storage', async () => {
    const { merged, aborted, endWrite } = createSlowStore(() => {
      throw new Error('disk full')
    })
    merged.save(owning(1))
    await expect(endWrite()).rejects.toThrow('disk full')
    expect(aborted).toEqual([new Error('disk full')])
  })
})
