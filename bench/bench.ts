// `npm run bench`: measures Latchkey and its peers alternately in one workerd; medians of several rounds.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchResults, Measured } from './page/results.ts'
import { writePage } from './page.ts'
import { type Deployment, startDeployment } from './support/deployment.ts'
import { fire, loadProgram, type Outcome } from './support/load.ts'
import { describeMachine } from './support/machine.ts'
import { resultsFolder } from './support/places.ts'
import { processorMs } from './support/process.ts'
import { planRows, type Row } from './support/rows.ts'
import { median } from './support/statistics.ts'
import { signIn } from './support/tenant.ts'

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

async function preparePeers({ at }: Deployment): Promise<Record<string, string>> {
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
 * Each round has a workerd of its own: the end of a load cancels its last requests, and an isolate of Better Auth in
 * which other requests wait for a cancelled one hangs.
 */
async function measureRound(): Promise<void> {
  const deployment = await startDeployment()
  try {
    const session = await signIn(deployment.at('latchkey'), deployment.password)
    const rows = (await planRows(session, await preparePeers(deployment))).filter(
      ({ name, group }) => only === undefined || group === 'limit' || name.includes(only),
    )
    for (const row of rows) await warm(deployment, row)
    for (const row of rows) {
      const alone = await fire(
        loadOf(deployment, row, { connections: 1, seconds: settings.aloneSeconds }),
      )
      check(row, alone)
      const before = processorMs(deployment.pid)
      const busy = await fire(loadOf(deployment, row, settings))
      check(row, busy)
      const cpuMs = (processorMs(deployment.pid) - before) / busy.requests
      measured.set(row.name, row)
      samples.set(row.name, [...(samples.get(row.name) ?? []), { busy, alone, cpuMs }])
    }
  } finally {
    await deployment.stop()
  }
}

/** Checks the answers and lets the code be compiled; cancels no request. */
async function warm(deployment: Deployment, row: Row): Promise<void> {
  const until = performance.now() + warmMs
  const send = async (from: number) => {
    for (let at = from; performance.now() < until; at++) {
      const { method, headers, body } = row.shots[at % row.shots.length] as Row['shots'][number]
      const init = { method, headers, ...(body !== undefined && { body }) }
      const response = await fetch(deployment.at(row.socket) + row.path, init)
      const text = await response.text()
      if (response.status !== row.status || !text.includes(row.contains)) {
        throw new Error(`${row.name}: ${response.status} ${text}`)
      }
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, at) => send(at)))
}

function loadOf(
  deployment: Deployment,
  { socket, path, shots }: Row,
  how: { connections: number; seconds: number },
) {
  const { connections, seconds } = how
  return { url: deployment.at(socket) + path, shots, connections, seconds }
}

/** A measurement counts only if every answer had the expected status. */
function check({ name, status }: Row, { requests, refused, failed }: Outcome): void {
  const expected = status >= 400 ? requests : 0
  if (failed > 0 || Math.abs(refused - expected) > 0) {
    throw new Error(
      `${name}: of ${requests} requests, ${refused} were refused and ${failed} failed.`,
    )
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
