// What a meter's object runs: the meter, with SQLite and the machine's clock.
import type { LimitsRemaining, MeterTerms } from '../core/limits.ts'
import type { ConsumeResult, MeterState } from './decision.ts'
import { type MeterStore, mergeWrites } from './merged-writes.ts'
import {
  type ConsumeRequest,
  type CountAnswer,
  type CountRequest,
  Meter,
  type TopUpRequest,
  type TopUpResult,
  type Use,
} from './meter.ts'

/** The meter, whose answers wait until all that they follow from is written. */
export type OpenMeter = {
  take(request: ConsumeRequest): Promise<ConsumeResult>
  count(request: CountRequest): Promise<CountAnswer>
  topUp(request: TopUpRequest): Promise<TopUpResult>
  findTopUp(idempotencyKey: string): Promise<Use | null>
  read(terms: MeterTerms): Promise<LimitsRemaining>
  maintain(): Promise<void>
}

export function openMeter(context: DurableObjectState): OpenMeter {
  const storage = mergeWrites(createStore(context))
  const meter = new Meter(storage, Date.now)
  const written = async <Answer>(answer: Answer): Promise<Answer> => {
    await storage.written()
    return answer
  }
  return {
    take: async (request) => written(meter.take(request)),
    count: async (request) => written(meter.count(request)),
    topUp: async (request) => written(meter.topUp(request)),
    findTopUp: async (idempotencyKey) => written(meter.findTopUp(idempotencyKey)),
    read: async (terms) => written(meter.read(terms)),
    async maintain() {
      await meter.maintain()
      await storage.written()
    },
  }
}

function createStore(context: DurableObjectState): MeterStore {
  const { storage } = context
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
    save({ buckets, balance }, uses) {
      open()
      const state = JSON.stringify({ fillings: [...buckets], balance })
      if (uses.size === 0) return void sql.exec(saveState, state)
      storage.transactionSync(() => {
        sql.exec(saveState, state)
        for (const [name, { credits, atMs }] of uses) sql.exec(saveUse, name, credits, atMs)
      })
    },
    synced: () => storage.sync(),
    abort: (cause) => context.abort(`The state of a meter was not stored: ${cause}`),
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
const saveState = 'INSERT OR REPLACE INTO state VALUES (1, ?)'
const saveUse = 'INSERT OR REPLACE INTO use VALUES (?, ?, ?)'

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
