// A million requests, counted as isolates count them, delivered twice and in any order to objects that are evicted meanwhile:
// what the objects then answer, and what was written for it.
import { type UsageCode, UsageCounter } from '../../src/usage/counter.ts'
import type { RequestSample, UsageMessage } from '../../src/usage/message.ts'
import { readShards } from '../../src/usage/read-shards.ts'
import { monthOf, namesIn } from '../../src/usage/shards.ts'
import { idOf } from '../support/key-rows.ts'
import { insertKeys } from './keys.ts'
import type { Bench } from './start.ts'

const accounts = 20
const keys = 1_000
const codes: UsageCode[] = ['valid', 'conflict', 'rate_limited', 'credits_exhausted', 'forbidden']
export const shardsOfRun = '3'
const shards = readShards(shardsOfRun)
const hourMs = 60 * 60 * 1000
const spanMs = 48 * hourMs
const consumers = 5
const maxBatch = 50

export type ExactlyOnce = {
  requests: number
  messages: number
  megabytes: number
  deliveries: number
  redelivered: number
  evictions: number
  folds: number
  seconds: number
  /** Requests that the objects answer, by key, code and account; `wrong`: keys, codes and accounts that differ. */
  counted: number
  wrong: number
  d1RowsWritten: number
  /** Rows of D1 that differ in anything but `last_used_at`. */
  d1RowsChanged: number
  keysRaised: number
  objectRowsWritten: number
  alarmsSet: number
}

type Totals = Map<string, number>

export async function measureExactlyOnce(bench: Bench, requests: number): Promise<ExactlyOnce> {
  const sent: Totals = new Map()
  const messages = await count(requests, sent)
  await bench.d1.prepare(insertKeys(1, keys)).run()
  const before = await contentOf(bench)
  await bench.call('written')
  const began = performance.now()
  const delivered = await deliverAll(bench, messages)
  const seconds = (performance.now() - began) / 1000
  const written = await bench.call<Record<'objects' | 'alarms' | 'd1', number>>('written')
  const answered = await totalsOf(bench)
  const after = await contentOf(bench)
  const names = new Set([...sent.keys(), ...answered.keys()])
  return {
    requests,
    messages: messages.length,
    megabytes: Math.round(
      messages.reduce((sum, each) => sum + JSON.stringify(each).length, 0) / 1e6,
    ),
    ...delivered,
    seconds: Number(seconds.toFixed(1)),
    counted: [...answered].reduce((sum, [name, n]) => sum + (name.startsWith('key ') ? n : 0), 0),
    wrong: [...names].filter((name) => sent.get(name) !== answered.get(name)).length,
    d1RowsWritten: written.d1,
    d1RowsChanged:
      [...after.rows].filter((row) => !before.rows.has(row)).length +
      before.rows.size -
      after.rows.size,
    keysRaised: after.used - before.used,
    objectRowsWritten: written.objects,
    alarmsSet: written.alarms,
  }
}

const accountOf = (key: number) =>
  `dddddddd-0000-4000-8000-${`${key % accounts}`.padStart(12, '0')}`

