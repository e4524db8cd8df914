// Revocation against the real fences, KV and D1 of workerd. Local KV is never stale; the simulation covers
// staleness.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { FenceAnswer } from '../../src/coherence/fence.ts'
import type { FenceObject } from '../../src/coherence/fence-object.ts'
import { createNearestFence } from '../../src/coherence/fences.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { askFence, openFence, requiredSeqOf } from '../support/fences.ts'
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

async function listedFences(): Promise<string[]> {
  const { results } = await env.DB.prepare('SELECT name FROM fence').all<{ name: string }>()
  return results.map(({ name }) => name)
}

describe('a fence', () => {
  it('answers null (read D1) until it is registered as one that changes wait for', async () => {
    const name = 'oc/0-of-1'
    expect(await askFence(name, null, digestOf('0'))).toBe(null)
    const base = await openFence(name)
    expect(await listedFences()).toContain(name)
    expect(base).toBeGreaterThan(Date.now() - 60_000)
  })

  it('keeps a raise after its instance is evicted, in an epoch of its own', async () => {
    const name = 'me/0-of-1'
    const base = await openFence(name)
    expect(await fenceOf(name).hold([[digestOf('a'), base + 7]])).toBe('held')
    const before = await askFence(name, null, digestOf('a'))
    await evictDurableObject(fenceOf(name))
    const after = await askFence(name, before, digestOf('a'))
    expect(after).toMatchObject({ base, horizon: 0, requiredSeq: base + 7 })
    expect(after?.floors).toEqual([
      [digestOf('a'), base + 7],
      [digestOf('a'), base + 7],
    ])
    expect(after?.epoch).not.toBe(before?.epoch)
    expect(await requiredSeqOf(name, digestOf('b'))).toBe(base)
  })

  it('never lowers a floor', async () => {
    const name = 'afr/0-of-1'
    const base = await openFence(name)
    await fenceOf(name).hold([[digestOf('a'), base + 9]])
    await fenceOf(name).hold([[digestOf('a'), base + 3]])
    expect(await requiredSeqOf(name, digestOf('a'))).toBe(base + 9)
  })

  it('tells what it was raised by since the last question, digests and groups', async () => {
    const name = 'sam/0-of-1'
    const base = await openFence(name)
    await fenceOf(name).hold([[digestOf('a'), base + 1]])
    const first = await askFence(name, null, null)
    await fenceOf(name).hold([
      ['@c0f', base + 5],
      [digestOf('c'), base + 6],
    ])
    const news = await askFence(name, first, digestOf('d'))
    expect(news).toMatchObject({ epoch: first?.epoch, base, horizon: null, requiredSeq: base })
    expect(news?.floors).toEqual([
      ['@c0f', base + 5],
      [digestOf('c'), base + 6],
      [digestOf('d'), base],
    ])
    expect(await askFence(name, news, null)).toMatchObject({ rev: news?.rev, floors: [] })
  })

  it('names the newest thousand digests and every group in full, and the horizon of the rest', async () => {
    const name = 'apac/0-of-1'
    const base = await openFence(name)
    const digests = Array.from({ length: 1_002 }, (_, at) => `${at}`.padStart(64, '0'))
    await fenceOf(name).hold([['@001', base + 1]])
    await fenceOf(name).hold(digests.map((digest, at) => [digest, base + 2 + at]))
    const full = await askFence(name, null, null)
    expect(full).toMatchObject({ base, horizon: base + 3 })
    const floors = new Map(full?.floors)
    expect(floors.size).toBe(1_001)
    expect(floors.get('@001')).toBe(base + 1)
    expect(floors.get(digests[1] as string)).toBeUndefined()
    expect(floors.get(digests[2] as string)).toBe(base + 4)
    expect(await requiredSeqOf(name, digests[0] as string)).toBe(base + 2)
  })

  it('answers null after a reset, and registers again above every earlier floor', async () => {
    const name = 'eeur/0-of-1'
    const base = await openFence(name)
    await fenceOf(name).hold([[digestOf('a'), base + 1]])
    expect(await fenceOf(name).reset()).toBe('held')
    expect(await askFence(name, null, digestOf('a'))).toBe(null)
    expect(await openFence(name)).toBeGreaterThan(base)
  })

  it('unregisters after two days without a query', async () => {
    const name = 'weur/0-of-1'
    await openFence(name)
    await runInDurableObject(fenceOf(name), (_, { storage }) => {
      storage.sql.exec('UPDATE base SET last_used_at = 0')
    })
    await evictDurableObject(fenceOf(name))
    expect(await runDurableObjectAlarm(fenceOf(name))).toBe(true)
    expect(await listedFences()).not.toContain(name)
    expect(await askFence(name, null, digestOf('a'))).toBe(null)
  })
})

describe('the nearest fence', () => {
  const namespaceOf = (ask: () => Promise<FenceAnswer | null>) =>
    ({ getByName: () => ({ ask }) }) as unknown as DurableObjectNamespace<FenceObject>

  it('that hangs yields null (read D1) within its timeout', async () => {
    const hanging = namespaceOf(() => new Promise(() => {}))
    const near = createNearestFence(hanging, 'weur/0-of-1')
    const startedAt = Date.now()
    expect(await near.ask(null, digestOf('a'))).toBe(null)
    expect(Date.now() - startedAt).toBeLessThan(20_000)
  })

  it('that throws yields null (read D1)', async () => {
    const overloaded = namespaceOf(() => Promise.reject(new Error('overloaded')))
    expect(await createNearestFence(overloaded, 'weur/0-of-1').ask(null, null)).toBe(null)
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
    await openFence()
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
  })

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
