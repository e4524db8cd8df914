// `npx node --expose-gc bench/scale.ts`: how cost grows with keys stored, keys in use and keys revoked at once. The statements
// are those of src/storage, on SQLite itself; the figures do not include D1's network.
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fence, type FenceStorage } from '../src/coherence/fence.ts'
import type { KeyRecord } from '../src/core/record.ts'
import { type Committed, createKeyChanges } from '../src/storage/key-changes.ts'
import type { KeyFilter } from '../src/storage/key-filter.ts'
import { listKeys } from '../src/storage/key-list.ts'
import type { KeyPosition } from '../src/storage/key-place.ts'
import { wholeAccount } from '../src/storage/key-reach.ts'
import { createKeyReader, findKey } from '../src/storage/key-store.ts'
import { createMemory } from '../src/storage/memory.ts'
import { openD1, type Ran } from '../test/simulation/sqlite.ts'
import type { Curve, ScaleResults } from './page/results.ts'
import { writePage } from './page.ts'
import { bigAccount, digestsOf, fill, idOf, maxOfOneAccount, migrate } from './support/key-rows.ts'
import { describeMachine } from './support/machine.ts'
import { failSlow, measureManagement } from './support/management.ts'
import { resultsFolder, workFolder } from './support/places.ts'
import { median, quantile } from './support/statistics.ts'
import { measureGrowth } from './usage/growth.ts'

const noRegistry = { register: async () => 1, retire: async () => {}, ping: async () => {} }
const isQuick = process.argv.includes('--quick')
/** `--most=1000000`: no larger sizes. */
const most = Number(process.argv.find((each) => each.startsWith('--most='))?.slice(7) ?? 1e7)
const sizes = [10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000].filter(
  (size) => size <= (isQuick ? 100_000 : most),
)
const managed = Math.min(sizes.at(-1) ?? 0, maxOfOneAccount)

mkdirSync(workFolder, { recursive: true })
const results: ScaleResults = {
  machine: describeMachine(),
  stored: [],
  plans: [],
  fileBytes: [],
  inUse: [1, 10, 100, 1_000, 10_000, 20_000, 50_000, 100_000].map(useOf),
  memoryBytes: memoryBytes(),
  revoked: [],
  management: [],
  usageDays: await measureGrowth(
    sizes.filter((size) => size >= 10_000),
    isQuick ? 20 : 100,
  ),
}
console.table(results.inUse)
console.log(`${results.memoryBytes} bytes for 10,000 records`)

const path = join(workFolder, 'scale.sqlite')
rmSync(path, { force: true })
const ran: Ran[] = []
const { d1, database: db } = openD1(path, (statement) => ran.push(statement))
migrate(db)
let stored = 0
for (const size of sizes) {
  const began = performance.now()
  fill(db, stored + 1, size)
  stored = size
  results.fileBytes.push({ at: size, bytes: statSync(path).size })
  console.log(`${size} keys, filled in ${Math.round((performance.now() - began) / 1000)} s`)
  for (const [name, work] of Object.entries(operations(size))) await note(name, size, work)
  if (size === 100_000) await measureRevoking()
  if (size === managed) results.management = await measureManagement({ d1, db, ran }, size, isQuick)
}
for (const { name, points } of [
  ...results.stored,
  ...results.revoked,
  ...results.usageDays.curves,
]) {
  console.log(name, points.map(({ at, p50 }) => `${at}: ${p50.toFixed(3)} ms`).join(', '))
}
db.close()
rmSync(path, { force: true })
mkdirSync(resultsFolder, { recursive: true })
writeFileSync(join(resultsFolder, 'scale.json'), `${JSON.stringify(results, null, 2)}\n`)
writePage()
if (failSlow(results.management)) process.exitCode = 1

type Work = (run: number) => Promise<unknown>

function operations(size: number): Record<string, Work> {
  const own = Math.min(size, maxOfOneAccount)
  const any = () => 1 + Math.floor(Math.random() * size)
  const digests = digestsOf(db, Array.from({ length: 300 }, any))
  const nowMs = Date.now()
  const middle = {
    ...({ part: 'whole', id: idOf(Math.ceil(own / 2)) } as const),
    value: 1_700_000_000_000 + Math.ceil(own / 2),
  }
  const reach = wholeAccount(bigAccount)
  const list = (filter: KeyFilter, after: KeyPosition | null = null) =>
    listKeys(d1, { reach, filter, limit: 50, after, nowMs })
  return {
    'a verification reads its key': (run) =>
      createKeyReader(d1).read(digests[run % digests.length] as string),
    'management finds a key': () =>
      findKey(d1, bigAccount, idOf(1 + Math.floor(Math.random() * own))),
    'list: first page': () => list({}),
    'list: a page in the middle': () => list({}, middle),
    'list: revoked (one of twenty)': () => list({ status: 'revoked' }),
    'list: disabled (no key is)': () => list({ status: 'disabled' }),
    'search: many matches': () => list({ search: 'number' }),
    'search: no match': () => list({ search: 'no such key' }),
    'a key is revoked': () => revoke([idOf(1 + Math.floor(Math.random() * own))], nowMs),
  }
}

function revoke(ids: readonly string[], nowMs: number): Promise<Committed> {
  const audit = { action: 'api_key.revoked', actorKind: 'system', actorId: null } as const
  return createKeyChanges(d1).commit({
    accountId: bigAccount,
    selection: { by: 'ids', ids },
    patch: { revokedAt: nowMs, revokedBy: null },
    audit: { ...audit, requestId: null, detail: null },
    nowMs,
  })
}

