// `npm run simulate`: runs seeds on all cores, shows the first violation, and prints a summary.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type RunOptions, readRunOptions } from './cli.ts'
import { addCounts, type Result, showSeed } from './histories.ts'
import { install } from './platform.ts'
import { runSeed } from './run-seed.ts'
import { summaryOf } from './summary.ts'

/** Seeds between two messages of a thread. */
const batchSize = 250
/** The first seeds run twice, to assert that nothing depends on real randomness or time. */
const replayedSeeds = 20

type Report = { done: number; counts: Record<string, number>; violations: Result[] }
type Range = { from: number; to: number }

if (isMainThread) {
  const options = readRunOptions(process.argv.slice(2))
  if (options === null) process.exitCode = 2
  // Microtasks cannot be drained inside one, and a module is evaluated inside one.
  else setImmediate(() => start(options))
} else {
  setImmediate(() => {
    install()
    runRange(workerData as Range, (report) => parentPort?.postMessage(report))
  })
}

function start(options: RunOptions): void {
  install()
  const { from, seeds, trace } = options
  if (trace) {
    for (let seed = from; seed < from + seeds; seed++) showSeed(runSeed, seed)
    return
  }
  const beganMs = performance.now()
  const total: Report = { done: 0, counts: {}, violations: [] }
  const add = (report: Report) => {
    total.done += report.done
    addCounts(total.counts, report.counts)
    total.violations.push(...report.violations)
    if (total.done % 50_000 === 0) console.log(`${total.done} seeds`)
    if (total.done === seeds) finish(total, options, performance.now() - beganMs)
  }
  for (let seed = from; seed < from + Math.min(replayedSeeds, seeds); seed++) assertSame(seed)
  runAll(options, add)
}

function runAll({ from, seeds, single }: RunOptions, add: (report: Report) => void): void {
  const threads = single || seeds < 500 ? 1 : Math.min(8, availableParallelism())
  if (threads === 1) {
    runRange({ from, to: from + seeds }, add)
    return
  }
  const edge = (part: number) => from + Math.floor((seeds * part) / threads)
  for (let thread = 0; thread < threads; thread++) {
    const range: Range = { from: edge(thread), to: edge(thread + 1) }
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: range })
    worker.on('message', add)
    worker.on('error', (error) => {
      throw error
    })
  }
}

function runRange({ from, to }: Range, send: (report: Report) => void): void {
  for (let start = from; start < to; start += batchSize) {
    const report: Report = { done: 0, counts: {}, violations: [] }
    for (let seed = start; seed < Math.min(to, start + batchSize); seed++) {
      const result = runSeed(seed)
      report.done++
      addCounts(report.counts, result.counts)
      if (result.violation !== null) report.violations.push({ ...result, counts: {} })
    }
    send(report)
  }
}

/** @throws Error when the same seed gives another history. */
function assertSame(seed: number): void {
  const [first, second]: [string[], string[]] = [[], []]
  runSeed(seed, first)
  runSeed(seed, second)
  if (first.join('\n') !== second.join('\n')) throw new Error(`Seed ${seed} is not deterministic.`)
}

function finish({ done, counts, violations }: Report, { from }: RunOptions, tookMs: number): void {
  violations.sort((left, right) => left.seed - right.seed)
  const [first] = violations
  if (first !== undefined) {
    showSeed(runSeed, first.seed)
    for (const { seed, violation } of violations.slice(0, 20)) {
      console.log(`seed ${seed}: ${violation}`)
    }
    console.log(`Replay: npm run simulate -- --trace --seeds 1 --from ${first.seed}`)
    process.exitCode = 1
  }
  console.log(summaryOf({ done, from, counts, violations: violations.length, tookMs }))
}
