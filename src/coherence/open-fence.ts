// What a fence's object runs: the fence, with SQLite, D1's list of fences and the machine's clock.
import { log } from '../log.ts'
import { acknowledged } from './acknowledged.ts'
import {
  Fence,
  type FenceAnswer,
  type FenceBase,
  type FenceRegistry,
  type FenceStatus,
  type FenceStorage,
  type Floor,
  type Since,
} from './fence.ts'
import { regionOfFence } from './regions.ts'

export type OpenFence = {
  ask(since: Since | null, digest: string | null): FenceAnswer | null
  inspect(subjects: string[]): FenceStatus
  hold(raises: Floor[]): typeof acknowledged
  reset(): typeof acknowledged
  maintain(): Promise<void>
}

export function openFence(
  context: Pick<DurableObjectState, 'id' | 'storage' | 'waitUntil'>,
  d1: D1Database,
): OpenFence {
  const { name } = context.id
  if (name === undefined) throw new Error('A fence must be addressed by name.')
  const registry = createRegistry(d1, { name, region: regionOfFence(name) })
  const options = { now: Date.now, newEpoch: () => crypto.randomUUID() }
  const fence = new Fence(createStorage(context.storage), registry, options)
  // When D1 is down, the next reader's call tries again.
  const register = () =>
    fence.register().catch((cause) => log('warn', 'fence_not_registered', { cause }))
  return {
    ask(since, digest) {
      const answer = fence.ask(since, digest)
      if (answer === null) context.waitUntil(register())
      return answer
    },
    inspect: (subjects) => fence.inspect(subjects),
    hold(raises) {
      fence.hold(raises)
      return acknowledged
    },
    reset() {
      fence.reset()
      return acknowledged
    },
    maintain: () => fence.maintain(),
  }
}

/** The registry is used once in a fence's life and once a day: its module is loaded only then. */
function createRegistry(d1: D1Database, self: { name: string; region: string }): FenceRegistry {
  const open = async () =>
    (await import('../storage/fence-registry.ts')).createFenceRegistry(d1, self)
  return {
    register: async (nowMs) => (await open()).register(nowMs),
    retire: async (seq) => (await open()).retire(seq),
    ping: async () => (await open()).ping(),
  }
}

// Floors are read by subject, not held in memory: a region's fence may have a million after a large revocation.
function createStorage(storage: DurableObjectStorage): FenceStorage {
  const { sql } = storage
  sql.exec(`CREATE TABLE IF NOT EXISTS base (id INTEGER PRIMARY KEY CHECK (id = 1),
    min_seq INTEGER, registered_seq INTEGER, last_used_at INTEGER NOT NULL)`)
  sql.exec(`CREATE TABLE IF NOT EXISTS floor (subject TEXT PRIMARY KEY,
    seq INTEGER NOT NULL, raised_at INTEGER NOT NULL) WITHOUT ROWID`)
  sql.exec('CREATE INDEX IF NOT EXISTS floor_by_seq ON floor (seq)')
  sql.exec('CREATE INDEX IF NOT EXISTS floor_by_age ON floor (raised_at)')
  return {
    loadBase: () => loadBase(sql),
    saveBase({ minSeq, registeredSeq, lastUsedAt }) {
      const statement = 'INSERT OR REPLACE INTO base VALUES (1, ?, ?, ?)'
      sql.exec(statement, minSeq, registeredSeq, lastUsedAt)
    },
    floorOf: (subject) =>
      numberOf(sql, 'SELECT seq AS n FROM floor WHERE subject = ?', subject) ?? 0,
    saveFloor([subject, seq], raisedAt) {
      sql.exec('INSERT OR REPLACE INTO floor VALUES (?, ?, ?)', subject, seq, raisedAt)
    },
    groupsAbove: (seq) =>
      floorsOf(
        sql,
        "SELECT subject, seq FROM floor WHERE subject >= '@' AND subject < 'A' AND seq > ?",
        seq,
      ),
    newestDigests: (above, limit) =>
      floorsOf(
        sql,
        "SELECT subject, seq FROM floor WHERE seq > ? AND NOT (subject >= '@' AND subject < 'A') ORDER BY seq DESC LIMIT ?",
        above,
        limit,
      ),
    highestRaisedUntil: (timeMs) =>
      numberOf(sql, 'SELECT max(seq) AS n FROM floor WHERE raised_at <= ?', timeMs),
    removeRaisedUntil: (timeMs) => void sql.exec('DELETE FROM floor WHERE raised_at <= ?', timeMs),
    countFloors: () => numberOf(sql, 'SELECT count(*) AS n FROM floor') ?? 0,
    wakeAt: (timeMs) => void wakeAt(storage, timeMs),
  }
}

function loadBase(sql: SqlStorage): FenceBase | null {
  type Row = { min_seq: number | null; registered_seq: number | null; last_used_at: number }
  const [row] = sql.exec<Row>('SELECT * FROM base').toArray()
  if (row === undefined) return null
  const { min_seq: minSeq, registered_seq: registeredSeq, last_used_at: lastUsedAt } = row
  return { minSeq, registeredSeq, lastUsedAt }
}

function numberOf(sql: SqlStorage, query: string, ...values: (string | number)[]): number | null {
  return sql.exec<{ n: number | null }>(query, ...values).toArray()[0]?.n ?? null
}

function floorsOf(sql: SqlStorage, query: string, ...values: number[]): Floor[] {
  const rows = sql.exec<{ subject: string; seq: number }>(query, ...values).toArray()
  return rows.map(({ subject, seq }) => [subject, seq])
}

async function wakeAt(storage: DurableObjectStorage, timeMs: number): Promise<void> {
  // An earlier alarm sets the next one itself.
  if ((await storage.getAlarm()) === null) await storage.setAlarm(timeMs)
}
