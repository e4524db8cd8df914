// How SQLite reads for every statement whose rows belong to one account: by which index, and never a whole table.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { KeySort } from '../../src/storage/key-filter.ts'
import {
  auditReads,
  keyListReads,
  listFilters,
  listOrders,
  nameOf,
  otherReads,
  type Place,
  type Read,
  summaryReads,
} from '../support/management-reads.ts'
import {
  indexesOf,
  planOf,
  recordStatements,
  type Statement,
  unboundedIn,
} from '../support/query-plans.ts'

const nowMs = Date.now()
const recorded = recordStatements(env.DB)

function placeOf(accountId: string): Place {
  return {
    ...{ d1: recorded.d1, accountId, creator: 'creator', rareActor: 'rare actor', nowMs },
    ...{
      keyId: `${accountId}-7`,
      keyDigest: `${accountId}7`,
      externalId: 'customer-1',
      keyPrefix: 'a1b2c3d4',
    },
  }
}

/** Its filters meet more keys than are sorted, and more than a page looks through. */
const big = placeOf('big')
/** Its filters meet a few among more than a page looks through first. */
const few = placeOf('few')

beforeAll(async () => {
  await store(big, 28_000)
  await store(few, 8)
  await storeOthers(few, 1_100)
})

async function store({ accountId, externalId, keyPrefix, creator }: Place, count: number) {
  await env.DB.batch([
    env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
       INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, created_at, expires_at,
         last_used_at, created_by, external_id, needs_review, disabled, revoked_at)
       SELECT ?2 || '-' || i, ?2 || i, 1, ?2, 'Key number ' || i, 'key number ' || i, 'whm', ?3, i,
         ?4 + iif(i % 4 = 1, -1, 1000), iif(i < 100, NULL, 2), ?5, ?6, i % 4 <> 3, i % 4 = 2, iif(i % 4 = 3, 5, NULL)
       FROM n`,
    ).bind(count, accountId, keyPrefix, nowMs, creator, externalId),
    env.DB.prepare(
      `INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, key_id, created_at)
       SELECT 'event ' || id, account_id, 'key.created', 'person', created_by, id, created_at
       FROM api_key WHERE account_id = ?`,
    ).bind(accountId),
  ])
}

/** Keys of the environment test that meet no other filter, but for those of all active keys. */
async function storeOthers({ accountId }: Place, count: number) {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
     INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, created_at, last_used_at)
     SELECT ?2 || '-other-' || i, ?2 || 'other' || i, 1, ?2, 'Another', 'another', 'wacrm_test', 'ffffffff', ?3 + i, ?3
     FROM n`,
  )
    .bind(count, accountId, nowMs)
    .run()
}

/** The statements of a read, none of which reads a whole table. */
async function statementsOf(read: Read): Promise<Statement[]> {
  recorded.ran.length = 0
  await read()
  const statements = recorded.ran.slice()
  expect(statements.length).toBeGreaterThan(0)
  return statements
}

const isPage = ({ sql }: Statement) => sql.includes('rowid in (')

/** The indexes of a table by which the pages of a read are found. */
async function indexesOfPages(table: string, read: Read): Promise<string[]> {
  const found = new Set<string>()
  for (const statement of await statementsOf(read)) {
    const plan = await planOf(env.DB, statement)
    expect([statement.sql, unboundedIn(plan)]).toEqual([statement.sql, []])
    if (isPage(statement)) for (const index of indexesOf(table, plan)) found.add(index)
  }
  return [...found].sort()
}

const ofOrder: Record<KeySort['by'], string> = {
  created_at: 'api_key_by_account',
  expires_at: 'api_key_by_end',
  last_used_at: 'api_key_by_use',
  name: 'api_key_by_name',
}
const ofState: Record<string, string> = {
  active: 'api_key_unrevoked',
  expired: 'api_key_unrevoked',
  revoked: 'api_key_revoked',
  disabled: 'api_key_disabled',
  'for review': 'api_key_for_review',
  'disabled, of a creator': 'api_key_disabled',
}
/** Where no key meets a filter, however many others there are. */
const ofNone: Record<string, string> = { 'the environment test': 'api_key_by_format' }
/** Where few keys meet a filter. */
const ofFew: Record<string, string> = {
  expired: 'api_key_by_end',
  revoked: 'api_key_revoked',
  disabled: 'api_key_disabled',
  'for review': 'api_key_for_review',
  'an external id': 'api_key_by_external_id',
  'a creator': 'api_key_by_creator',
  'expires soon': 'api_key_by_end',
  unused: 'api_key_by_use',
  'disabled, of a creator': 'api_key_disabled',
  'the environment live': 'api_key_by_format',
}
const exactly: Record<string, string[]> = {
  'search: an external id': ['api_key_by_external_id'],
  'search: a prefix': ['api_key_by_external_id', 'api_key_by_prefix'],
}