/** The messages that the real counter sends for requests of random keys over two days. */
async function count(requests: number, sent: Totals): Promise<UsageMessage[]> {
  const messages: UsageMessage[] = []
  const began = Date.now() - spanMs
  let now = began
  let endTimer = () => {}
  const sleep = () => new Promise<void>((resolve) => (endTimer = resolve))
  const counter = new UsageCounter({
    ...{ now: () => now, sleep },
    newId: () => crypto.randomUUID(),
    environmentOf: () => 'live',
  })
  const sink = { send: async (message: UsageMessage) => messages.push(message), waitUntil() {} }
  for (let request = 0; request < requests; request++) {
    now = began + Math.floor((request / requests) * spanMs)
    const key = Math.floor(Math.random() * keys)
    const code = codes[Math.floor(Math.random() * codes.length)] ?? 'valid'
    const externalId = key % 3 === 0 ? null : `customer-${key % 50}`
    const counted = { id: idOf(key + 1), accountId: accountOf(key), externalId, format: 'whm' }
    const known = messages.length
    const isLogged = counter.count(counted, code, sink)
    if (isLogged) counter.log(counted.accountId, sampleOf(counted.id, code, now), sink)
    for (const name of [`key ${counted.id}`, `code ${code}`, `account ${counted.accountId}`]) {
      sent.set(name, 1 + (sent.get(name) ?? 0))
    }
    // The counter loses what it cannot send: the message must be accepted before the next.
    if (messages.length > known) await settled()
  }
  endTimer()
  await settled()
  return messages
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

function sampleOf(keyId: string, code: string, at: number): RequestSample {
  const seen = { tier: 'memory', ms: 1, address: '192.0.2.0/24', country: 'NL' }
  return { at, keyId, code, method: 'GET', route: '/api/contacts/:id', neededScope: null, ...seen }
}

/** Each message twice, shuffled, in batches to five consumers, while objects are evicted and fold. */
async function deliverAll(bench: Bench, messages: readonly UsageMessage[]) {
  const waiting = shuffled([...messages, ...messages])
  const done = { deliveries: 0, redelivered: 0, evictions: 0, folds: 0 }
  const consumer = async () => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, 1 + Math.floor(Math.random() * maxBatch))
      const retried = await bench.call<number>('deliver', batch)
      done.deliveries += batch.length
      done.redelivered += retried
      // The queue repeats what was not acknowledged; here the whole batch, which changes nothing.
      if (retried > 0) waiting.push(...batch)
      if (Math.random() < 0.3) await disturb(bench, done)
    }
  }
  await Promise.all(Array.from({ length: consumers }, consumer))
  for (const name of objectNames()) await foldWhole(bench, name)
  return done
}

async function disturb(bench: Bench, done: { evictions: number; folds: number }): Promise<void> {
  const names = objectNames()
  const name = names[Math.floor(Math.random() * names.length)] as string
  const ask = (call: string) => bench.call('object', { kind: 'USAGE_COUNTS', name, call })
  done.evictions++
  if (Math.random() < 0.5) return void (await ask('evict'))
  done.folds++
  await ask('age')
  const folding = ask('fold')
  if (Math.random() < 0.5) {
    await new Promise((resolve) => setTimeout(resolve, 20 * Math.random()))
    await ask('evict')
  }
  await folding
}

async function foldWhole(bench: Bench, name: string): Promise<void> {
  const ask = (call: string) => bench.call('object', { kind: 'USAGE_COUNTS', name, call })
  await ask('age')
  const left = await ask('fold')
  if (left !== 0) throw new Error(`${name} holds ${left} rows of the journal after its fold.`)
}

function objectNames(): string[] {
  const months = new Set([monthOf(Date.now() - spanMs), monthOf(Date.now())])
  return [...months].flatMap((month) => namesIn(shards, month))
}

function shuffled<Item>(items: Item[]): Item[] {
  for (let at = items.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    ;[items[at], items[other]] = [items[other] as Item, items[at] as Item]
  }
  return items
}

type Answer = {
  keys: { value: string; counts: Record<string, number> }[]
  hours: { code: string; count: number }[]
}

/** What the objects answer, by key, code and account. */
async function totalsOf(bench: Bench): Promise<Totals> {
  const totals: Totals = new Map()
  const add = (name: string, n: number) => totals.set(name, n + (totals.get(name) ?? 0))
  const from = Date.now() - (Date.now() % hourMs) - spanMs - hourMs
  const span = { from, to: from + spanMs + 3 * hourMs }
  for (let account = 0; account < accounts; account++) {
    const accountId = accountOf(account)
    const { keys, hours } = await bench.call<Answer>('read', { accountId, span })
    for (const { value, counts } of keys) {
      for (const n of Object.values(counts)) add(`key ${value}`, n)
    }
    for (const { code, count } of hours) {
      add(`code ${code}`, count)
      add(`account ${accountId}`, count)
    }
  }
  return totals
}

/** Every row of D1 without `last_used_at`, and how many keys have one. */
async function contentOf({ d1 }: Bench) {
  const named =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'"
  const tables = await d1.prepare(named).all<{ name: string }>()
  const rows = new Set<string>()
  let used = 0
  for (const { name } of tables.results) {
    if (name.startsWith('sqlite_')) continue
    const { results } = await d1.prepare(`SELECT * FROM "${name}"`).all()
    for (const { last_used_at: usedAt, ...row } of results) {
      rows.add(`${name} ${JSON.stringify(row)}`)
      if (usedAt) used++
    }
  }
  return { rows, used }
}
