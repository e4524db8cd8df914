// `npx node test/simulation/view/main.ts`: histories of fences and views alone.
import { readRunOptions } from '../cli.ts'
import { addCounts, showSeed } from '../histories.ts'
import { install } from '../platform.ts'
import { runSeed } from './world.ts'

const options = readRunOptions(process.argv.slice(2))
if (options === null) process.exitCode = 2
// Microtasks cannot be drained inside one, and a module is evaluated inside one.
else setImmediate(() => run(options))

function run({ seeds, from, trace }: NonNullable<typeof options>): void {
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
    console.log(`Replay: npx node test/simulation/view/main.ts --trace --seeds 1 --from ${first}`)
    process.exitCode = 1
  }
  const sorted = Object.entries(counts).sort()
  console.log(sorted.map(([name, count]) => `${name} ${count}`).join(', '))
  const tookMs = Math.round(performance.now() - beganMs)
  console.log(`view: ${seeds} seeds from ${from}, ${violations.length} violations, ${tookMs} ms`)
}
