// Bulk revocations by keys with bounds: of very many keys that a selection names, few may be within them. No statement
// reads more than a page of keys, and what is revoked and missing is as one condition over all of them says.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Actor, MayGrant } from '../../src/core/actor.ts'
import { revokeKeys } from '../../src/keys/revoke.ts'
import { createKeyChanges, type KeyChanges } from '../../src/storage/key-changes.ts'
import { reachOf } from '../../src/storage/key-reach.ts'
import type { NamedSelection } from '../../src/storage/key-selection.ts'
import { missingFrom } from '../../src/storage/named-keys.ts'
import { changeStores, settleSettings } from '../../src/worker/changes.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import fc from '../support/fc.ts'
import { openFence } from '../support/fences.ts'
import config from '../support/latchkey.config.ts'
import { rowsOf, run } from '../support/records.ts'
import { type Cost, countCosts } from '../support/statement-costs.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

const clock = createSkippingClock()
const counted = countCosts(env.DB)
let app: TestApp
let account: Account

beforeAll(async () => {
  app = await createTestApp({ clock, bindings: { DB: counted.d1 } })
  await openFence('weur/0-of-1')
})
beforeEach(async () => {
  account = await openAccount()
})

/** Who created and made the keys. */
const ada = '5f0c1b36-7e8a-4d53-9d0e-2b6a1c9f4e70'
const messages = '["messages:send"]'

type Stored = { externalId?: string; scopes?: string; revokedAt?: number | null }

