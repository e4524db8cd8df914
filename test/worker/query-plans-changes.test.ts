// How SQLite reads for changes, scheduled work and triggers: by which index, and never a whole table.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { purgeAccount } from '../../src/storage/account-store.ts'
import { noticeExpiring } from '../../src/storage/expiry-notices.ts'
import { createKeyChanges } from '../../src/storage/key-changes.ts'
import { createKeyImport } from '../../src/storage/key-import.ts'
import { type Reach, wholeAccount } from '../../src/storage/key-reach.ts'
import { type LookedTo, missingFrom } from '../../src/storage/named-keys.ts'
import { membershipsOf } from '../../src/storage/people-store.ts'
import { refuseFullMembership } from '../../src/storage/quotas.ts'
import { markForReview } from '../../src/storage/reviews.ts'
import { listDeliveries, pruneDeliveries } from '../../src/storage/webhook-deliveries.ts'
import { deleteEndpoint } from '../../src/storage/webhook-endpoints.ts'
import { createOutbox } from '../../src/storage/webhook-outbox.ts'
import config from '../support/latchkey.config.ts'
import {
  indexesOf,
  planOf,
  recordStatements,
  type Statement,
  unboundedIn,
} from '../support/query-plans.ts'

const recorded = recordStatements(env.DB)
const { d1, ran } = recorded

/** The indexes of `api_key` that some work reads by. */
async function indexesOfKeys(work: () => Promise<unknown>, sorts = false): Promise<string[]> {
  ran.length = 0
  await work()
  expect(ran.length).toBeGreaterThan(0)
  const found = new Set<string>()
  for (const statement of ran.slice()) {
    const plan = await planOf(env.DB, statement)
    const faults = unboundedIn(plan).filter((step) => !sorts || !step.includes('TEMP B-TREE'))
    expect([statement.sql, faults]).toEqual([statement.sql, []])
    for (const index of indexesOf('api_key', plan)) found.add(index)
  }
  return [...found].sort()
}

describe('keys that expire soon', () => {
  it('are found by their expiry, later also by their change, and those of an account by both', async () => {
    const now = Date.now()
    expect(await indexesOfKeys(() => noticeExpiring(d1, now))).toEqual(['api_key_by_expiry'])
    const changed = ['api_key_by_expiry', 'api_key_with_expiry_by_seq']
    expect(await indexesOfKeys(() => noticeExpiring(d1, now + 1))).toEqual(changed)
    await env.DB.prepare("INSERT INTO expiry_due VALUES ('an account', 'a mark')").run()
    const ofAccount = [...changed, 'api_key_by_end'].sort()
    expect(await indexesOfKeys(() => noticeExpiring(d1, now + 2))).toEqual(ofAccount)
  })
})

describe('a change of many keys', () => {
  const audit = { action: 'key.revoked', actorKind: 'system', actorId: null } as const
  it.each([
    [{ by: 'creator', createdBy: 'ada' }, 'api_key_by_creator'],
    [{ by: 'maker', madeBy: 'ada' }, 'api_key_of_maker'],
    [{ by: 'externalId', externalId: 'a customer' }, 'api_key_by_external_id'],
    [{ by: 'account' }, 'api_key_unrevoked'],
  ] as const)('%j reads by %s, and its batch by what changed', async (selection, index) => {
    const found = await indexesOfKeys(() =>
      createKeyChanges(d1).commit({
        ...{ accountId: 'an account', selection, patch: { revokedAt: 1 }, nowMs: Date.now() },
        audit: { ...audit, requestId: null, detail: null },
      }),
    )
    expect(found).toEqual([index, 'api_key_by_seq', 'api_key_digest_unique'].sort())
    if (selection.by === 'account') return
    const missing = () => missingFrom(d1, wholeAccount('an account'), selection, 0)
    expect(await indexesOfKeys(missing)).toEqual([index])
  })

  const bounds = {
    ...{ scopes: ['contacts:*'], environments: ['live'], externalIds: ['a customer'] },
    ...{ maxLifetime: 60, rateLimit: [], maxKeys: null },
  }
  const manager = { id: 'a key', bounds, isForeign: false, config, nowMs: Date.now() }
  const reach: Reach = { accountId: 'an account', manager }
  it.each([
    [{ by: 'creator', createdBy: 'ada' }, 'api_key_by_creator (account_id=? AND created_by=?'],
    [{ by: 'maker', madeBy: 'ada' }, 'api_key_of_maker (account_id=? AND made_by=?'],
    [
      { by: 'externalId', externalId: 'a customer' },
      'api_key_by_external_id (account_id=? AND external_id=?',
    ],
  ] as const)(
    '%j of a key with bounds begins where the last page ended',
    async (selection, named) => {
      const commit = (after: LookedTo) =>
        createKeyChanges(d1).commit({
          ...{ accountId: 'an account', selection, reach, after, patch: { revokedAt: 1 } },
          ...{ nowMs: Date.now(), audit: { ...audit, requestId: null, detail: null } },
        })
      const pages: [() => Promise<unknown>, string][] = [
        [() => commit({ at: null, row: 7 }), 'revoked_at=? AND rowid>?'],
        [() => missingFrom(d1, reach, selection, 0), 'revoked_at>?'],
      ]
      for (const [work, from] of pages) {
        await indexesOfKeys(work)
        const plan = await planOf(env.DB, ran.find(isOfKeys) as Statement)
        const searches = plan.filter(({ detail }) => detail.startsWith('SEARCH api_key'))
        expect(searches.map(({ detail }) => detail)).toEqual([
          `SEARCH api_key USING COVERING INDEX ${named} AND ${from})`,
          'SEARCH api_key USING INTEGER PRIMARY KEY (rowid=?)',
        ])
      }
    },
  )

  /** Sessions of the portal end before the keys are looked up. */
  const isOfKeys = ({ sql }: Statement) => sql.includes('api_key')

  it('reviews read the keys of the creator', async () => {
    // It sorts the people whose keys wait.
    const read = await indexesOfKeys(() => markForReview(d1), true)
    expect(read).toEqual(['api_key_by_creator'])
  })
})

