// What a usage object costs by the usage days that it holds: its own ledger, reads and statements, on SQLite itself.
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { dayMs, hourMs } from '../../src/usage/counts.ts'
import { UsageLedger } from '../../src/usage/ledger.ts'
import { messageId, type UsageRow } from '../../src/usage/message.ts'
import { UsageSqlStorage } from '../../src/usage/sql-storage.ts'
import { tables } from '../../src/usage/statements.ts'
import type { UsagePart } from '../../src/usage/usage-calls.ts'
import { createReads } from '../../src/usage/usage-reads.ts'
import { whole } from '../page/format.ts'
import type { Curve } from '../page/results.ts'
import { bigAccount, idOf } from '../support/key-rows.ts'
import { workFolder } from '../support/places.ts'
import { median, quantile } from '../support/statistics.ts'

const daysOfMonth = 30
const firstDay = Math.floor(Date.UTC(2026, 10, 1) / dayMs)
const span = { from: firstDay * dayMs, to: (firstDay + daysOfMonth) * dayMs }
const customers = 1_000
const ofMessage = 1_000
const ofFold = 5_000

/** @param sizes usage days, each of one key of one account and one day. */
export async function measureGrowth(sizes: readonly number[], runs: number) {
  const path = join(workFolder, 'usage-growth.sqlite')
  rmSync(path, { force: true })
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  for (const table of tables) db.exec(table)
  const curves: Curve[] = []
  const bytes: { at: number; bytes: number }[] = []
  let keys = 0
  for (const size of sizes) {
    const wanted = Math.ceil(size / daysOfMonth)
    fill(db, keys + 1, wanted)
    keys = wanted
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    bytes.push({ at: size, bytes: statSync(path).size })
    for (const [name, work] of Object.entries(createWorks(db, keys))) {
      const times: number[] = []
      for (let run = 0; run < runs; run++) times.push(await work())
      const curve = curves.find((each) => each.name === name) ?? { name, points: [] }
      if (curve.points.length === 0) curves.push(curve)
      curve.points.push({ at: size, p50: median(times), p99: quantile(times, 0.99) })
    }
    console.log(`${size} usage days`)
  }
  db.close()
  rmSync(path, { force: true })
  return { curves, bytes }
}

/** The rows of keys `from` to `to` for every day of the month, and of what they are grouped by. */
function fill(db: DatabaseSync, from: number, to: number): void {
  const hours = JSON.stringify({ valid: Array.from({ length: 24 }, (_, at) => at + 1) })
  db.exec(`BEGIN;
    INSERT OR IGNORE INTO account VALUES (1, '${bigAccount}');
    WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to}),
      d(day) AS (SELECT ${firstDay} UNION ALL SELECT day + 1 FROM d WHERE day < ${firstDay + daysOfMonth - 1})
    INSERT INTO usage_day SELECT 1, printf('%08x-0000-4000-8000-%012x', i, i), day, 300, day * ${dayMs}, '${hours}' FROM n, d;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${customers - 1}),
      d(day) AS (SELECT ${firstDay} UNION ALL SELECT day + 1 FROM d WHERE day < ${firstDay + daysOfMonth - 1})
    INSERT OR IGNORE INTO usage_group SELECT 1, 1, 'customer-' || i, day, 300, '${hours}' FROM n, d;
    INSERT OR IGNORE INTO usage_group SELECT 1, 0, '', day, 300, counts FROM usage_group
      WHERE kind = 1 AND value = 'customer-0';
    COMMIT`)
}

/** Each does its work once and gives its milliseconds. */
function createWorks(db: DatabaseSync, keys: number): Record<string, () => Promise<number>> {
  const storage = new UsageSqlStorage(storageOn(db), null)
  const clock = { now: span.to - hourMs }
  const ledger = new UsageLedger(storage, {
    endsAt: span.to,
    now: () => clock.now,
    raiseLastUsed: async () => {},
    report: (cause) => {
      throw cause
    },
  })
  const reads = createReads(storage, () => ledger.layers)
  const fold = async () => {
    clock.now += 7 * hourMs
    await ledger.maintain()
    clock.now -= 7 * hourMs
  }
  const anyKey = () => idOf(1 + Math.floor(Math.random() * keys))
  const parts = (count: number) =>
    Array.from({ length: count / ofMessage }, () => partOf(clock.now, anyKey))
  return {
    async [`a message of ${whole(ofMessage)} rows is stored`]() {
      const added = parts(ofMessage)
      const ms = await timed(() => void ledger.add(added))
      await fold()
      return ms
    },
    async [`${whole(ofFold)} key days are folded`]() {
      ledger.add(parts(ofFold))
      return timed(fold)
    },
    'usage of a key, a month': () => timed(() => void reads.ofKey(bigAccount, anyKey(), span)),
    'usage of the account, a month': () => timed(() => void reads.ofAccount(bigAccount, span)),
    'totals by key: one page': () =>
      timed(() => void reads.totals(bigAccount, 'key', span, { value: anyKey() })),
    'totals by external id: one page': () =>
      timed(() => void reads.totals(bigAccount, 'external_id', span, null)),
    'the last use of 100 keys': () => {
      const wanted = Array.from({ length: 100 }, anyKey)
      return timed(() => void reads.lastUsed(bigAccount, wanted))
    },
    'a page of an export: 500 days': () => {
      const after = { keyId: anyKey(), day: span.from }
      return timed(() => void reads.days(bigAccount, after, 500))
    },
  }
}

function partOf(now: number, anyKey: () => string): UsagePart {
  const rows = Array.from({ length: ofMessage }, (): UsageRow => {
    const customer = `customer-${Math.floor(Math.random() * customers)}`
    return [anyKey(), now - (now % hourMs), 'valid', 3, now, customer, 'live']
  })
  return { id: messageId(now, crypto.randomUUID()), accounts: { [bigAccount]: rows }, tiers: [] }
}

async function timed(work: () => void | Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** The SQL of a Durable Object's storage. Its alarms and deletion are not measured. */
function storageOn(db: DatabaseSync): DurableObjectStorage {
  const prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  const exec = (query: string, ...given: SQLInputValue[]) => {
    const statement = prepared.get(query) ?? db.prepare(query)
    prepared.set(query, statement)
    const rows = statement.all(...given)
    return {
      [Symbol.iterator]: () => rows[Symbol.iterator](),
      toArray: () => rows,
      one: () => rows[0],
      rowsWritten: 0,
    }
  }
  const transactionSync = <T>(work: () => T): T => {
    db.exec('BEGIN IMMEDIATE')
    const result = work()
    db.exec('COMMIT')
    return result
  }
  const setAlarm = async () => {}
  return { sql: { exec }, transactionSync, setAlarm } as unknown as DurableObjectStorage
}
