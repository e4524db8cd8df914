// What an isolate knows of the meters of fast limits; the bound is simulated in test/simulation/credits/fast.
import { describe, expect, it } from 'vitest'
import type { MeterTerms } from '../../src/core/limits.ts'
import { FastMeters, maxAgeMs } from '../../src/limits/fast-meters.ts'
import { type CountRequest, Meter } from '../../src/limits/meter.ts'
import { StoreUnavailable } from '../../src/storage/unavailable.ts'

function limited(limit: number, windowSeconds = 60): MeterTerms {
  return { windows: [{ name: 'default', limit, windowSeconds, mode: 'fast' }], credits: null }
}

/** A meter without storage, and isolates that report to it when the test says so. */
function createWorld(maxMeters?: number) {
  const clock = { now: 1_000_000 }
  const now = () => clock.now
  const state = { buckets: new Map(), balance: null }
  const meter = new Meter(
    {
      load: () => state,
      save() {},
      findUse: () => null,
      forgetUses: () => false,
      wakeAt() {},
      clear: async () => {},
    },
    now,
  )
  const calls: CountRequest[] = []
  const world = { isDown: false, isHeld: false }
  const released: (() => void)[] = []
  const work: Promise<unknown>[] = []
  const open = () => {
    const isolate = new FastMeters(now, maxMeters)
    return async (terms: MeterTerms, name = 'key/a') =>
      isolate.take(name, terms, {
        async count(request) {
          calls.push(request)
          if (world.isHeld) await new Promise<void>((release) => released.push(release))
          const cause = new StoreUnavailable('meter', null)
          return world.isDown ? { outcome: 'unavailable', cause } : meter.count(request)
        },
        waitUntil: (each) => void work.push(each),
        sleep: async () => {},
      })
  }
  const settle = async () => {
    for (const release of released.splice(0)) release()
    await Promise.all(work.splice(0))
  }
  return { clock, meter, calls, world, open, settle }
}

async function outcomes(take: () => Promise<{ outcome: string }>, times: number) {
  const all: string[] = []
  for (let turn = 0; turn < times; turn++) all.push((await take()).outcome)
  return all.filter((outcome) => outcome === 'passed').length
}

describe('one isolate', () => {
  it('admits exactly the limit, and asks its meter once', async () => {
    const { open, calls, settle } = createWorld()
    const take = open()
    expect(await outcomes(() => take(limited(10)), 30)).toBe(10)
    await settle()
    expect(calls.filter(({ asks }) => asks)).toHaveLength(1)
    expect(calls.reduce((sum, { passed }) => sum + passed, 0)).toBe(9)
  })

  it('has one report under way, which takes along what gathers meanwhile', async () => {
    const { open, calls, world, settle } = createWorld()
    const take = open()
    await take(limited(100))
    world.isHeld = true
    for (let turn = 0; turn < 20; turn++) await take(limited(100))
    expect(calls.slice(1).map(({ passed }) => passed)).toEqual([1])
    world.isHeld = false
    await settle()
    expect(calls.slice(1).map(({ passed }) => passed)).toEqual([1, 19])
  })

  it('is refused until what isolates let pass too much has drained', async () => {
    const { open, meter, settle } = createWorld()
    const terms = limited(2)
    meter.count({ terms, passed: 4, pending: 0, asks: false })
    const refused = await open()(terms)
    // Two beyond the limit of two, and one that is to fit: three times 30 s.
    expect(refused).toMatchObject({ outcome: 'rate_limited', retryAfterSeconds: 90 })
    await settle()
  })

  it('asks again when what it knows is a second old, and reports again what was lost', async () => {
    const { open, calls, clock, world, settle } = createWorld()
    const take = open()
    await take(limited(10))
    world.isDown = true
    expect(await take(limited(10))).toMatchObject({ outcome: 'passed' })
    await settle()
    clock.now += maxAgeMs
    expect(await take(limited(10))).toMatchObject({ outcome: 'passed' })
    await settle()
    clock.now += 1
    expect(await take(limited(10))).toMatchObject({ outcome: 'unavailable' })
    world.isDown = false
    await take(limited(10))
    expect(calls.at(-1)).toMatchObject({ asks: true, passed: 2 })
  })
})

describe('memory', () => {
  it('keeps the meters used last, and forgets none whose meter does not know all', async () => {
    const { open, calls, world, settle } = createWorld(2)
    const take = open()
    const asked = async (name: string) => {
      const before = calls.filter(({ asks }) => asks).length
      await take(limited(10), name)
      await settle()
      return calls.filter(({ asks }) => asks).length > before
    }
    expect(await asked('a')).toBe(true)
    expect(await asked('b')).toBe(true)
    expect(await asked('a')).toBe(false)
    // The third takes the place of the one that was used least recently.
    expect(await asked('c')).toBe(true)
    expect(await asked('a')).toBe(false)
    expect(await asked('b')).toBe(true)
    // Neither of the two may go while it has passes that its meter does not know.
    world.isDown = true
    for (const name of ['a', 'b']) await take(limited(10), name)
    await settle()
    world.isDown = false
    expect(await asked('c')).toBe(true)
    expect(await asked('c')).toBe(true)
    expect(await asked('b')).toBe(false)
  })
})
