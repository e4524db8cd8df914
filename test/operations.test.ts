// What an operator watches: whether every store answers, the canary, and the status page's figures.
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSkippingClock, type House, openHouse } from './support/house.ts'
import { down, type Failure, type Store } from './support/outage.ts'
import { watchBindings } from './support/watch.ts'

const real = {
  now: Date.now,
  skip() {},
  sleep: (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms)),
}
const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
afterAll(() => vi.restoreAllMocks())
beforeEach(() => warned.mockClear())

const readiness = (at: House) => at.ask('GET', '/readyz')
const failing = (checks: Record<string, { ok: boolean }>) =>
  Object.entries(checks).flatMap(([name, { ok }]) => (ok ? [] : [name]))

describe('GET /readyz', () => {
  beforeAll(() => env.DB.prepare('DELETE FROM pending_raise').run())

  it('is ready while every store answers', async () => {
    const answer = await readiness(await openHouse())
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
  }
  const cases = (['throws', 'hangs'] as Failure[]).flatMap((failure) =>
    (['DB', 'KEY_CACHE', 'FENCE', 'METER'] as Store[]).map((store) => [store, failure] as const),
  )
  it.each(cases)('is not with %s, which %s, and says which and no more', async (store, failure) => {
    const at = await openHouse({
      clock: real,
      bindings: down([store], failure, 'the secret reason'),
    })
    const from = Date.now()
    const answer = await readiness(at)
    expect(Date.now() - from).toBeLessThan(3_500)
    expect(answer.status).toBe(503)
    expect(answer.body.status).toBe('not_ready')
    expect(failing(answer.body.checks)).toEqual(names[store])
    expect(answer.text).not.toContain('the secret reason')
    const said = warned.mock.calls
      .map(([line]) => JSON.parse(line))
      .filter(({ event }) => event === 'not_ready')
    expect(said).toHaveLength(1)
    expect(said[0].checks[names[store][0] as string].problem).toMatch(
      failure === 'throws' && store !== 'METER' ? /the secret reason/ : /no answer/,
    )
  })

  it('is not with everything down at once, in the time of one', async () => {
    const all = down(['DB', 'KEY_CACHE', 'FENCE', 'METER'], 'hangs')
    const at = await openHouse({ clock: real, bindings: { ...all, USAGE: undefined as never } })
    const from = Date.now()
    const answer = await readiness(at)
    expect(Date.now() - from).toBeLessThan(3_500)
    expect(failing(answer.body.checks)).toEqual(Object.keys(answer.body.checks))
  })

  it('is not while a raise has been pending for more than a minute', async () => {
    const clock = createSkippingClock()
    const at = await openHouse({ clock })
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

  it('asks the stores once in two seconds, however many ask it', async () => {
    const clock = { ...createSkippingClock(), sleep: real.sleep }
    const watch = watchBindings()
    const at = await openHouse({ clock, bindings: watch.bindings })
    const answers = await Promise.all(Array.from({ length: 20 }, () => readiness(at)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(watch.counts()).toMatchObject({ 'KV.get': 1, 'FENCE.inspect': 1 })
    clock.skip(1_900)
    await readiness(at)
    expect(watch.counts()).toMatchObject({ 'KV.get': 1 })
    clock.skip(101)
    await readiness(at)
    expect(watch.counts()).toMatchObject({ 'KV.get': 2, 'FENCE.inspect': 2 })
  })

  it('keeps no fence open that nobody uses', async () => {
    await readiness(await openHouse())
    const listed = async () =>
      (await env.DB.prepare('SELECT name FROM fence').all<{ name: string }>()).results.length
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await listed()).toBe(0)
  })
})
