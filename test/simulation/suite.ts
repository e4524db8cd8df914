// A suite of short histories in one process: runs its seeds, shows the first violation, and prints a summary.
import { readRunOptions } from './cli.ts'
import { addCounts, type RunSeed, showSeed } from './histories.ts'
import { install } from './platform.ts'

/** @param name of the suite, and of its folder. */
export function runSuite(name: string, runSeed: RunSeed): void {
  const options = readRunOptions(process.argv.slice(2))
  if (options === null) process.exitCode = 2
  // Microtasks cannot be drained inside one, and a module is evaluated inside one.
  else setImmediate(() => run(name, runSeed, options))
}

function run(
  name: string,
  runSeed: RunSeed,
  { seeds, from, trace }: NonNullable<ReturnType<typeof readRunOptions>>,
): void {
  install()
  const beganMs = performance.now()
  const counts: Record<string, number> = {}
  const violations: number[] = []
  for (let seed = from; seed < from + seeds; seed++) {
    const result = runSeed(seed)
    addCounts(counts, result.counts)
    if (trace || (result.violation !== null && violations.length === 0)) showSeed(runSeed, seed)
    if (result.violation !== null) violations.push(seed)
  }
  const [first] = violations
  if (first !== undefined) {
    const path = `test/simulation/${name}/main.ts`
    console.log(`Replay: npx node ${path} --trace --seeds 1 --from ${first}`)
    process.exitCode = 1
  }
  const sorted = Object.entries(counts).sort()
  console.log(sorted.map(([what, count]) => `${what} ${count}`).join(', '))
  const tookMs = Math.round(performance.now() - beganMs)
  console.log(`${name}: ${seeds} seeds from ${from}, ${violations.length} violations, ${tookMs} ms`)
}