/** The time of all statements of one run; slow operations run less often. */
async function note(name: string, at: number, work: Work): Promise<void> {
  const times: number[] = []
  const until = performance.now() + (isQuick ? 500 : 3_000)
  for (let run = 0; run < 300 && (run < 3 || performance.now() < until); run++) {
    ran.length = 0
    await work(run)
    times.push(ran.reduce((sum, { ms }) => sum + ms, 0))
  }
  curveOf(results.stored, name).points.push({ at, p50: median(times), p99: quantile(times, 0.99) })
  if (at !== sizes.at(-1)) return
  for (const statement of ran) {
    results.plans.push({ name, at, sql: statement.sql, plan: planOf(statement) })
  }
}

/** SQLite's query plan, one step per line. */
function planOf({ sql, values }: Ran): string[] {
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
  return rows.map(({ detail }) => String(detail))
}

function curveOf(curves: Curve[], name: string): Curve {
  const known = curves.find((curve) => curve.name === name)
  if (known !== undefined) return known
  const curve: Curve = { name, points: [] }
  curves.push(curve)
  return curve
}

/** The steps of revoking: the batch in D1, the raise at one of ten fences, the deletion of the pending raises. */
async function measureRevoking(): Promise<void> {
  const changes = createKeyChanges(d1)
  let next = 1
  for (const count of [1, 10, 100, 1_000, 10_000]) {
    const times: Record<string, number[]> = {}
    const timed = async <T>(step: string, work: () => T | Promise<T>): Promise<T> => {
      const began = performance.now()
      const result = await work()
      times[step] = [...(times[step] ?? []), performance.now() - began]
      return result
    }
    for (let run = 0; run < 3; run++) {
      const ids = Array.from({ length: count }, () => idOf(nextUnrevoked()))
      const { pending } = await timed('the batch in D1', () => revoke(ids, Date.now()))
      const ofOne = pending.filter(({ fence }) => fence === 'enam/0-of-1')
      const options = { now: Date.now, newEpoch: () => crypto.randomUUID() }
      const fence = new Fence(memoryStorage(), noRegistry, options)
      const raises = ofOne.map(({ subject, seq }) => [subject, seq] as const)
      await timed('a fence holds the raises', () => fence.hold(raises))
      await timed('the pending raises are deleted', () => changes.settled(pending))
    }
    for (const [name, all] of Object.entries(times)) {
      const point = { at: count, p50: median(all), p99: Math.max(...all) }
      curveOf(results.revoked, name).points.push(point)
    }
  }
  function nextUnrevoked(): number {
    next += next % 20 === 19 ? 2 : 1
    return next
  }
}

/** A fence's storage without a disk: only the fence's own work is measured. */
function memoryStorage(): FenceStorage {
  const floors = new Map<string, number>()
  const nothing = () => {}
  return {
    loadBase: () => ({ minSeq: 1, registeredSeq: 1, lastUsedAt: Date.now() }),
    saveBase: nothing,
    floorOf: (subject) => floors.get(subject) ?? 0,
    saveFloor: ([subject, seq]) => void floors.set(subject, seq),
    groupsAbove: () => [],
    newestDigests: () => [],
    highestRaisedUntil: () => null,
    removeRaisedUntil: nothing,
    countFloors: () => floors.size,
    wakeAt: nothing,
  }
}

/** Random uses of `count` keys with equal probability: the worst case for a cache. */
function useOf(count: number): ScaleResults['inUse'][number] {
  const digests = Array.from({ length: count }, (_, at) => `${at}`.padStart(64, '0'))
  const records = digests.map(recordOf)
  const memory = createMemory()
  const uses = isQuick ? 200_000 : 2_000_000
  let hits = 0
  let began = 0
  // Memory fills before the first counted use.
  for (let use = -2 * count - 20_000; use < uses; use++) {
    if (use === 0) {
      hits = 0
      began = performance.now()
    }
    const at = Math.floor(Math.random() * count)
    const digest = digests[at] as string
    if (memory.get(digest) !== null) hits++
    else memory.keep(digest, { record: records[at] as KeyRecord, readAt: null })
  }
  const microseconds = ((performance.now() - began) / uses) * 1000
  return { at: count, hits: hits / uses, microseconds }
}

/** Heap of 10,000 records in memory, with their digests; needs --expose-gc. */
function memoryBytes(): number {
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  const memory = createMemory()
  for (let at = 0; at < 10_000; at++) {
    const digest = Buffer.from(`${at}`.padStart(64, '0')).toString()
    memory.keep(digest, { record: recordOf(digest), readAt: null })
  }
  globalThis.gc?.()
  const bytes = process.memoryUsage().heapUsed - before
  // A last read, so that the memory is not garbage-collected before.
  return memory.get('') === null ? bytes : 0
}

function recordOf(digest: string): KeyRecord {
  const text = JSON.stringify({
    asOf: 1,
    id: crypto.randomUUID(),
    name: `Key ${digest.slice(-6)}`,
    accountId: bigAccount,
    accountName: 'Big',
    createdBy: null,
    externalId: null,
    metadata: null,
    format: 'whm',
    scopes: ['contacts:read', 'messages:read'],
    role: null,
    createdAt: 0,
    expiresAt: null,
    revoked: false,
    disabled: false,
    suspended: false,
    allowedIps: null,
    limits: null,
  })
  return JSON.parse(text)
}
