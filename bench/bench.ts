// `npm run bench`: measures Latchkey and its peers in one workerd, in many short turns through all rows. About four minutes;
// `--full` takes longer and writes docs/performance.md, `--quick` only shows that it works, `--only=PATTERN` chooses rows.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { estimateText, microseconds, twoPlaces } from './page/format.ts'
import {
  type BenchResults,
  type Counts,
  figuresOf,
  type Measured,
  shareOf,
  type Turn,
} from './page/results.ts'
import { stepTitles } from './page/verification.ts'
import { writePage } from './page.ts'
import { type Deployment, startDeployment } from './support/deployment.ts'
import { fire, loadProgram, type Outcome } from './support/load.ts'
import { describeMachine } from './support/machine.ts'
import { makeKeys } from './support/many-keys.ts'
import { benchFolder, resultsFolder } from './support/places.ts'
import { processorMs } from './support/process.ts'
import { countedSocket, planRows, type Row } from './support/rows.ts'
import { staleByHand } from './support/stale.ts'
import { median } from './support/statistics.ts'
import { type MadeKey, signIn } from './support/tenant.ts'

const has = (option: string) => process.argv.includes(option)
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7)
const settings = {
  /** Of a workerd each. */
  rounds: has('--quick') ? 1 : has('--full') ? 3 : 2,
  turnsPerRound: has('--quick') ? 1 : has('--full') ? 5 : 2,
  seconds: 1,
  connections: 16,
}

const manyKeys = 10_000
const staleHistories = 1_000
const warmConnections = 8
const warmMs = has('--full') ? 1_500 : 800
/** Above it, other work takes so much of the machine that only ratios mean something. */
const quietLoad = 0.5
installPeers()
const machine = describeMachine()
const measured = new Map<string, Samples>()
const manyKeysCounts: Counts = { requests: 0, fenceCalls: 0, waited: 0 }
for (let round = 0; round < settings.rounds; round++) await measureRound(round)
const results: Omit<BenchResults, 'stale'> = {
  machine,
  program: await loadProgram(),
  rounds: settings.rounds,
  turnsPerRound: settings.turnsPerRound,
  seconds: settings.seconds,
  connections: settings.connections,
  rows: [...measured.values()].map(summary),
  manyKeys: manyKeysCounts,
}
print(results)
if (only === undefined && has('--full')) {
  mkdirSync(resultsFolder, { recursive: true })
  const all: BenchResults = { ...results, stale: await staleByHand(staleHistories) }
  writeFileSync(join(resultsFolder, 'bench.json'), `${JSON.stringify(all, null, 2)}\n`)
  writePage()
}

/** Better Auth. Without a network, the rows of the first are left out. */
function installPeers(): void {
  const options = ['install', '--prefix', benchFolder, '--no-audit', '--no-fund', '--silent']
  try {
    execFileSync('npm', options, { stdio: 'inherit' })
  } catch {
    console.warn('The packages of bench/ could not be installed: without Better Auth.')
  }
}

type Samples = {
  row: Row
  alone: Outcome[]
  busy: (Outcome & Turn)[]
}

