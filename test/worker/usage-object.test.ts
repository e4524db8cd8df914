// Usage objects as workerd runs them: batches again and again, evictions before the fold, and what they write.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { hourMs } from '../../src/usage/counts.ts'
import { UsageLedger } from '../../src/usage/ledger.ts'
import { messageId, type UsageRow } from '../../src/usage/message.ts'
import { endOfMonth, monthOf } from '../../src/usage/shards.ts'
import { UsageSqlStorage } from '../../src/usage/sql-storage.ts'
import { statements } from '../../src/usage/statements.ts'
import type {
  GroupPage,
  GroupTotal,
  UsageCount,
  UsageGroup,
  UsagePart,
} from '../../src/usage/usage-calls.ts'
import type { UsageObject } from '../../src/usage/usage-object.ts'
import { makeKey, openAccount } from '../support/account.ts'
import { openFence } from '../support/fences.ts'
import { createTestApp } from '../support/test-app.ts'

type Stub = DurableObjectStub<UsageObject>

const now = Date.now()
const thisHour = now - (now % hourMs)
const always = { from: 0, to: now + hourMs }
let objects = 0

const newObject = (month = monthOf(now)): Stub =>
  env.USAGE_COUNTS.getByName(`usage/${month}/${objects++}-of-1000`)

function partOf(rows: UsageRow[], accountId = 'account-a'): UsagePart {
  return { id: messageId(now, crypto.randomUUID()), accounts: { [accountId]: rows }, tiers: [] }
}

function row(keyId: string, more: Row = {}): UsageRow {
  const { hour = thisHour, code = 'valid', count = 1, externalId = null } = more
  return [keyId, hour, code, count, hour + 5, externalId, more.environment ?? 'live']
}

type Row = {
  hour?: number
  code?: string
  count?: number
  externalId?: string | null
  environment?: string
}

/** Loses its memory and keeps its storage. */
async function evict(stub: Stub): Promise<void> {
  await evictDurableObject(stub)
}

/** As after six hours. */
async function fold(stub: Stub): Promise<void> {
  await stub.lastUsed('nobody', [])
  await runInDurableObject(stub, (_, { storage }) => {
    storage.sql.exec('UPDATE journal SET at = 0')
  })
  await evict(stub)
  await stub.lastUsed('nobody', [])
  await runDurableObjectAlarm(stub)
  expect(await count(stub, 'journal')).toBe(0)
}

async function count(stub: Stub, table: string): Promise<number> {
  return await runInDurableObject(stub, (_, { storage }) => {
    return storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n
  })
}

const total = (counts: UsageCount[]) => counts.reduce((sum, { count }) => sum + count, 0)
const totals = (groups: GroupTotal[]) =>
  Object.fromEntries(groups.map(({ value, counts }) => [value ?? 'none', counts]))