describe.each(listOrders.map((sort) => [nameOf(sort), sort] as const))(
  'keys by %s',
  (order, sort) => {
    const by = sort?.by ?? 'created_at'
    const inOrder = (filter: string) =>
      by === 'created_at' ? (ofState[filter] ?? ofOrder[by]) : ofOrder[by]

    it('are read by the index of the order or the state, where many meet the filter', async () => {
      const reads = keyListReads(big)
      for (const filter of Object.keys(listFilters(big))) {
        const found = await indexesOfPages('api_key', reads[`keys: ${filter}, ${order}`] as Read)
        const wanted = new Set([inOrder(filter), ofNone[filter] ?? inOrder(filter)])
        expect([filter, found]).toEqual([filter, [...wanted].sort()])
      }
    })

    it('are read by the index of the filter, where few meet it', async () => {
      const reads = keyListReads(few)
      for (const filter of Object.keys(listFilters(few))) {
        const found = await indexesOfPages('api_key', reads[`keys: ${filter}, ${order}`] as Read)
        const exact = sort === undefined ? (exactly[filter] ?? []) : []
        // First a look for a full page, in the order.
        const wanted = new Set([...exact, inOrder(filter), ofFew[filter] ?? inOrder(filter)])
        expect([filter, found]).toEqual([filter, [...wanted].sort()])
      }
    })
  },
)

describe('the audit trail', () => {
  const after = { createdAt: 14_000, id: 'event big-14000' }
  it.each([
    ['first page', 'audit_event_by_account'],
    ['in the middle', 'audit_event_by_account'],
    ['exported', 'audit_event_by_account'],
    ['bounded', 'audit_event_by_account'],
    ['by the platform', 'audit_event_by_account'],
    ['an action, by the platform', 'audit_event_by_action'],
    ['of a key', 'audit_event_by_key'],
    ['of an actor', 'audit_event_by_actor'],
    ['of a rare actor', 'audit_event_by_actor'],
    ['an action', 'audit_event_by_action'],
    ['a rare action', 'audit_event_by_action'],
    ['an action of a rare actor', 'audit_event_by_actor'],
    ['a rare action of an actor', 'audit_event_by_actor'],
    ['a span', 'audit_event_by_account'],
    ['a span of an action', 'audit_event_by_action'],
    ['a span of a rare action of an actor', 'audit_event_by_actor'],
    ['a span, bounded', 'audit_event_by_account'],
  ])('%s: by %s', async (name, index) => {
    const read = auditReads(big, after)[`events: ${name}`] as Read
    expect(await indexesOfPages('audit_event', read)).toEqual([index])
  })

  it.each([
    'a span',
    'a span of an action',
    'a span of a rare action of an actor',
    'a span, bounded',
  ])('%s: nothing outside of it is read', async (name) => {
    const statements = await statementsOf(auditReads(big, after)[`events: ${name}`] as Read)
    for (const statement of statements) {
      const searches = (await planOf(env.DB, statement)).filter(({ detail }) =>
        /^SEARCH audit_event USING (COVERING )?INDEX audit_event_by/.test(detail),
      )
      expect(searches.map(({ detail }) => detail)).toEqual([
        expect.stringMatching(/created_at>\? AND created_at<\?\)$/),
      ])
    }
  })
})

describe('the summary of keys', () => {
  const ofAll = ['api_key_by_format', 'api_key_by_use']
  it.each([
    ['all', ofAll],
    ['within an external id', ['api_key_by_external_id', 'api_key_by_format']],
    ['within an external id of no key', ['api_key_by_external_id', 'api_key_by_format']],
    ['within an environment', ['api_key_by_format']],
    ['within scopes', ['api_key_by_format']],
  ])('%s: by %j, whatever the keys of the account', async (name, indexes) => {
    for (const [place, wanted] of [
      [big, indexes],
      [few, indexes.filter((index) => index !== 'api_key_by_use')],
    ] as const) {
      const found = new Set<string>()
      for (const statement of await statementsOf(summaryReads(place)[`summary: ${name}`] as Read)) {
        const plan = await planOf(env.DB, statement)
        expect([statement.sql, unboundedIn(plan)]).toEqual([statement.sql, []])
        for (const index of indexesOf('api_key', plan)) found.add(index)
      }
      expect([place.accountId, [...found].sort()]).toEqual([place.accountId, wanted])
    }
  })
})

describe('other reads', () => {
  it.each(Object.keys(otherReads(big)))('%s: by index', async (name) => {
    await indexesOfPages('api_key', otherReads(big)[name] as Read)
  })
})
