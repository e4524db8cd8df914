// Bulk revocations: batch after batch, answered after the last, and whole however often one fails on the way.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { groupOf } from '../../src/core/subject.ts'
import { changeMany } from '../../src/keys/change.ts'
import { createKeyChanges } from '../../src/storage/key-changes.ts'
import type { Selection } from '../../src/storage/key-selection.ts'
import { changeStores, settleSettings } from '../../src/worker/changes.ts'
import { openAccount } from '../support/account.ts'
import { openFence, requiredSeqOf } from '../support/fences.ts'
import { lastSequence, rowsOf } from '../support/records.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

const clock = createSkippingClock()
const fence = 'weur/0-of-1'
let app: TestApp

beforeAll(async () => {
  app = await createTestApp({ clock })
  await openFence(fence)
})

async function store(accountId: string, count: number, externalId = 'customer') {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     INSERT INTO api_key (id, digest, seq, account_id, name, format, key_prefix, external_id, created_by, made_by, created_at)
     SELECT ?3 || i, lower(hex(randomblob(32))), 1, ?1, 'A key', 'whm', 'a1b2c3d4', ?4, 'ada', 'ada', i FROM n`,
  )
    .bind(accountId, count, `${crypto.randomUUID()}-`, externalId)
    .run()
}

/** How many keys were changed by each batch. */
async function batchesOf(accountId: string): Promise<number[]> {
  const rows = await rowsOf<{ n: number }>(
    `SELECT count(*) AS n FROM api_key WHERE account_id = '${accountId}' AND revoked_at IS NOT NULL
     GROUP BY seq ORDER BY seq`,
  )
  return rows.map(({ n }) => n)
}

async function eventsOf(accountId: string): Promise<number> {
  const [row] = await rowsOf<{ n: number }>(
    `SELECT count(DISTINCT key_id) AS n FROM audit_event
     WHERE account_id = '${accountId}' AND action = 'key.revoked'`,
  )
  return row?.n ?? 0
}

const pendingRaises = () => rowsOf<{ subject: string }>('SELECT subject FROM pending_raise')

describe('a bulk revocation', () => {
  it('of 10,001 keys is three batches of 5,000 at most, and one answer', async () => {
    const account = await openAccount()
    await store(account.id, 10_001)
    await store(account.id, 1, 'another')
    const answer = await app.request('POST', '/api/api-keys/revoke', {
      as: account.owner.jwt,
      body: { external_id: 'customer' },
    })
    expect(answer.status, answer.text).toBe(200)
    expect(answer.body?.data).toEqual({ revoked: 10_001, missing: [] })
    expect(await batchesOf(account.id)).toEqual([5_000, 5_000, 1])
    expect(await eventsOf(account.id)).toBe(10_001)
    // The last batch raised its one key, those before the group.
    const group = await requiredSeqOf(fence, groupOf(account.id))
    expect(group).toBe((await lastSequence()) - 1)
  })

  const selections: Exclude<Selection, { by: 'version' | 'ids' }>[] = [
    { by: 'externalId', externalId: 'customer' },
    { by: 'creator', createdBy: 'ada' },
    { by: 'maker', madeBy: 'ada' },
    { by: 'account' },
  ]
  it.each(selections)(
    'by $by that fails on the way goes on where it ended when it is repeated, and settles all',
    async (selection) => {
      const account = await openAccount()
      await store(account.id, 7)
      const stores = changeStores(app.isolate, env)
      const changes = createKeyChanges(env.DB, 3)
      let batches = 0
      const failing: typeof changes = {
        ...changes,
        async commit(change) {
          if (++batches === 2) throw new Error('D1 is gone')
          return changes.commit(change)
        },
      }
      const settings = { ...settleSettings(app.isolate, () => {}), respondAsync: false }
      const audit = { action: 'key.revoked', actorKind: 'system', actorId: null } as const
      const plan = {
        patch: { revokedAt: 5 },
        audit: { ...audit, requestId: null, detail: null },
      }
      const revoke = (changes: typeof failing) =>
        changeMany({ ...stores, changes }, settings, account.id, selection, plan)
      await expect(revoke(failing)).rejects.toThrow('D1 is gone')
      expect(await batchesOf(account.id)).toEqual([3])
      const left = (await pendingRaises()).length
      expect(left).toBeGreaterThanOrEqual(3)

      const raised: string[] = []
      const fences: typeof stores.fences = {
        ...stores.fences,
        async raise(name, raises) {
          raised.push(...raises.map(([subject]) => subject))
          return stores.fences.raise(name, raises)
        },
      }
      const again = await changeMany(
        { ...stores, fences, changes },
        settings,
        account.id,
        selection,
        plan,
      )
      expect(again).toEqual({ count: 4, progress: { kind: 'in_force' } })
      expect(await batchesOf(account.id)).toEqual([3, 3, 1])
      expect(await eventsOf(account.id)).toBe(7)
      expect(new Set(raised).size).toBeGreaterThanOrEqual(7)
    },
  )
})
