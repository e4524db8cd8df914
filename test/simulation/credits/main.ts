// `npx node test/simulation/credits/main.ts --seeds N`: histories of one meter and its callers.
import { readCreditInput } from '../cli.ts'
import { install } from '../platform.ts'
import { runSeed } from './world.ts'

const wish = readCreditInput(process.argv.slice(2))
// Microtasks can only be drained outside of them, and a module is evaluated inside one.
if (wish === null) process.exitCode = 2
else setImmediate(() => run(wish))

function run({ seeds, from, trace }: NonNullable<typeof wish>): void {
  install()
  const began = performance.now()
  const counts: Record<string, number> = {}
  const violations: number[] = []
  for (let seed = from; seed < from + seeds; seed++) {
    const result = runSeed(seed)
    for (const name in result.counts) {
      counts[name] = (counts[name] ?? 0) + (result.counts[name] ?? 0)
    }
    if (trace || (result.violation !== null && violations.length === 0)) show(seed)
    if (result.violation !== null) violations.push(seed)
  }
  const [first] = violations
  if (first !== undefined) {
    console.log(
      `Replay: npx node test/simulation/credits/main.ts --trace --seeds 1 --from ${first}`,
    )
    process.exitCode = 1
  }
  const shown = Object.entries(counts)
    .sort()
    .map(([name, count]) => `${name} ${count}`)
  console.log(shown.join(', '))
  const tookMs = Math.round(performance.now() - began)
  console.log(`credits: ${seeds} seeds from ${from}, ${violations.length} violations, ${tookMs} ms`)
}

function show(seed: number): void {
  const lines: string[] = []
  const { violation } = runSeed(seed, lines)
  console.log(lines.join('\n'))
  console.log(`Seed ${seed}: ${violation ?? 'no violation'}`)
}