describe('a usage object', () => {
  it('counts every batch once, delivered to every prefix again', async () => {
    const stub = newObject()
    const batches = Array.from({ length: 8 }, (_, batch) =>
      Array.from({ length: 3 }, (_, message) =>
        partOf([
          row(`key-${message}`, { count: batch + 1 }),
          row('key-0', { code: 'rate_limited', hour: thisHour - batch * hourMs }),
        ]),
      ),
    )
    let sum = 0
    for (let prefix = 1; prefix <= batches.length; prefix++) {
      for (const batch of batches.slice(0, prefix)) expect(await stub.add(batch)).toBe('stored')
      if (prefix % 2 === 0) await evict(stub)
      if (prefix % 3 === 0) await fold(stub)
      sum += 3 * prefix + 3
      expect(total(await stub.ofAccount('account-a', always))).toBe(sum)
    }
    for (const batch of batches) await stub.add(batch.toReversed())
    await fold(stub)
    for (const batch of batches) await stub.add(batch)
    expect(total(await stub.ofAccount('account-a', always))).toBe(sum)
    expect(total(await stub.ofKey('account-a', 'key-2', always))).toBe(36)
    expect(await stub.totals('account-a', 'key', always, null)).toEqual({
      totals: [
        ['key-0', 60],
        ['key-1', 36],
        ['key-2', 36],
      ],
      next: null,
    })
    const codes = await stub.ofGroup('account-a', 'key', ['key-1', 'key-0', 'no-key'], always)
    expect(codes).toEqual([
      { value: 'key-1', counts: { valid: 36 } },
      { value: 'key-0', counts: { valid: 36, rate_limited: 24 } },
    ])
  })

  it('answers the same before and after a fold, by key, group, hour and page', async () => {
    const stub = newObject()
    const rows = [
      row('key-b', { externalId: 'one', count: 3 }),
      row('key-b', { externalId: 'two', count: 4, hour: thisHour - 30 * hourMs }),
      row('key-a', { environment: 'test', code: 'expired', count: 5 }),
      row('key-a', { externalId: '', count: 6 }),
    ]
    await stub.add([partOf(rows), partOf([row('key-c')], 'account-b')])
    const ask = async () => ({
      key: await stub.ofKey('account-a', 'key-b', always),
      account: await stub.ofAccount('account-a', { from: thisHour, to: thisHour + hourMs }),
      external: await groups(stub, 'external_id'),
      environments: await groups(stub, 'environment'),
      lastUsed: (await stub.lastUsed('account-a', ['key-a', 'key-b', 'key-c'])).sort(),
      pages: await pagesOf(stub, 'account-a', 1),
    })
    const before = await ask()
    await fold(stub)
    expect(await ask()).toEqual(before)
    expect(before.key.map(({ count }) => count)).toEqual([4, 3])
    expect(before.account).toEqual([
      { time: thisHour, code: 'expired', count: 5 },
      { time: thisHour, code: 'valid', count: 9 },
    ])
    expect(before.external).toEqual({
      none: { expired: 5 },
      '': { valid: 6 },
      one: { valid: 3 },
      two: { valid: 4 },
    })
    expect(before.environments).toEqual({ live: { valid: 13 }, test: { expired: 5 } })
    expect(before.pages.map(({ keyId }) => keyId)).toEqual(['key-a', 'key-b', 'key-b'])
    await stub.add([partOf(rows)])
    expect((await ask()).environments).toEqual({ live: { valid: 26 }, test: { expired: 10 } })
    expect((await ask()).pages.map(({ keyId }) => keyId)).toEqual(['key-a', 'key-b', 'key-b'])
  })

  it('counts tiers once', async () => {
    const stub = newObject()
    const part: UsagePart = { ...partOf([]), tiers: [[thisHour, 'weur', 'memory', 7]] }
    for (let turn = 0; turn < 2; turn++) await stub.add([part, part])
    await fold(stub)
    await stub.add([part, { ...partOf([]), tiers: [[thisHour, 'weur', 'memory', 2]] }])
    expect(await stub.tiers(now)).toEqual([{ region: 'weur', tier: 'memory', count: 9 }])
    expect(await stub.tiers(now + hourMs)).toEqual([])
  })

  it('stores nothing when it is only read, nor past its retention', async () => {
    for (const stub of [newObject(), newObject('2020-01')]) {
      if (stub.name?.includes('2020'))
        expect(await stub.add([partOf([row('key-a')])])).toBe('stored')
      expect(await stub.ofAccount('account-a', always)).toEqual([])
      expect(await stub.totals('account-a', 'external_id', always, null)).toEqual({
        totals: [],
        next: null,
      })
      expect(await stub.ofGroup('account-a', 'external_id', [null, ''], always)).toEqual([])
      expect(await stub.days('account-a', null, 5)).toEqual([])
      expect(await stub.tiers(0)).toEqual([])
      expect(await stub.forget('account-a')).toBe(true)
      const tables = await runInDurableObject(stub, (_, { storage }) =>
        storage.sql
          .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'")
          .toArray(),
      )
      expect(tables).toEqual([])
    }
  })

  it('forgets an account, what is folded and what is not', async () => {
    const stub = newObject()
    const keys = Array.from({ length: 6_000 }, (_, key) => row(`key-${key}`))
    await stub.add([partOf(keys), partOf([row('key-z')], 'account-b')])
    await fold(stub)
    await stub.add([partOf([row('key-late')]), partOf([row('key-z')], 'account-b')])
    const answers = [await stub.forget('account-a'), await stub.forget('account-a')]
    expect(answers).toEqual([false, true])
    await evict(stub)
    await fold(stub)
    expect(await stub.ofAccount('account-a', always)).toEqual([])
    expect(await stub.days('account-a', null, 5)).toEqual([])
    expect(total(await stub.ofAccount('account-b', always))).toBe(2)
    expect(await count(stub, 'account')).toBe(1)
  })
})

async function pagesOf(stub: Stub, accountId: string, limit: number) {
  const days = []
  for (let after = null; ; ) {
    const page = await stub.days(accountId, after, limit)
    days.push(...page)
    const last = page.at(-1)
    if (last === undefined) return days
    after = last
  }
}

