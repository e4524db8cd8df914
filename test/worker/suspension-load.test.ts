// An account is suspended and resumed while a thousand verifications are under way, against real fences, KV and D1: none
// that begins after the answer to a suspension passes, and none that begins after the one to a resumption is refused.
import { env } from 'cloudflare:workers'
import { beforeAll, expect, it } from 'vitest'
import { digestOf } from '../../src/core/token.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { openFence } from '../support/fences.ts'
import config from '../support/latchkey.config.ts'
import { createPacedClock } from '../support/paced-clock.ts'
import { bindingTo } from '../support/surfaces.ts'
import { writeSuspension } from '../support/suspension.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

/** Verifications that begin together, before those before them have all ended. */
const together = 1_000
const stepMs = 250
const regions = ['enam', 'weur', 'apac', 'sam']
const clock = createPacedClock()
const uncounted = { send: async () => {} } as unknown as Env['USAGE']

/** One in each region keeps what it met; a last one forgets a key before each verification of it. */
const isolates: { app: TestApp; forgets: boolean }[] = []
let account: Account
let platform: Account
const keys: { token: string; digest: string; isOfOther: boolean }[] = []

beforeAll(async () => {
  for (const region of [...regions, 'enam']) {
    const fence = `${region}/0-of-1`
    await openFence(fence)
    const isolate = createIsolate(config, clock)
    isolate.fenceName = () => fence
    const app = await createTestApp({ clock, isolate, bindings: { USAGE: uncounted } })
    isolates.push({ app, forgets: isolates.length === regions.length })
  }
  account = await openAccount('Late Ltd')
  platform = await openAccount('Platform')
  await env.DB.prepare('INSERT INTO platform (id, account_id) VALUES (1, ?)')
    .bind(platform.id)
    .run()
  const other = await openAccount('Other')
  const app = isolates[0]?.app as TestApp
  for (let at = 0; at < 12; at++) {
    const isOfOther = at % 6 === 5
    const { key } = await makeKey(app, (isOfOther ? other : account).owner.jwt)
    keys.push({ token: key, digest: await digestOf(key), isOfOther })
  }
})

/** What was answered before a verification began; null: a change is under way. */
type Standing = 'active' | 'suspended' | null

function createLoad() {
  const seen = { stale: 0, passed: 0, refused: 0, others: 0 }
  const load = { seen, standing: 'active' as Standing, during: 0, step }
  let before: Promise<unknown> = Promise.resolve()

  async function verifyOne(at: number): Promise<void> {
    const { app, forgets } = isolates[at % isolates.length] as (typeof isolates)[number]
    const key = keys[Math.floor(at / isolates.length) % keys.length] as (typeof keys)[number]
    if (forgets) app.isolate.memory.forget(key.digest)
    const began = load.standing
    if (began === null) load.during++
    const { code } = await bindingTo(app).verify({ token: key.token })
    if (key.isOfOther) {
      expect(code).toBe('valid')
      seen.others++
      return
    }
    expect(['valid', 'account_suspended']).toContain(code)
    if (code === 'valid') seen.passed++
    else seen.refused++
    const expected = began === 'active' ? 'valid' : 'account_suspended'
    if (began !== null && code !== expected) seen.stale++
  }

  /** A thousand more begin; the clock moves while they are under way. */
  async function step(): Promise<void> {
    const these = Promise.all(Array.from({ length: together }, (_, at) => verifyOne(at)))
    await before
    clock.skip(stepMs)
    before = these
  }
  return load
}

/** @param settles whether the change waits until it is in force */
async function changeUnderLoad(settles: boolean) {
  const load = createLoad()
  const { app: changer } = isolates[3] as (typeof isolates)[number]
  const during: number[] = []
  await load.step()
  await load.step()

  async function change(to: 'suspended' | 'active'): Promise<void> {
    load.standing = null
    load.during = 0
    if (settles) {
      const path = `/api/accounts/${account.id}/${to === 'suspended' ? 'suspend' : 'resume'}`
      const answer = await changer.request('POST', path, { as: platform.owner.jwt })
      expect(answer.status, answer.text).toBe(200)
    } else await writeSuspension(account.id, to === 'suspended' ? clock.now() : null)
    load.standing = to
    during.push(load.during)
  }

  for (const to of ['suspended', 'active'] as const) {
    let isAnswered = false
    const answered = change(to).then(() => {
      isAnswered = true
    })
    while (!isAnswered) await load.step()
    await answered
    await load.step()
    await load.step()
  }
  await load.step()
  return { ...load.seen, during }
}

it('no verification that began after the answer has another outcome', async () => {
  const { stale, during, ...seen } = await changeUnderLoad(true)
  expect(stale).toBe(0)
  // The test says something only if all of these are many.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(1_000)
  for (const count of during) expect(count).toBeGreaterThan(500)
}, 480_000)

it('many have where the answer does not wait until the change is in force', async () => {
  const { stale } = await changeUnderLoad(false)
  expect(stale).toBeGreaterThan(100)
}, 480_000)
