// `npm run bench`: Latchkey and its peers in one workerd, in turns, several rounds, medians.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writePage } from './page.ts'
import { type House, openHouse } from './support/house.ts'
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
  : { rounds: 5, seconds: 5, aloneSeconds: 2, connections: 16 }

const machine = describeMachine()
const house = await openHouse()
try {
  const rows = (
    await planRows(await signIn(house.at('latchkey'), house.password), await preparePeers(house))
  ).filter(({ name, group }) => only === undefined || group === 'limit' || name.includes(only))
  await warm(house, rows)
  const samples = await measure(house, rows)
  const results: BenchResults = {
    machine,
    program: await loadProgram(),
    rounds: settings.rounds,
    seconds: settings.seconds,
    connections: settings.connections,
    rows: rows.map((row) => summary(row, samples.get(row.name) ?? [])),
  }
  print(results)
  if (only === undefined) {
    mkdirSync(resultsFolder, { recursive: true })
    writeFileSync(join(resultsFolder, 'bench.json'), `${JSON.stringify(results, null, 2)}\n`)
    writePage()
  }
} finally {
  await house.stop()
}

type Sample = { busy: Outcome; alone: Outcome; cpuMs: number }

async function preparePeers({ at }: House): Promise<Record<string, string>> {
  const keys: Record<string, string> = {}
  for (const mode of ['d1', 'kv', 'd1-deferred']) {
    const name = `better-auth-${mode}`
    const response = await fetch(`${at(name)}/prepare`, { method: 'POST' })
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
    keys[name] = ((await response.json()) as { key: string }).key
  }
  return keys
}

/** Every row answers as it should, every isolate is compiled, and the fence of the region is open. */
async function warm(house: House, rows: readonly Row[]): Promise<void> {
  for (let round = 0; round < 3; round++) {
    for (const row of rows) {
      for (const { method, headers, body } of row.shots.slice(0, 20)) {
        const init = { method, headers, ...(body !== undefined && { body }) }
        const response = await fetch(house.at(row.socket) + row.path, init)
        const text = await response.text()
        if (response.status !== row.status || !text.includes(row.holds)) {
          throw new Error(`${row.name}: ${response.status} ${text}`)
        }
      }
    }
  }
  for (const row of rows)
    await fire(loadOf(house, row, { connections: 8, seconds: isQuick ? 1 : 3 }))
}

async function measure(house: House, rows: readonly Row[]): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(rows.map(({ name }) => [name, []]))
  for (let round = 0; round < settings.rounds; round++) {
    for (const row of rows) {
      const before = processorMs(house.pid)
      const busy = await fire(loadOf(house, row, settings))
      const cpuMs = (processorMs(house.pid) - before) / busy.requests
      const alone = await fire(
        loadOf(house, row, { connections: 1, seconds: settings.aloneSeconds }),
      )
      for (const outcome of [busy, alone]) check(row, outcome)
      samples.get(row.name)?.push({ busy, alone, cpuMs })
    }
  }
  return samples
}

function loadOf(
  house: House,
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
