// `npm run simulate:mutations`: makes each known mistake, and says whether the simulation finds it.
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import type { Found, Verdict } from './mutant.ts'
import { type Mutant, mutants } from './mutants.ts'

const { values } = parseArgs({
  options: {
    /** A mistake is looked for in so many seeds. */
    seeds: { type: 'string', default: '200000' },
    /** What is harmless is run for so many. */
    harmless: { type: 'string', default: '5000' },
    only: { type: 'string', default: '' },
  },
})

const run = promisify(execFile)
const script = join(import.meta.dirname, 'mutant.ts')
const wanted = [...mutants.entries()].filter(([, { name }]) => name.includes(values.only))
const wrong: string[] = []
const count = wanted.length
let killed = 0

async function work(): Promise<void> {
  for (let next = wanted.shift(); next !== undefined; next = wanted.shift()) {
    const [number, mutant] = next
    tell(mutant, await outcomeOf(number, mutant))
  }
}

async function outcomeOf(number: number, { harmless }: Mutant): Promise<Verdict> {
  const seeds = harmless === undefined ? values.seeds : values.harmless
  const { stdout } = await run(process.execPath, [script, String(number), seeds])
  return JSON.parse(stdout) as Verdict
}

function tell({ name, listed, harmless }: Mutant, verdict: Verdict): void {
  if (verdict !== null) killed++
  if ((verdict === null) !== (harmless !== undefined)) wrong.push(name)
  const outcome = verdict === null ? 'survived' : 'killed  '
  const detail =
    verdict === null
      ? (harmless ?? `in ${values.seeds} seeds: IT MUST BE FOUND`)
      : `${foundBy(verdict)}${harmless === undefined ? '' : ': IT IS HARMLESS'}`
  console.log(`${outcome} ${listed ? '*' : ' '} ${name.padEnd(58)} ${detail}`)
}

function foundBy({ seed, violation, before }: Found): string {
  const rule = violation.startsWith('the promise') ? 'the promise' : violation
  return `seed ${seed}: ${rule}${before === null ? '' : ` (seed ${before.seed}: ${before.violation})`}`
}

console.log('* is listed at the end of "Coherence" in the architecture')
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work))
console.log(
  `${count} mistakes: ${killed} killed, ${count - killed} survived; ` +
    (wrong.length === 0 ? 'as it should be' : `not as it should be: ${wrong.join(', ')}`),
)
if (wrong.length > 0) process.exitCode = 1
