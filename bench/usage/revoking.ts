// A revocation's batch in D1, alone and beside what counting writes to D1, in alternating blocks: the load of the machine
// hits all of them. The objects run in another process than D1, as they do on Cloudflare.
import { bigAccount, idOf } from '../support/key-rows.ts'
import { median, quantile } from '../support/statistics.ts'
import { insertKeys } from './keys.ts'
import { type Bench, startBench } from './start.ts'

export type Beside = {
  name: string
  revocations: number
  medianMs: number
  p90Ms: number
  /** The median by that of the revocations alone. */
  ratio: number
  /** The median by that beside a roll-up which writes nothing to D1: without what it takes from the machine. */
  ratioOfControl: number
  /** Keys whose last use was written in a second of the load. */
  keysPerSecond: number
}

/** Rows that D1 says it wrote. */
export type D1Rows = { revocation: number; lastUse: number }

/** Calls that repeat at once, in so many streams. Each call comes from outside: workerd polls its sockets only between. */
type Load = {
  name: string
  streams: number
  call(from: number): Promise<unknown>
  keysOfCall: number
}

const ofBlock = 70
const regions = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'apac-ne', 'oc', 'afr', 'me']

export async function measureRevoking(
  isQuick: boolean,
): Promise<{ beside: Beside[]; rows: D1Rows }> {
  const keys = isQuick ? 5_000 : 100_000
  const rounds = isQuick ? 1 : 3
  const store = await startBench('1')
  const counting = await startBench('1', store.url)
  try {
    await fillD1(store, keys)
    const alone: Load = { name: 'alone', streams: 0, call: async () => {}, keysOfCall: 0 }
    const loads = [alone, ...loadsOf(counting, keys / 2)]
    const times = new Map<string, number[]>(loads.map(({ name }) => [name, []]))
    const raised = new Map<string, number>()
    const revoke = revoker(store, keys)
    const rows = await rowsOf(store, counting, revoke)
    for (let round = 0; round < rounds; round++) {
      for (const load of loads) {
        const perSecond = await under(load, store, revoke, times.get(load.name) ?? [], rows)
        raised.set(load.name, (raised.get(load.name) ?? 0) + perSecond / rounds)
      }
    }
    return { beside: besideOf(times, raised), rows }
  } finally {
    await counting.stop()
    await store.stop()
  }
}

function besideOf(times: Map<string, number[]>, raised: Map<string, number>): Beside[] {
  const medianOf = (name: string) => median(times.get(name) ?? [])
  return [...times].map(([name, all]) => ({
    name,
    revocations: all.length,
    medianMs: rounded(median(all)),
    p90Ms: rounded(quantile(all, 0.9)),
    ratio: rounded(median(all) / medianOf('alone')),
    ratioOfControl: rounded(median(all) / medianOf(control)),
    keysPerSecond: Math.round(raised.get(name) ?? 0),
  }))
}

const rollUp = 'a full-speed roll-up: 5 consumers, an object that folds'
const control = 'the control: that roll-up, its writes to D1 thrown away'

function loadsOf(counting: Bench, keys: number): Load[] {
  const count = (name: string, isMuted: boolean): Load => ({
    ...{ name, streams: 5, keysOfCall: 10_000 },
    call: (from) => counting.call('rollUp', { from, keys, isMuted }),
  })
  const raise = (streams: number, chunk: number): Load => ({
    ...{ name: `${streams} × ${chunk} keys a statement, back to back`, streams, keysOfCall: chunk },
    call: (from) => counting.call('raise', { from, keys, count: chunk }),
  })
  const raises = [1_000, 200].flatMap((chunk) => [raise(1, chunk), raise(5, chunk)])
  return [count(control, true), count(rollUp, false), ...raises]
}

/** Starts a load. @returns what ends it. */
function begin({ streams, call, keysOfCall }: Load): () => Promise<unknown> {
  let isOver = false
  let next = 0
  const stream = async () => {
    while (!isOver) {
      next += keysOfCall
      await call(next)
    }
  }
  const running = Promise.all(Array.from({ length: streams }, stream))
  return () => {
    isOver = true
    return running
  }
}

/** Rows written by one revocation, and by the last use of one key that had one. */
async function rowsOf(
  store: Bench,
  counting: Bench,
  revoke: () => Promise<number>,
): Promise<D1Rows> {
  await store.call('written')
  await block(revoke, [])
  const revoked = await store.call<{ d1: number }>('written')
  for (const from of [0, 0, 0]) {
    await counting.call('raise', { from, keys: 1_000, count: 1_000 })
  }
  const raised = await store.call<{ d1: number }>('written')
  return { revocation: revoked.d1 / ofBlock, lastUse: rounded(raised.d1 / 3_000) }
}

/** One block of revocations under a load. @returns keys a second that the load wrote. */
async function under(
  load: Load,
  store: Bench,
  revoke: () => Promise<number>,
  times: number[],
  rows: D1Rows,
): Promise<number> {
  const end = begin(load)
  await sleep(1_500)
  await store.call('written')
  const began = performance.now()
  await block(revoke, times)
  const { d1 } = await store.call<{ d1: number }>('written')
  const seconds = (performance.now() - began) / 1000
  await end()
  // What the object still holds is folded now, and must not meet the next block.
  await sleep(load.streams === 0 ? 0 : 2_000)
  return Math.max(0, d1 - ofBlock * rows.revocation) / rows.lastUse / seconds
}

/** Revocations one after the other, at random times of the load. */
async function block(revoke: () => Promise<number>, times: number[]): Promise<void> {
  for (let run = 0; run < ofBlock; run++) {
    await sleep(Math.random() * 30)
    times.push(await revoke())
  }
}

/** Revokes key after key from the last, none twice. @returns ms of its batch and the way to workerd. */
function revoker(store: Bench, keys: number): () => Promise<number> {
  let next = keys
  return async () => {
    next -= next % 20 === 1 ? 2 : 1
    const began = performance.now()
    const changed = await store.call<number>('revoke', { accountId: bigAccount, id: idOf(next) })
    if (changed !== 1) throw new Error(`${changed} keys were revoked.`)
    return performance.now() - began
  }
}

async function fillD1({ d1 }: Bench, keys: number): Promise<void> {
  await d1.prepare('INSERT OR IGNORE INTO sequence (id, value) VALUES (1, 1)').run()
  for (const region of regions) {
    const values = [`${region}/0-of-1`, region]
    await d1
      .prepare('INSERT INTO fence (name, region, seq) VALUES (?, ?, 1)')
      .bind(...values)
      .run()
  }
  // As in keys.ts, without triggers meanwhile.
  const named =
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'api_key'"
  const { results: triggers } = await d1.prepare(named).all<{ name: string; sql: string }>()
  for (const { name } of triggers) await d1.prepare(`DROP TRIGGER ${name}`).run()
  for (let from = 1; from <= keys; from += 5_000) {
    await d1.prepare(insertKeys(from, Math.min(keys, from + 4_999))).run()
  }
  for (const { sql } of triggers) await d1.prepare(sql).run()
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const rounded = (value: number) => Number(value.toFixed(2))
