// Revocation against the real fences, KV and D1 of workerd. Local KV is never stale; the simulation covers
// staleness.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { FenceObject } from '../../src/coherence/fence-object.ts'
import { createNearestFence } from '../../src/coherence/fences.ts'
import { createIsolate } from '../../src/worker/context.ts'
import config from '../support/latchkey.config.ts'
import {
  addPerson,
  createAccount,
  createSkippingClock,
  createTestApp,
  type TestApp,
  type TestPerson,
} from '../support/test-app.ts'

const digestOf = (letter: string) => letter.repeat(64)
const fenceOf = (name: string) => env.FENCE.getByName(name)

/** Queries until the fence has registered itself in D1. */
async function opened(name: string): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const requiredSeq = await fenceOf(name).requiredSeq(digestOf('0'))
    if (requiredSeq !== null) return requiredSeq
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`The fence ${name} did not open.`)
}

async function listedFences(): Promise<string[]> {
  const { results } = await env.DB.prepare('SELECT name FROM fence').all<{ name: string }>()
  return results.map(({ name }) => name)
}

describe('a fence', () => {
  it('answers null (read D1) until it is registered as one that changes wait for', async () => {
    const name = 'oc/0-of-1'
    expect(await fenceOf(name).requiredSeq(digestOf('0'))).toBe(null)
    const requiredSeq = await opened(name)
    expect(await listedFences()).toContain(name)
    expect(requiredSeq).toBeGreaterThan(Date.now() - 60_000)
  })

  it('keeps a raise after its instance is evicted', async () => {
    const name = 'me/0-of-1'
    const requiredSeq = await opened(name)
    expect(await fenceOf(name).raise([{ digest: digestOf('a'), seq: requiredSeq + 7 }])).toBe(
      'held',
    )
    await evictDurableObject(fenceOf(name))
    expect(await fenceOf(name).requiredSeq(digestOf('a'))).toBe(requiredSeq + 7)
    expect(await fenceOf(name).requiredSeq(digestOf('b'))).toBe(requiredSeq)
  })

  it('never lowers a floor', async () => {
    const name = 'afr/0-of-1'
    const requiredSeq = await opened(name)
    await fenceOf(name).raise([{ digest: digestOf('a'), seq: requiredSeq + 9 }])
    await fenceOf(name).raise([{ digest: digestOf('a'), seq: requiredSeq + 3 }])
    expect(await fenceOf(name).requiredSeq(digestOf('a'))).toBe(requiredSeq + 9)
  })

  it('raises everything that it guards with one raise', async () => {
    const name = 'sam/0-of-1'
    const requiredSeq = await opened(name)
    await fenceOf(name).raise([{ digest: '*', seq: requiredSeq + 5 }])
    expect(await fenceOf(name).requiredSeq(digestOf('c'))).toBe(requiredSeq + 5)
  })

  it('answers null after a reset, and registers again above every earlier floor', async () => {
    const name = 'eeur/0-of-1'
    const requiredSeq = await opened(name)
    await fenceOf(name).raise([{ digest: digestOf('a'), seq: requiredSeq + 1 }])
    expect(await fenceOf(name).reset()).toBe('held')
    expect(await fenceOf(name).requiredSeq(digestOf('a'))).toBe(null)
    expect(await opened(name)).toBeGreaterThan(requiredSeq)
  })

  it('unregisters after two days without a query', async () => {
    const name = 'weur/0-of-1'
    await opened(name)
    await runInDurableObject(fenceOf(name), (_, { storage }) => {
      storage.sql.exec('UPDATE base SET asked_at = 0')
    })
    await evictDurableObject(fenceOf(name))
    expect(await runDurableObjectAlarm(fenceOf(name))).toBe(true)
    expect(await listedFences()).not.toContain(name)
    expect(await fenceOf(name).requiredSeq(digestOf('a'))).toBe(null)
  })
})

