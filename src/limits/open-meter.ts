// What a meter's object runs: the meter, with SQLite and the machine's clock.
import type { MeterState } from './decision.ts'
import { Meter, type MeterStorage } from './meter.ts'

export function openMeter(storage: DurableObjectStorage): Meter {
  return new Meter(createStorage(storage), Date.now)
}

function createStorage(storage: DurableObjectStorage): MeterStorage {
  const { sql } = storage
  let isOpen = false
  // A cleared object occupies no storage until it is used again.
  const open = () => {
    if (!isOpen) for (const table of tables) sql.exec(table)
    isOpen = true
  }
  open()
  return {
    load: () => load(sql),
    save({ buckets, balance }, use) {
      open()
      const state = JSON.stringify({ fillings: [...buckets], balance })
      storage.transactionSync(() => {
        sql.exec('INSERT OR REPLACE INTO state VALUES (1, ?)', state)
        if (use === undefined) return
        sql.exec('INSERT OR REPLACE INTO use VALUES (?, ?, ?)', use.name, use.credits, use.atMs)
      })
    },
    findUse(name) {
      open()
      const statement = 'SELECT credits, at_ms AS atMs FROM use WHERE name = ?'
      return sql.exec<{ credits: number; atMs: number }>(statement, name).toArray()[0] ?? null
    },
    forgetUses(untilMs) {
      open()
      sql.exec('DELETE FROM use WHERE at_ms <= ?', untilMs)
      return sql.exec('SELECT 1 FROM use LIMIT 1').toArray().length > 0
    },
    wakeAt: (timeMs) => void wakeAt(storage, timeMs),
    async clear() {
      isOpen = false
      await storage.deleteAll()
    },
  }
}

const tables = [
  'CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL)',
  `CREATE TABLE IF NOT EXISTS use (name TEXT PRIMARY KEY, credits INTEGER NOT NULL,
    at_ms INTEGER NOT NULL) WITHOUT ROWID`,
]

function load(sql: SqlStorage): MeterState {
  const [row] = sql.exec<{ json: string }>('SELECT json FROM state').toArray()
  if (row === undefined) return { buckets: new Map(), balance: null }
  const { fillings, balance } = JSON.parse(row.json)
  return { buckets: new Map(fillings), balance }
}

async function wakeAt(storage: DurableObjectStorage, timeMs: number): Promise<void> {
  // An earlier alarm sets the next one itself.
  if ((await storage.getAlarm()) === null) await storage.setAlarm(timeMs)
}