describe('what a quota leaves', () => {
  const audit = { action: 'key.imported', actorKind: 'system', actorId: null } as const
  it('is read by the account, and what an import finds by the digest', async () => {
    const of = {
      accountId: 'an importing account',
      format: 'unkey',
      keyPrefix: 'p',
      name: 'A key',
      limitsBy: 'key' as const,
    }
    const key = { ...of, id: 'an imported key', digest: 'its digest', createdAt: 1 }
    const entry = { ...audit, requestId: null, detail: {} }
    const store = () => createKeyImport(d1).store([key], entry, Date.now())
    // It sorts the keys of one request.
    const indexes = await indexesOfKeys(store, true)
    expect(indexes).toEqual(['api_key_by_seq', 'api_key_digest_unique'])
    expect(await indexesOfKeys(() => refuseFullMembership(d1, 'an importing account'))).toEqual([])
    expect(await indexesOfKeys(() => membershipsOf(d1, 'ada', 'an importing account'))).toEqual([])
  })
})

describe('a purge', () => {
  it('reads its next keys by the index of the account', async () => {
    const purge = () => purgeAccount(d1, 'an account', 1, { isUsageForgotten: true })
    // It sorts the keys of one page.
    expect(await indexesOfKeys(purge, true)).toEqual(['api_key_by_account'])
  })
})

describe('deliveries', () => {
  const page = { limit: 50, after: { createdAt: 9, id: 'a delivery' } }
  it.each([
    [undefined, 'webhook_delivery_by_endpoint'],
    ['failed', 'webhook_delivery_by_status'],
  ] as const)('with the status %s are listed by %s', async (status, index) => {
    ran.length = 0
    await listDeliveries(d1, 'an endpoint', status, page)
    const plan = await planOf(env.DB, ran[0] as Statement)
    expect(indexesOf('webhook_delivery', plan)).toEqual([index])
    expect(plan.map(({ detail }) => detail).join()).not.toContain('TEMP B-TREE')
  })

  it('are deleted, and pruned, by index', async () => {
    const entry = { action: 'a', actorKind: 'system', actorId: null, requestId: null } as const
    const place = { accountId: 'an account', id: 'an endpoint' }
    await indexesOfKeys(() => deleteEndpoint(d1, place, { ...entry, detail: null }, 1))
    await indexesOfKeys(() => pruneDeliveries(d1, Date.now()))
    await indexesOfKeys(() => createOutbox(d1).takeDue(Date.now(), 100))
  })
})

describe('a trigger', () => {
  it('reads by index in each of its statements', async () => {
    const { results } = await env.DB.prepare(
      "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%BEGIN%'",
    ).all<{ name: string; sql: string }>()
    expect(results.length).toBeGreaterThan(20)
    for (const { name, sql } of results) {
      for (const statement of statementsIn(sql)) {
        const plan = await planOf(env.DB, { sql: statement, values: [] })
        // Invitations of one person to one account are sorted.
        const faults = unboundedIn(plan).filter((step) => !step.includes('TEMP B-TREE'))
        expect([name, statement, faults]).toEqual([name, statement, []])
      }
    }
  })
})

/** What a trigger runs, with its condition; the values of its row are unknown. */
function statementsIn(trigger: string): string[] {
  const [head = '', body = ''] = trigger.split(/\bBEGIN\b/)
  const when = /\bWHEN\b([\s\S]*)$/.exec(head)?.[1]
  const statements = body.replace(/\bEND\s*;?\s*$/, '').split(';')
  return [...(when === undefined ? [] : [`SELECT ${when}`]), ...statements]
    .map((statement) => statement.replace(/\b(NEW|OLD)\.\w+/g, 'NULL').trim())
    .filter((statement) => statement !== '' && !statement.includes('RAISE('))
}
