// `npm run bench`: Latchkey and its peers in one workerd, in turns, several rounds, medians.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writePage } from './page.ts'
import { createTestApp, type TestApp } from './support/deployment.ts'
import { fire, loadProgram, type Outcome } from './support/load.ts'
import { describeMachine, type Machine } from './support/machine.ts'
import { resultsFolder } from './support/places.ts'
import { processorMs } from './support/process.ts'
import { planRows, type Row } from './support/rows.ts'
import { median } from './support/statistics.ts'
import { signIn } from './support/tenant.ts'

export type Measured = {
  name: string
  group: Row['group']
  against: string | null
  perSecond: number
  /** Processor time of workerd, all its threads, ms a request. */
  cpuMs: number
  p50Ms: number
  p99Ms: number
  /** With one connection: no queue before the Worker. */
  aloneP50Ms: number
  aloneP99Ms: number
}

export type BenchResults = {
  machine: Machine
  program: string
  rounds: number
  seconds: number
  connections: number
  rows: Measured[]
}

const isQuick = process.argv.includes('--quick')
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7)
const settings = isQuick
  ? { rounds: 1, seconds: 2, aloneSeconds: 1, connections: 16 }
  : { rounds: 3, seconds: 3, aloneSeconds: 1, connections: 16 }

const warmMs = 1_500
const machine = describeMachine()
const samples = new Map<string, Sample[]>()
const measured = new Map<string, Row>()
for (let round = 0; round < settings.rounds; round++) await measureRound()
const results: BenchResults = {
  machine,
  program: await loadProgram(),
  rounds: settings.rounds,
  seconds: settings.seconds,
  connections: settings.connections,
  rows: [...measured.values()].map((row) => summary(row, samples.get(row.name) ?? [])),
}
print(results)
if (only === undefined) {
  mkdirSync(resultsFolder, { recursive: true })
  writeFileSync(join(resultsFolder, 'bench.json'), `${JSON.stringify(results, null, 2)}\n`)
  writePage()
}

type Sample = { busy: Outcome; alone: Outcome; cpuMs: number }

async function preparePeers({ at }: TestApp): Promise<Record<string, string>> {
  const keys: Record<string, string> = {}
  for (const mode of ['d1', 'kv', 'd1-deferred']) {
    const name = `better-auth-${mode}`
    const response = await fetch(`${at(name)}/prepare`, { method: 'POST' })
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
    keys[name] = ((await response.json()) as { key: string }).key
  }
  return keys
}

/**
 * In a workerd of its own: when a load ends, its last requests are cut off, and an isolate of Better Auth in which
 * others waited for one of those answers nobody any more.
 */
async function measureRound(): Promise<void> {
  const house = await createTestApp()
  try {
    const session = await signIn(house.at('latchkey'), house.password)
    const rows = (await planRows(session, await preparePeers(house))).filter(
      ({ name, group }) => only === undefined || group === 'limit' || name.includes(only),
    )
    for (const row of rows) await warm(house, row)
    for (const row of rows) {
      const alone = await fire(
        loadOf(house, row, { connections: 1, seconds: settings.aloneSeconds }),
      )
      check(row, alone)
      const before = processorMs(house.pid)
      const busy = await fire(loadOf(house, row, settings))
      check(row, busy)
      const cpuMs = (processorMs(house.pid) - before) / busy.requests
      measured.set(row.name, row)
      samples.set(row.name, [...(samples.get(row.name) ?? []), { busy, alone, cpuMs }])
    }
  } finally {
    await house.stop()
  }
}

/** It answers as it should, and is compiled; nobody is cut off. */
async function warm(house: TestApp, row: Row): Promise<void> {
  const until = performance.now() + warmMs
  const ask = async (from: number) => {
    for (let at = from; performance.now() < until; at++) {
      const { method, headers, body } = row.shots[at % row.shots.length] as Row['shots'][number]
      const init = { method, headers, ...(body !== undefined && { body }) }
      const response = await fetch(house.at(row.socket) + row.path, init)
      const text = await response.text()
      if (response.status !== row.status || !text.includes(row.holds)) {
        throw new Error(`${row.name}: ${response.status} ${text}`)
      }
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, at) => ask(at)))
}

function loadOf(
  house: TestApp,
  { socket, path, shots }: Row,
  how: { connections: number; seconds: number },
) {
  const { connections, seconds } = how
  return { url: house.at(socket) + path, shots, connections, seconds }
}

/** A figure of answers that were not the right ones would be a figure of nothing. */
function check({ name, status }: Row, { requests, refused, failed }: Outcome): void {
  const expected = status >= 400 ? requests : 0
  if (failed > 0 || Math.abs(refused - expected) > 0) {
    throw new Error(`${name}: of ${requests} answers ${refused} were refusals, ${failed} failed.`)
  }
}

function summary({ name, group, against }: Row, samples: readonly Sample[]): Measured {
  const of = (figure: (sample: Sample) => number) => median(samples.map(figure))
  return {
    name,
    group,
    against: against ?? null,
    perSecond: of(({ busy }) => busy.perSecond),
    cpuMs: of(({ cpuMs }) => cpuMs),
    p50Ms: of(({ busy }) => busy.p50Ms),
    p99Ms: of(({ busy }) => busy.p99Ms),
    aloneP50Ms: of(({ alone }) => alone.p50Ms),
    aloneP99Ms: of(({ alone }) => alone.p99Ms),
  }
}

function print({ rows }: BenchResults): void {
  const speed = new Map(rows.map((row) => [row.name, row.perSecond]))
  const table = rows.map((row) => ({
    row: row.name,
    'req/s': Math.round(row.perSecond),
    'CPU µs': Math.round(row.cpuMs * 1000),
    'p50 alone ms': row.aloneP50Ms.toFixed(2),
    'p99 alone ms': row.aloneP99Ms.toFixed(2),
    ratio: (row.perSecond / (speed.get(row.against ?? '') ?? Number.NaN)).toFixed(2),
  }))
  console.table(table)
}