describe('the fold', () => {
  beforeAll(() => openFence())

  it('raises last_used_at in D1, and never lowers it', async () => {
    const app = await createTestApp({})
    const account = await openAccount()
    const { id } = await makeKey(app, account.owner.jwt)
    const seqOf = () =>
      env.DB.prepare('SELECT seq, last_used_at AS usedAt FROM api_key WHERE id = ?')
        .bind(id)
        .first<{ seq: number; usedAt: number | null }>()
    const before = await seqOf()
    const stub = newObject()
    await stub.add([partOf([row(id), row(id, { code: 'expired', hour: thisHour + hourMs })])])
    await fold(stub)
    expect(await seqOf()).toEqual({ seq: before?.seq, usedAt: thisHour + 5 })
    await stub.add([partOf([row(id, { hour: thisHour - hourMs })])])
    await fold(stub)
    expect(await seqOf()).toEqual({ seq: before?.seq, usedAt: thisHour + 5 })
  })
})

/** A ledger in an object's storage, and the rows that its statements wrote. */
function countedLedger(storage: DurableObjectStorage) {
  const cursors: { rowsWritten: number }[] = []
  const sql = {
    exec: (query: string, ...values: unknown[]) => {
      const cursor = storage.sql.exec(query, ...values)
      cursors.push(cursor)
      return cursor
    },
  }
  const counted = {
    sql,
    transactionSync: (work: () => unknown) => storage.transactionSync(work),
    setAlarm: () => {},
  } as unknown as DurableObjectStorage
  const ledger = new UsageLedger(new UsageSqlStorage(counted, null), {
    endsAt: endOfMonth(now),
    now: Date.now,
    raiseLastUsed: async () => {},
    report(cause) {
      throw cause
    },
  })
  const written = () => cursors.splice(0).reduce((sum, { rowsWritten }) => sum + rowsWritten, 0)
  return { ledger, written }
}

/** Ten messages of a thousand keys each. */
function tenMessages(): UsagePart[] {
  return Array.from({ length: 10 }, () =>
    partOf(Array.from({ length: 1_000 }, () => row(crypto.randomUUID()))),
  )
}

describe('what a usage object writes', () => {
  it('is two rows for ten messages of a thousand keys', async () => {
    await runInDurableObject(newObject(), (_, { storage }) => {
      const { ledger, written } = countedLedger(storage)
      ledger.add([partOf([row('key-a')])])
      written()
      const batch = tenMessages()
      ledger.add(batch)
      expect(written()).toBe(2)
      ledger.add(batch)
      expect(written()).toBe(0)
    })
  })

  it('is a row a key day, of some hundred bytes, when it folds', async () => {
    const stub = newObject()
    const size = () => runInDurableObject(stub, (_, { storage }) => storage.sql.databaseSize)
    await stub.add([partOf([row('key-a')])])
    await fold(stub)
    const before = await size()
    for (const batch of [tenMessages()]) await stub.add(batch)
    await fold(stub)
    expect(await count(stub, 'usage_day')).toBe(10_001)
    const bytes = ((await size()) - before) / 10_000
    expect(bytes).toBeLessThan(300)
  })
})

describe('statements', () => {
  it('read by an index', async () => {
    const stub = newObject()
    await stub.add([partOf([row('key-a')])])
    const plans = await runInDurableObject(stub, (_, { storage }) =>
      Object.entries(statements).map(([name, query]) => {
        const values = Array(parametersOf(query)).fill(1)
        const steps = storage.sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values)
        return { name, plan: steps.toArray().map(({ detail }) => detail) }
      }),
    )
    const scans = plans.filter(({ plan }) =>
      plan.some((step) => /SCAN (?!json_each)|TEMP B-TREE/.test(step)),
    )
    // All of it is wanted, in the order of its primary key.
    expect(scans.map(({ name }) => name)).toEqual(['journal'])
    expect(plans.filter(({ plan }) => plan.length > 0).length).toBeGreaterThan(15)
  })
})

/** Numbered ones by the highest number. */
function parametersOf(query: string): number {
  const numbers = [...query.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number))
  return numbers.length > 0 ? Math.max(...numbers) : (query.match(/\?/g)?.length ?? 0)
}

/** The codes of all values of a group, in the order of the pages. */
async function groups(stub: Stub, group: UsageGroup) {
  const page: unknown = await stub.totals('account-a', group, always, null)
  const values = (page as GroupPage).totals.map(([value]) => value)
  return totals(await stub.ofGroup('account-a', group, values, always))
}