async function store(
  count: number,
  { externalId = 'mine', scopes = '[]', revokedAt = null }: Stored = {},
  accountId = account.id,
) {
  await run(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     INSERT INTO api_key (id, digest, seq, account_id, name, format, key_prefix, external_id, created_by, made_by,
       created_at, scopes, revoked_at)
     SELECT ?3 || i, lower(hex(randomblob(32))), 1, ?1, 'A key', 'whm', 'a1b2c3d4', ?4, ?5, ?5, i, ?6, ?7 FROM n`,
    ...[accountId, count, `${crypto.randomUUID()}-`, externalId, ada, scopes, revokedAt],
  )
}

const bounds = { scopes: ['contacts:read'], external_ids: ['mine'] }
const manager = () =>
  makeKey(app, account.owner.jwt, { scopes: ['keys:manage'], may_grant: bounds })

/** The answer, and what the statements cost that concern keys. */
async function revoke(as: string, body: object) {
  counted.costs.length = 0
  const answer = await app.request('POST', '/api/api-keys/revoke', { as, body })
  expect(answer.status, answer.text).toBe(200)
  const costs = counted.costs.filter(({ sql }) => sql.includes('api_key'))
  expect(costs.length).toBeGreaterThan(3)
  return { data: answer.body?.data, mostRead: mostRead(costs) }
}

const mostRead = (costs: readonly Cost[]) => Math.max(...costs.map(({ read }) => read))
/** A page of keys, each read in the index, in the page and in the table, and what else a statement reads. */
const ofPage = (keys: number) => 3 * keys + 50

async function revokedOf(accountId: string): Promise<Record<string, number>> {
  const rows = await rowsOf<{ named: string; n: number }>(
    `SELECT external_id || scopes AS named, count(*) AS n FROM api_key
     WHERE account_id = '${accountId}' AND revoked_at IS NOT NULL GROUP BY 1 ORDER BY 1`,
  )
  return Object.fromEntries(rows.map(({ named, n }) => [named, n]))
}

const selections = [{ created_by: ada }, { made_by: ada }, { external_id: 'mine' }] as const

describe('a bulk revocation by a key with bounds', () => {
  it.each(selections)('of %j reads 5,000 keys a statement, of 9,003', async (selection) => {
    const { key } = await manager()
    await store(3_000, { scopes: messages })
    await store(2)
    await store(6_000, { scopes: messages })
    await store(1)
    const first = await revoke(key, selection)
    expect(first.data).toEqual({ revoked: 3, missing: [] })
    expect(await revokedOf(account.id)).toEqual({ 'mine[]': 3 })
    const again = await revoke(key, selection)
    expect(again.data).toEqual({ revoked: 0, missing: [] })
    expect(Math.max(first.mostRead, again.mostRead)).toBeLessThanOrEqual(ofPage(5_000))
    // One that reads them all shows.
    expect(first.mostRead).toBeGreaterThan(5_000)
  })

  it.each(selections)('of %j that names only others, revoked at once or not', async (selection) => {
    const { key } = await manager()
    const named = Object.values(selection)
    await store(10, { scopes: messages, revokedAt: 3 })
    await store(9_000, { scopes: messages, revokedAt: 5 })
    await store(6_000, { scopes: messages })
    const { data, mostRead } = await revoke(key, selection)
    expect(data).toEqual({ revoked: 0, missing: named })
    expect(mostRead).toBeLessThanOrEqual(ofPage(5_000))
    // Its key is the last that is looked at.
    await store(1, { revokedAt: 6 })
    expect((await revoke(key, selection)).data).toEqual({ revoked: 0, missing: [] })
  })

  it('revokes no key with a reserved scope, and names none', async () => {
    const { key } = await makeKey(app, account.owner.jwt, {
      ...{ scopes: ['keys:manage'], may_grant: { external_ids: ['mine'] } },
    })
    await store(3, { scopes: '["keys:manage"]' })
    const named = { external_id: 'mine' }
    expect((await revoke(key, named)).data).toEqual({ revoked: 0, missing: ['mine'] })
    await store(2, { scopes: messages })
    expect((await revoke(key, named)).data).toEqual({ revoked: 2, missing: [] })
    expect(await revokedOf(account.id)).toEqual({ [`mine${messages}`]: 2 })
  })
})

describe('the maker of a bulk revocation', () => {
  it('has keys in other accounts, of which none is read', async () => {
    const other = await openAccount()
    await store(6_000, {}, other.id)
    await store(6_000, { revokedAt: 5 }, other.id)
    await store(2)
    const { key } = await manager()
    for (const as of [account.owner.jwt, key]) {
      const named = { made_by: ada }
      const { data, mostRead } = await revoke(as, named)
      expect(data).toEqual({ revoked: 2, missing: [] })
      expect(mostRead).toBeLessThanOrEqual(ofPage(10))
      await run(`UPDATE api_key SET revoked_at = NULL WHERE account_id = ?`, account.id)
    }
    await run(`UPDATE api_key SET made_by = 'another' WHERE account_id = ?`, account.id)
    for (const as of [account.owner.jwt, key]) {
      const { data, mostRead } = await revoke(as, { made_by: ada })
      expect(data).toEqual({ revoked: 0, missing: [ada] })
      expect(mostRead).toBeLessThanOrEqual(ofPage(10))
    }
    expect(await revokedOf(other.id)).toEqual({ 'mine[]': 6_000 })
  })
})

const mayGrant: MayGrant = {
  ...{ scopes: null, environments: null, maxLifetime: null, rateLimit: null, maxKeys: null },
  externalIds: ['mine'],
}

function actor(): Actor {
  const id = crypto.randomUUID()
  return {
    ...{ kind: 'key', id, accountId: account.id, scopes: ['keys:manage'], createdBy: null },
    ...{ rootId: id, mayGrant },
  }
}

function revokeBy(changes: KeyChanges, selection: NamedSelection, by = actor()) {
  const stores = { ...changeStores(app.isolate, env), changes }
  const settings = { ...settleSettings(app.isolate, () => {}), respondAsync: false, config }
  return revokeKeys(stores, settings, { actor: by, requestId: 'a request' }, selection)
}

const named: NamedSelection[] = [
  { by: 'creator', createdBy: ada },
  { by: 'maker', madeBy: ada },
  { by: 'externalId', externalId: 'mine' },
]

describe('pages of a bulk revocation', () => {
  it.each([500, 2_000, 6_000])('of 100 keys cost as much with %i beyond bounds', async (beyond) => {
    await store(beyond, { externalId: 'other' })
    await store(5)
    const { d1, costs } = countCosts(env.DB)
    const revoked = await revokeBy(createKeyChanges(d1, 100), { by: 'creator', createdBy: ada })
    expect(revoked).toEqual({ count: 5, progress: { kind: 'in_force' } })
    const pages = costs.filter(({ sql }) => sql.includes('json_group_array'))
    expect(pages).toHaveLength(beyond / 100 + 1)
    expect(pages.slice(0, -1).every(({ read }) => read >= 200 && read <= ofPage(100))).toBe(true)
    expect(mostRead(costs)).toBeLessThanOrEqual(ofPage(100))
  })

  it.each(named)('by $by that fail on the way go on where they ended', async (selection) => {
    const other = { externalId: selection.by === 'externalId' ? 'mine' : 'other', scopes: messages }
    const by = { ...actor(), mayGrant: { ...mayGrant, scopes: ['contacts:read'] } }
    for (const count of [2, 1, 3, 1]) {
      await store(count)
      await store(4, other)
    }
    const changes = createKeyChanges(env.DB, 3)
    let batches = 0
    const failing: KeyChanges = {
      ...changes,
      async commit(change) {
        if (++batches === 3) throw new Error('D1 is gone')
        return changes.commit(change)
      },
    }
    await expect(revokeBy(failing, selection, by)).rejects.toThrow('D1 is gone')
    const { 'mine[]': before = 0 } = await revokedOf(account.id)
    expect(before).toBeGreaterThan(0)
    expect(before).toBeLessThan(7)
    const again = await revokeBy(changes, selection, by)
    expect(again).toEqual({ count: 7 - before, progress: { kind: 'in_force' } })
    expect(await revokedOf(account.id)).toEqual({ 'mine[]': 7 })
    expect(await revokeBy(changes, selection, by)).toMatchObject({ count: 0 })
    const events = await rowsOf<{ n: number }>(
      `SELECT count(*) AS n FROM audit_event
       WHERE account_id = '${account.id}' AND action = 'key.revoked'`,
    )
    expect(events).toEqual([{ n: 7 }])
  })

  it('of any size revoke, and miss, what a condition over all keys says', async () => {
    const keys = fc.array(
      fc.record({
        externalId: fc.constantFrom('mine', 'other'),
        revokedAt: fc.constantFrom(null, null, null, 4, 5, 6),
      }),
      { minLength: 0, maxLength: 25 },
    )
    await fc.assert(
      fc.asyncProperty(keys, fc.integer({ min: 1, max: 6 }), async (stored, perPage) => {
        account = await openAccount()
        await Promise.all(stored.map((key) => store(1, key)))
        const mine = stored.filter(({ externalId }) => externalId === 'mine')
        const by = actor()
        const selection = { by: 'creator', createdBy: ada } as const
        const { count } = await revokeBy(createKeyChanges(env.DB, perPage), selection, by)
        expect(count).toBe(mine.filter(({ revokedAt }) => revokedAt === null).length)
        const reach = reachOf(by, config, clock.now())
        const missing = await missingFrom(env.DB, reach, selection, 0, perPage)
        expect(missing).toEqual(mine.length === 0 ? [ada] : [])
        const left = await rowsOf<{ externalId: string }>(
          `SELECT external_id AS externalId FROM api_key
           WHERE account_id = '${account.id}' AND revoked_at IS NULL`,
        )
        expect(left.every(({ externalId }) => externalId === 'other')).toBe(true)
      }),
      { numRuns: 30, seed: 17 },
    )
  })
})