async function preparePeers({ at, has }: Deployment): Promise<Record<string, string>> {
  const keys: Record<string, string> = {}
  for (const name of ['by-hand', 'better-auth-d1', 'better-auth-kv', 'better-auth-d1-deferred']) {
    if (!has(name)) continue
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
async function measureRound(round: number): Promise<void> {
  const deployment = await startDeployment()
  try {
    const session = await signIn(deployment.at('latchkey'), deployment.password)
    // To get them into memory takes 10,000 reads of D1.
    const makeMany = (like: MadeKey) => makeKeys(deployment.miniflare, like, manyKeys)
    const peers = await preparePeers(deployment)
    const planned = await planRows(session, peers, has('--full') ? makeMany : undefined)
    const rows = planned.filter(
      ({ name, group }) => only === undefined || group === 'limit' || new RegExp(only).test(name),
    )
    for (const row of rows) await warm(deployment, row)
    for (const row of rows) {
      const alone = await fire(loadOf(deployment, row, { ...settings, connections: 1 }))
      check(row, alone)
      samplesOf(row).alone.push(alone)
    }
    for (let turn = 1; turn <= settings.turnsPerRound; turn++) {
      // After its load, a peer may hang.
      const isLast = turn === settings.turnsPerRound
      const own = isLast ? rows : rows.filter(({ group }) => group !== 'peer')
      for (const row of own) await measure(deployment, row, { round, turn })
    }
  } finally {
    await deployment.stop()
  }
}

async function measure(
  deployment: Deployment,
  row: Row,
  when: Pick<Turn, 'round' | 'turn'>,
): Promise<void> {
  const countedBefore = await countsOf(deployment, row)
  const before = processorMs(deployment.pid)
  const busy = await fire(loadOf(deployment, row, settings))
  check(row, busy)
  const cpuMs = (processorMs(deployment.pid) - before) / busy.requests
  addCounts(countedBefore, await countsOf(deployment, row))
  samplesOf(row).busy.push({ ...busy, ...when, cpuMs })
}

function samplesOf(row: Row): Samples {
  const samples = measured.get(row.name) ?? { row, alone: [], busy: [] }
  measured.set(row.name, samples)
  return samples
}

/** What the Worker of the row has counted; null: it does not count. */
async function countsOf({ at }: Deployment, { socket }: Row): Promise<Counts | null> {
  if (socket !== countedSocket) return null
  return (await (await fetch(`${at(socket)}/counts`)).json()) as Counts
}

function addCounts(before: Counts | null, after: Counts | null): void {
  if (before === null || after === null) return
  for (const count of ['requests', 'fenceCalls', 'waited'] as const) {
    manyKeysCounts[count] += after[count] - before[count]
  }
}

/** Checks the answers, lets the code be compiled, and gets every key into memory; cancels no request. */
async function warm(deployment: Deployment, row: Row): Promise<void> {
  const until = performance.now() + warmMs
  const send = async (from: number) => {
    for (let at = from; performance.now() < until || at < row.shots.length; at += warmConnections) {
      const { method, headers, body } = row.shots[at % row.shots.length] as Row['shots'][number]
      const init = { method, headers, ...(body !== undefined && { body }) }
      const response = await fetch(deployment.at(row.socket) + row.path, init)
      const text = await response.text()
      if (response.status !== row.status || !text.includes(row.contains)) {
        throw new Error(`${row.name}: ${response.status} ${text}`)
      }
    }
  }
  await Promise.all(Array.from({ length: warmConnections }, (_, at) => send(at)))
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

function summary({ row: { name, group, against }, alone, busy }: Samples): Measured {
  return {
    name,
    group,
    against: against ?? null,
    turns: busy.map(({ round, turn, perSecond, cpuMs }) => ({ round, turn, perSecond, cpuMs })),
    p50Ms: median(busy.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(busy.map(({ p99Ms }) => p99Ms)),
    aloneP50Ms: median(alone.map(({ p50Ms }) => p50Ms)),
    aloneP99Ms: median(alone.map(({ p99Ms }) => p99Ms)),
  }
}

function print({ machine, rows }: Pick<BenchResults, 'machine' | 'rows'>): void {
  const named = new Map(rows.map((row) => [row.name, row]))
  const groups = Map.groupBy(rows, ({ group }) => group)
  const titles: Record<Row['group'], string> = {
    limit: 'What the platform itself takes: Workers that verify nothing',
    ...stepTitles,
    verification: 'Latchkey verifies a key',
    guard: 'Latchkey in front of an API',
    peer: 'Others',
  }
  for (const [group, measured] of groups) {
    console.log(`\n${titles[group]}`)
    console.table(
      Object.fromEntries(
        measured.map((row) => {
          const { perSecond, cpuMs } = figuresOf(row)
          const cells = {
            'requests/s': Math.round(perSecond),
            'of the platform': estimateText(shareOf(row, named.get(row.against ?? '')), twoPlaces),
            'CPU µs': Math.round(cpuMs * 1000) || 'unknown',
            'p50 µs': microseconds(row.aloneP50Ms),
            'p99 µs': microseconds(row.aloneP99Ms),
          }
          return [row.name, cells]
        }),
      ),
    )
  }
  console.log(
    `Requests/s: ${settings.connections} connections, the fastest fifth of the turns, as for CPU: of all of workerd, a request. Of the platform: the share of a Worker that does the same I/O and verifies nothing (what each round alone would say). p50, p99: one connection alone.`,
  )
  const isQuiet = machine.load <= quietLoad
  console.log(
    `Load of this machine before: ${machine.load}${isQuiet ? ', quiet' : '; it was not quiet, so that only the shares mean something'}.`,
  )
}
