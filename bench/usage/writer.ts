// What a change waits for at D1's one writer, without a machine that is shared: the processor time of a
// statement on SQLite itself.
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createKeyChanges } from '../../src/storage/key-changes.ts'
import { raiseLastUsed } from '../../src/storage/last-uses.ts'
import { openD1 } from '../../test/simulation/sqlite.ts'
import { bigAccount, idOf, migrate } from '../support/key-rows.ts'
import { workFolder } from '../support/places.ts'
import { median, quantile } from '../support/statistics.ts'
import { fillKeys } from './keys.ts'

const foldMs = 6 * 60 * 60 * 1000
const firstUse = 1_800_000_000_000

export type Waiting = {
  /** Keys whose last use one statement writes. */
  chunk: number
  /** Processor time, as of the revocation. */
  statementMs: number
  statementP99Ms: number
  revocationMs: number
  /** Of a revocation that arrives at any time while one statement follows another: half a statement and itself. */
  ratioBesideOne: number
  /** With five writers: four whole statements more. */
  ratioBesideFive: number
}

export type D1Bytes = {
  keys: number
  bytesPerKey: number
  bytesPerAuditEvent: number
  bytesUsedKey: number
}

export async function measureWriter(
  isQuick: boolean,
): Promise<{ waiting: Waiting[]; d1: D1Bytes }> {
  const keys = isQuick ? 5_000 : 100_000
  const path = join(workFolder, 'usage.sqlite')
  mkdirSync(workFolder, { recursive: true })
  rmSync(path, { force: true })
  const { d1, database } = openD1(path)
  migrate(database)
  const size = () => statSync(path).size
  const empty = size()
  fillKeys(database, keys)
  const filled = size()
  const revocations: number[] = []
  for (let key = 1; revocations.length < 300; key += key % 20 === 19 ? 2 : 1) {
    revocations.push(await timed(() => revoke(d1, key)))
  }
  const revocationMs = median(revocations)
  await raiseAll(d1, keys)
  const used = size()
  const waiting = await timeRaises(d1, { keys, revocationMs })
  const before = size()
  const events = addEvents(database, keys)
  const bytesPerAuditEvent = Math.round((size() - before) / events)
  database.close()
  rmSync(path, { force: true })
  const d1Bytes = {
    keys,
    bytesPerKey: Math.round((filled - empty) / keys),
    bytesUsedKey: Math.round((used - empty) / keys),
    bytesPerAuditEvent,
  }
  return { waiting, d1: d1Bytes }
}

type Timing = { keys: number; revocationMs: number }

/** Processor time in ms: what else runs on the machine does not count. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** Statements of every size in turn, with uses as a fold has them: keys in order, times of the last six hours. */
async function timeRaises(d1: D1Database, { keys, revocationMs }: Timing) {
  const times = new Map([1_000, 500, 200, 100, 50, 20].map((chunk) => [chunk, [] as number[]]))
  let key = 0
  for (let run = 0; run < 150; run++) {
    for (const [chunk, ofChunk] of times) {
      const uses = Array.from({ length: chunk }, (): [string, number] => {
        const pass = Math.floor(key / keys)
        const at = firstUse + pass * foldMs + Math.floor(Math.random() * foldMs)
        return [idOf(1 + (key++ % keys)), at]
      })
      ofChunk.push(await timed(() => raiseLastUsed(d1, uses)))
    }
  }
  return [...times].map(([chunk, ofChunk]) => waitOf(chunk, ofChunk, revocationMs))
}

function waitOf(chunk: number, times: number[], revocationMs: number): Waiting {
  const statement = median(times)
  const ratio = (waited: number) => Number(((revocationMs + waited) / revocationMs).toFixed(2))
  return {
    chunk,
    statementMs: Number(statement.toFixed(3)),
    statementP99Ms: Number(quantile(times, 0.99).toFixed(3)),
    revocationMs: Number(revocationMs.toFixed(3)),
    ratioBesideOne: ratio(statement / 2),
    ratioBesideFive: ratio(4.5 * statement),
  }
}

function revoke(d1: D1Database, key: number): Promise<unknown> {
  const actor = { actorKind: 'system', actorId: null, requestId: null, detail: null } as const
  return createKeyChanges(d1).commit({
    accountId: bigAccount,
    selection: { by: 'version', id: idOf(key), seq: 1 },
    patch: { revokedAt: Date.now(), revokedBy: null },
    audit: { action: 'api_key.revoked', ...actor },
    nowMs: Date.now(),
  })
}

async function raiseAll(d1: D1Database, keys: number): Promise<void> {
  for (let from = 1; from <= keys; from += 1_000) {
    const uses = Array.from({ length: 1_000 }, (_, key): [string, number] => [
      idOf(from + key),
      1.8e12,
    ])
    await raiseLastUsed(d1, uses)
  }
}

/** Events of keys by people, as most are, of many hours. */
function addEvents(database: ReturnType<typeof openD1>['database'], count: number): number {
  database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO audit_event (id, account_id, action, actor_kind, actor_id, key_id, detail, request_id, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'
        || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), '${bigAccount}',
      CASE i % 3 WHEN 0 THEN 'api_key.created' WHEN 1 THEN 'api_key.updated' ELSE 'api_key.revoked' END,
      'person', printf('bbbbbbbb-0000-4000-8000-%012x', i % 50), printf('%08x-0000-4000-8000-%012x', i, i),
      CASE WHEN i % 3 < 2 THEN '{"name":"Key number ' || i || '","scopes":["contacts:read","messages:read"]}' END,
      lower(hex(randomblob(16))), 1700000000000 + i * 1000
    FROM n`)
  return count
}
