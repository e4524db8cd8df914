// The fence as a Durable Object with SQLite storage. The platform holds back an answer until the writes
// before it are durable (output gate), which the protocol requires.
import { DurableObject } from 'cloudflare:workers'
import { log } from '../log.ts'
import {
  acknowledged,
  Fence,
  type FenceRegistry,
  type FenceState,
  type FenceStatus,
  type FenceStorage,
  type Raise,
} from './fence.ts'
import { regionOfFence } from './regions.ts'

export class FenceObject extends DurableObject<Env> {
  private readonly fence: Fence

  constructor(context: DurableObjectState, env: Env) {
    super(context, env)
    const name = context.id.name
    if (name === undefined) throw new Error('A fence must be addressed by name.')
    const registry = createRegistry(env.DB, { name, region: regionOfFence(name) })
    this.fence = new Fence(createStorage(context.storage), registry, Date.now)
  }

  /** As `Fence.requiredSeq`; an unregistered fence registers after the answer. */
  requiredSeq(digest: string): number | null {
    const requiredSeq = this.fence.requiredSeq(digest)
    if (requiredSeq === null) this.ctx.waitUntil(this.register())
    return requiredSeq
  }

  inspect(digest: string): FenceStatus {
    return this.fence.inspect(digest)
  }

  raise(raises: Raise[]): typeof acknowledged {
    this.fence.raise(raises)
    return acknowledged
  }

  /** Part of restoring D1 to an earlier time: every fence must register again. */
  reset(): typeof acknowledged {
    this.fence.reset()
    return acknowledged
  }

  override async alarm(): Promise<void> {
    await this.fence.maintain()
  }

  private async register(): Promise<void> {
    // When D1 is down, the next reader's call tries again.
    await this.fence.register().catch((cause) => log('warn', 'fence_not_registered', { cause }))
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

function createStorage(storage: DurableObjectStorage): FenceStorage {
  const { sql } = storage
  sql.exec(`CREATE TABLE IF NOT EXISTS base (id INTEGER PRIMARY KEY CHECK (id = 1),
    min_seq INTEGER, registered_seq INTEGER, asked_at INTEGER NOT NULL)`)
  sql.exec(`CREATE TABLE IF NOT EXISTS floor (digest TEXT PRIMARY KEY,
    seq INTEGER NOT NULL, raised_at INTEGER NOT NULL) WITHOUT ROWID`)
  return {
    load: () => load(sql),
    saveBase({ minSeq, registeredSeq, lastUsedAt }) {
      const statement = 'INSERT OR REPLACE INTO base VALUES (1, ?, ?, ?)'
      sql.exec(statement, minSeq, registeredSeq, lastUsedAt)
    },
    saveFloor(digest, { seq, raisedAt }) {
      sql.exec('INSERT OR REPLACE INTO floor VALUES (?, ?, ?)', digest, seq, raisedAt)
    },
    removeFloors(digests) {
      const list = JSON.stringify(digests)
      sql.exec('DELETE FROM floor WHERE digest IN (SELECT value FROM json_each(?))', list)
    },
    wakeAt: (timeMs) => void wakeAt(storage, timeMs),
  }
}

function load(sql: SqlStorage): FenceState {
  type Base = { min_seq: number | null; registered_seq: number | null; asked_at: number }
  const [base] = sql.exec<Base>('SELECT * FROM base').toArray()
  const floors = new Map(
    sql
      .exec<{ digest: string; seq: number; raised_at: number }>('SELECT * FROM floor')
      .toArray()
      .map(({ digest, seq, raised_at }) => [digest, { seq, raisedAt: raised_at }]),
  )
  return {
    minSeq: base?.min_seq ?? null,
    registeredSeq: base?.registered_seq ?? null,
    lastUsedAt: base?.asked_at ?? 0,
    floors,
  }
}

async function wakeAt(storage: DurableObjectStorage, timeMs: number): Promise<void> {
  // An earlier alarm sets the next one itself.
  if ((await storage.getAlarm()) === null) await storage.setAlarm(timeMs)
}
