// Runs seeds on all cores, replays a seed that shows a violation, and sums up.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type CreditInput, readCreditInput } from './cli.ts'
import { install } from './platform.ts'
import { type Result, runSeed } from './run.ts'
import { summaryOf } from './summary.ts'

/** Seeds between two messages of a thread. */
const share = 250
/** So many first seeds are run twice, to see that nothing depends on random or time. */
const replayed = 20

type Report = { done: number; counts: Record<string, number>; violations: Result[] }
type Range = { from: number; to: number }

if (isMainThread) {
  const wish = readCreditInput(process.argv.slice(2))
  // Microtasks can only be drained outside of them, and a module is evaluated inside one.
  if (wish === null) process.exitCode = 2
  else setImmediate(() => start(wish))
} else {
  setImmediate(() => {
    install()
    runRange(workerData as Range, (report) => parentPort?.postMessage(report))
  })
}

function start(wish: CreditInput): void {
  install()
  if (wish.trace) for (let seed = wish.from; seed < wish.from + wish.seeds; seed++) show(seed)
  if (wish.trace) return
  const began = performance.now()
  const total: Report = { done: 0, counts: {}, violations: [] }
  const add = (report: Report) => {
    total.done += report.done
    for (const name in report.counts) {
      total.counts[name] = (total.counts[name] ?? 0) + (report.counts[name] ?? 0)
    }
    total.violations.push(...report.violations)
    if (total.done % 50_000 === 0) console.log(`${total.done} seeds`)
    if (total.done === wish.seeds) finish(total, wish, performance.now() - began)
  }
  for (let seed = wish.from; seed < wish.from + Math.min(replayed, wish.seeds); seed++) replay(seed)
  const threads = wish.single || wish.seeds < 500 ? 1 : Math.min(8, availableParallelism())
  if (threads === 1) {
    runRange({ from: wish.from, to: wish.from + wish.seeds }, add)
    return
  }
  for (let thread = 0; thread < threads; thread++) {
    const edge = (part: number) => wish.from + Math.floor((wish.seeds * part) / threads)
    const range: Range = { from: edge(thread), to: edge(thread + 1) }
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: range })
    worker.on('message', add)
    worker.on('error', (error) => {
      throw error
    })
  }
}

function runRange({ from, to }: Range, tell: (report: Report) => void): void {
  for (let start = from; start < to; start += share) {
    const report: Report = { done: 0, counts: {}, violations: [] }
    for (let seed = start; seed < Math.min(to, start + share); seed++) {
      const result = runSeed(seed)
      report.done++
      for (const name in result.counts) {
        report.counts[name] = (report.counts[name] ?? 0) + (result.counts[name] ?? 0)
      }
      if (result.violation !== null) report.violations.push({ ...result, counts: {} })
    }
    tell(report)
  }
}

/** @throws Error when the same seed gives another history. */
function replay(seed: number): void {
  const [first, second] = [[], []] as [string[], string[]]
  runSeed(seed, first)
  runSeed(seed, second)
  if (first.join('\n') !== second.join('\n')) throw new Error(`Seed ${seed} is not deterministic.`)
}

function show(seed: number): void {
  const lines: string[] = []
  const { violation } = runSeed(seed, lines)
  console.log(lines.join('\n'))
  console.log(violation === null ? `Seed ${seed}: no violation` : `Seed ${seed}: ${violation}`)
}

function finish({ done, counts, violations }: Report, wish: CreditInput, tookMs: number): void {
  violations.sort((left, right) => left.seed - right.seed)
  const [first] = violations
  if (first !== undefined) show(first.seed)
  for (const { seed, violation } of violations.slice(0, 20))
    console.log(`seed ${seed}: ${violation}`)
  if (first !== undefined) {
    console.log(`Replay: npm run simulate -- --trace --seeds 1 --from ${first.seed}`)
    process.exitCode = 1
  }
  console.log(summaryOf({ done, from: wish.from, counts, violations: violations.length, tookMs }))
}