describe('the nearest fence', () => {
  const namespaceOf = (requiredSeq: () => Promise<number | null>) =>
    ({ getByName: () => ({ requiredSeq }) }) as unknown as DurableObjectNamespace<FenceObject>

  it('that hangs yields null (read D1) within its timeout', async () => {
    const near = createNearestFence(
      namespaceOf(() => new Promise(() => {})),
      { region: 'weur', shards: 1 },
    )
    const startedAt = Date.now()
    expect(await near.requiredSeq(digestOf('a'))).toBe(null)
    expect(Date.now() - startedAt).toBeLessThan(2_000)
  })

  it('that throws yields null (read D1)', async () => {
    const near = createNearestFence(
      namespaceOf(() => Promise.reject(new Error('overloaded'))),
      { region: 'weur', shards: 1 },
    )
    expect(await near.requiredSeq(digestOf('a'))).toBe(null)
  })
})

describe('many isolates, many keys, changes and verifications at once', () => {
  const clock = createSkippingClock()
  let apps: TestApp[]
  let owner: TestPerson

  beforeAll(async () => {
    apps = await Promise.all(
      Array.from({ length: 4 }, () =>
        createTestApp({ clock, isolate: createIsolate(config, clock) }),
      ),
    )
    owner = await addPerson(await createAccount('Busy Ltd'), 'owner')
    await opened('enam/0-of-1')
  })

  const appAt = (turn: number) => apps[turn % apps.length] as TestApp

  it('never accepts a key that was revoked before the request began', async () => {
    const keys = await Promise.all(Array.from({ length: 40 }, (_, at) => makeKey(appAt(at))))
    const revoked = new Set<string>()
    let stale = 0
    let passed = 0
    let refused = 0

    async function verifyOnce(turn: number): Promise<void> {
      const { key } = keys[(turn * 7) % keys.length] as { key: string }
      const mustFail = revoked.has(key)
      const answer = await appAt(turn).request('GET', '/api/v1/me', { key })
      if (answer.status === 200) passed++
      else {
        expect(answer.body.code, answer.text).toBe('revoked_api_key')
        refused++
      }
      if (mustFail && answer.status === 200) stale++
    }

    async function revoke(at: number): Promise<void> {
      const { id, key } = keys[at] as { id: string; key: string }
      const answer = await appAt(at + 1).request('DELETE', `/api/api-keys/${id}`, {
        as: owner.jwt,
      })
      expect(answer.status, answer.text).toBe(200)
      revoked.add(key)
    }

    let turn = 0
    const verifyRound = () =>
      Promise.all(Array.from({ length: 12 }, () => verifyOnce(turn++))).then(() => {})
    for (let first = 0; first < 30; first += 3) {
      let isSettled = false
      const revocations = Promise.all([0, 1, 2].map((offset) => revoke(first + offset)))
      revocations.then(() => {
        isSettled = true
      })
      for (let round = 0; round < 20 || !isSettled; round++) await verifyRound()
      await revocations
    }
    await verifyRound()
    expect(stale).toBe(0)
    // The test is meaningful only if both outcomes are frequent.
    expect(passed).toBeGreaterThan(500)
    expect(refused).toBeGreaterThan(500)
    const { results } = await env.DB.prepare('SELECT * FROM pending_raise').all()
    expect(results).toEqual([])
  }, 60_000)

  it('revokes all keys of an external id in every isolate with one wait', async () => {
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, at) => makeKey(appAt(at), 'customer-7')),
    )
    for (const app of apps) {
      for (const { key } of made) {
        expect((await app.request('GET', '/api/v1/me', { key })).status).toBe(200)
      }
    }
    const before = clock.now()
    const body = { external_id: 'customer-7' }
    const answer = await appAt(0).request('POST', '/api/api-keys/revoke', { as: owner.jwt, body })
    expect(answer.body.data, answer.text).toEqual({ revoked: 12, missing: [] })
    expect(clock.now() - before).toBeLessThan(4_000)
    for (const app of apps) {
      for (const { key } of made) {
        expect((await app.request('GET', '/api/v1/me', { key })).body.code).toBe('revoked_api_key')
      }
    }
  })

  async function makeKey(app: TestApp, external_id?: string) {
    const body = { name: 'One of many', ...(external_id && { external_id }) }
    const answer = await app.request('POST', '/api/api-keys', { as: owner.jwt, body })
    expect(answer.status, answer.text).toBe(201)
    return answer.body.data as { id: string; key: string }
  }
})
