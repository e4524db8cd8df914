// `npx node research/soak/run.ts`: 30 minutes of mixed traffic while stores fail; exit code 1 on a violation.
// Options: --minutes N, --seed N, --rate N (verifications a second), --restart-minutes N, --write (docs/soak.md
// and its chart), --mutant NAME (must be killed), --mutants (each for three minutes at most).
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fill } from '../world/page.ts'
import { root } from './build.ts'
import { drawChart } from './chart.ts'
import { mutants } from './mutants.ts'
import { describe, summary, unmetMinimums } from './report.ts'
import { type SoakOptions, type SoakResult, soak } from './soak.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string', default: '100' },
    'restart-minutes': { type: 'string' },
    write: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
const options: SoakOptions = {
  seed: Number(values.seed),
  minutes,
  rate: Number(values.rate),
  restartMinutes: Number(values['restart-minutes'] ?? Math.min(10, minutes / 2)),
}

if (values.mutants) process.exitCode = await runMutants(Object.keys(mutants))
else if (values.mutant !== undefined) process.exitCode = await runMutants([values.mutant])
else process.exitCode = await runSoak()
process.exit()

async function runSoak(): Promise<number> {
  console.log(`Soak of ${minutes} minutes, seed ${options.seed}.`)
  const result = await soak(options)
  console.log(describe(result))
  for (const violation of result.violations) console.log(`Violation: ${violation}`)
  const missing = unmetMinimums(result)
  for (const what of missing) console.log(`Too little happened: ${what}`)
  if (values.write) write(result)
  return result.violations.length + missing.length > 0 ? 1 : 0
}

/** @returns the number of mutants that survived or caused another violation. */
async function runMutants(names: readonly string[]): Promise<number> {
  let survived = 0
  for (const name of names) {
    const mutant = mutants[name]
    if (mutant === undefined) throw new Error(`Mutants: ${Object.keys(mutants).join(', ')}.`)
    const short = { ...options, minutes: Math.min(minutes, 3), restartMinutes: 60 }
    const { violations, buckets } = await soak({ ...short, mutant })
    const found = violations.find((violation) => mutant.violation.test(violation))
    if (found === undefined) survived++
    const after = buckets.at(-1)?.atSeconds.toFixed(0)
    console.log(
      `${name}: ${found === undefined ? 'SURVIVED' : `killed after ${after} s: ${found}`}`,
    )
  }
  console.log(`${names.length} mutants run: ${survived} survived`)
  return survived
}

function write(result: SoakResult): void {
  const page = join(root, 'docs', 'soak.md')
  writeFileSync(page, fill(readFileSync(page, 'utf8'), { summary: summary(result) }))
  const chart = drawChart(result.buckets, `A soak of ${result.minutes} minutes`)
  writeFileSync(join(root, 'docs', 'images', 'soak.svg'), chart)
}
