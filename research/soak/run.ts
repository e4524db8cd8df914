// `npx node research/soak/run.ts`: 30 minutes of mixed traffic while stores fail; exit code 1 on a violation. --minutes N,
// --seed N, --rate N (verifications a second), --restart-minutes N, --write (docs/soak.md and its plot),
// --mistake NAME (must be found), --mistakes (each of them, a minute at most).
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fill } from '../world/page.ts'
import { root } from './build.ts'
import { drawCurves } from './curves.ts'
import { mistakes } from './mistakes.ts'
import { describe, meaningless, summary } from './report.ts'
import { type SoakOptions, type SoakResult, soak } from './soak.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string', default: '100' },
    'restart-minutes': { type: 'string' },
    write: { type: 'boolean', default: false },
    mistake: { type: 'string' },
    mistakes: { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
const options: SoakOptions = {
  seed: Number(values.seed),
  minutes,
  rate: Number(values.rate),
  restartMinutes: Number(values['restart-minutes'] ?? Math.min(10, minutes / 2)),
}

if (values.mistakes) process.exitCode = await findAll(Object.keys(mistakes))
else if (values.mistake !== undefined) process.exitCode = await findAll([values.mistake])
else process.exitCode = await soakFor(options)
process.exit()

async function soakFor(asked: SoakOptions): Promise<number> {
  console.log(`Soaking for ${asked.minutes} minutes, seed ${asked.seed}.`)
  const result = await soak(asked)
  console.log(describe(result))
  for (const violation of result.violations) console.log(`Violation: ${violation}`)
  const missing = meaningless(result)
  for (const what of missing) console.log(`The soak means nothing: ${what}`)
  if (values.write) write(result)
  return result.violations.length + missing.length > 0 ? 1 : 0
}

/** @returns 0 when each mistake was found, and found as what it is. */
async function findAll(names: readonly string[]): Promise<number> {
  let missed = 0
  for (const name of names) {
    const mistake = mistakes[name]
    if (mistake === undefined) throw new Error(`Mistakes are ${Object.keys(mistakes).join(', ')}.`)
    const atMost = { ...options, minutes: Math.min(minutes, 1), restartMinutes: 60 }
    const { violations, buckets } = await soak({ ...atMost, mistake })
    const found = violations.find((violation) => mistake.foundAs.test(violation))
    if (found === undefined) missed++
    const after = buckets.at(-1)?.atSeconds.toFixed(0)
    console.log(`${name}: ${found === undefined ? 'SURVIVED' : `found after ${after} s: ${found}`}`)
  }
  return missed
}

function write(result: SoakResult): void {
  const page = join(root, 'docs', 'soak.md')
  writeFileSync(page, fill(readFileSync(page, 'utf8'), { summary: summary(result) }))
  const drawing = drawCurves(result.buckets, `A soak of ${result.minutes} minutes`)
  writeFileSync(join(root, 'docs', 'images', 'soak.svg'), drawing)
}
