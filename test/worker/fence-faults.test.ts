// A fence that is evicted between question and answer, and one that runs another version of the code: what an isolate
// does not hear it reads from D1, and what was revoked is refused.
import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { FenceObject } from '../../src/coherence/fence-object.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { openFence } from '../support/fences.ts'
import config from '../support/latchkey.config.ts'
import {
  createStillClock,
  createTestApp,
  isolatesFence,
  type TestApp,
} from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

type Stub = DurableObjectStub<FenceObject>
type Ask = (stub: Stub, ...question: Parameters<FenceObject['ask']>) => Promise<unknown>

const clock = createStillClock()
const watch = watchBindings()
let app: TestApp
let account: Account

beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  app = await createTestApp({ clock })
  account = await openAccount()
})
beforeEach(async () => {
  await openFence()
  watch.clear()
})

const me = (isolate: TestApp, key: string) => outcome(isolate.request('GET', '/api/v1/me', { key }))
const revoke = (id: string, at = app) =>
  at.request('DELETE', `/api/api-keys/${id}`, { as: account.owner.jwt })
const endLease = () => clock.skip(config.leaseMs)
const reads = () => watch.calls.filter(({ where }) => /^D1\.(?:raw|all|first)/.test(where)).length

/** An isolate whose questions go to the real fence by way of `ask`. */
function openIsolate(ask: Ask, more: object = {}): Promise<TestApp> {
  const getByName = (...args: Parameters<typeof env.FENCE.getByName>) => {
    const stub = env.FENCE.getByName(...args)
    const question: FenceObject['ask'] = (...values) => ask(stub, ...values) as never
    const hold = (...raises: Parameters<FenceObject['hold']>) => stub.hold(...raises)
    return { ask: question, hold, ...more }
  }
  const FENCE = { getByName } as unknown as Env['FENCE']
  return createTestApp({ clock, bindings: { ...watch.bindings, FENCE } })
}

const evict = () => evictDurableObject(env.FENCE.getByName(isolatesFence))

describe('an isolate whose fence is evicted', () => {
  const moments: [string, Ask][] = [
    [
      'before the question arrives',
      async (stub, ...question) => {
        await evict()
        return stub.ask(...question)
      },
    ],
    [
      'while the question is on its way',
      async (stub, ...question) => {
        const [answer] = await Promise.all([stub.ask(...question), evict()])
        return answer
      },
    ],
    [
      'before the answer arrives',
      async (stub, ...question) => {
        const answer = await stub.ask(...question)
        await evict()
        return answer
      },
    ],
  ]

  it.each(moments)('%s verifies keys, and refuses what was revoked', async (_, ask) => {
    const isolate = await openIsolate(ask)
    const [kept, revoked] = [
      await makeKey(app, account.owner.jwt),
      await makeKey(app, account.owner.jwt),
    ]
    for (const { key } of [kept, revoked]) expect(await me(isolate, key)).toBe('200')
    for (let turn = 0; turn < 3; turn++) {
      endLease()
      expect(await me(isolate, kept.key)).toBe('200')
    }
    expect((await revoke(revoked.id)).status).toBe(200)
    expect(await me(isolate, revoked.key)).toBe('401 revoked_api_key')
    expect(await me(isolate, kept.key)).toBe('200')
    // Whatever was evicted, the view runs again.
    watch.clear()
    expect(await me(isolate, kept.key)).toBe('200')
    expect(watch.counts()).toEqual({ 'USAGE.send': 1 })
  })

  it('takes over the epoch of the new instance, with every floor', async () => {
    const isolate = await openIsolate((stub, ...question) => stub.ask(...question))
    const [hot, revoked] = [
      await makeKey(app, account.owner.jwt),
      await makeKey(app, account.owner.jwt),
    ]
    for (const { key } of [hot, revoked]) await me(isolate, key)
    const before = isolate.isolate.view.current
    expect((await revoke(revoked.id)).status).toBe(200)
    await evict()
    expect(await me(isolate, hot.key)).toBe('200')
    const after = isolate.isolate.view.current
    expect(after?.epoch).not.toBe(before?.epoch)
    expect(await me(isolate, revoked.key)).toBe('401 revoked_api_key')
  })
})

describe('a fence that runs another version', () => {
  // What workerd answers to a call of a method that the object does not have.
  const unknown: Ask = (stub) =>
    (stub as unknown as { requiredSeq(): Promise<never> }).requiredSeq()

  it('and does not know the question leaves the isolate to read D1', async () => {
    const isolate = await openIsolate(unknown)
    const { id, key } = await makeKey(app, account.owner.jwt)
    for (const turn of ['cold', 'in memory']) {
      watch.clear()
      expect(await me(isolate, key), turn).toBe('200')
      expect(reads(), turn).toBe(1)
      expect(isolate.isolate.view.current).toBeNull()
      // What D1 said stands by itself for a lease.
      expect(await me(isolate, key), turn).toBe('200')
      expect(reads(), turn).toBe(1)
      endLease()
    }
    expect((await revoke(id)).status).toBe(200)
    expect(await me(isolate, key)).toBe('401 revoked_api_key')
  })

  it('and does not know the raise has not acknowledged it', async () => {
    const hold = async (stub: Stub) => (stub as unknown as { raise(): Promise<never> }).raise()
    const isolate = await openIsolate(unknown, {
      hold: () => hold(env.FENCE.getByName(isolatesFence)),
    })
    const { id, key } = await makeKey(app, account.owner.jwt)
    const answer = await revoke(id, isolate)
    expect([answer.status, answer.body.data.pending_regions]).toEqual([202, ['enam']])
    expect(await app.reconcile()).toEqual([])
    expect(await me(app, key)).toBe('401 revoked_api_key')
  })

  it('and answers a raise with anything else has not acknowledged it', async () => {
    const isolate = await openIsolate(unknown, { hold: async () => undefined })
    const { id } = await makeKey(app, account.owner.jwt)
    expect((await revoke(id, isolate)).status).toBe(202)
    expect(await app.reconcile()).toEqual([])
  })
})
