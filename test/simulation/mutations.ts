// `npx node test/simulation/mutations.ts`: runs each mutant in a process of its own, and reports whether the
// simulation finds it.
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import type { Mutant } from './mutants/mutant.ts'
import { type SuiteName, suites } from './mutants.ts'
import type { Kill } from './run-mutant.ts'

const { values } = parseArgs({
  options: {
    /** `protocol`, `view`, `credits`, `fast` or `usage`; absent: all. */
    suite: { type: 'string' },
    /** Seeds for each mutant that must be killed; absent: what the suite needs. */
    seeds: { type: 'string' },
    /** Seeds for each harmless mutant. */
    harmless: { type: 'string', default: '5000' },
    /** Part of a mutant's name. */
    only: { type: 'string', default: '' },
  },
})

type Job = { suite: SuiteName; number: number; mutant: Mutant; seeds: number }

const run = promisify(execFile)
const script = join(import.meta.dirname, 'run-mutant.ts')
const names = Object.keys(suites) as SuiteName[]
const jobs = names.filter((name) => (values.suite ?? name) === name).flatMap(jobsOf)
const count = jobs.length
const unexpected: string[] = []
let killed = 0

if (count === 0) throw new Error('No mutant is selected.')
console.log('* is listed at the end of "Coherence" in the architecture')
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work))
console.log(
  `${count} mutants run: ${killed} killed, ${count - killed} survived; ` +
    (unexpected.length === 0 ? 'as expected' : `not as expected: ${unexpected.join(', ')}`),
)
if (unexpected.length > 0) process.exitCode = 1

function jobsOf(suite: SuiteName): Job[] {
  const { mutants, defaultSeeds } = suites[suite]
  return [...mutants.entries()]
    .filter(([, { name }]) => name.includes(values.only))
    .map(([number, mutant]) => ({
      suite,
      number,
      mutant,
      seeds: Number(
        mutant.harmless === undefined ? (values.seeds ?? defaultSeeds) : values.harmless,
      ),
    }))
}

async function work(): Promise<void> {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    const { suite, number, seeds } = job
    const { stdout } = await run(process.execPath, [script, suite, String(number), String(seeds)])
    report(job, JSON.parse(stdout) as Kill | null)
  }
}

function report({ mutant: { name, listed, harmless }, seeds }: Job, kill: Kill | null): void {
  if (kill !== null) killed++
  if ((kill === null) !== (harmless !== undefined)) unexpected.push(name)
  const outcome = kill === null ? 'survived' : 'killed  '
  const detail =
    kill === null
      ? (harmless ?? `${seeds} seeds: IT MUST BE KILLED`)
      : `${describe(kill)}${harmless === undefined ? '' : ': IT IS HARMLESS'}`
  console.log(`${outcome} ${listed ? '*' : ' '} ${name.padEnd(58)} ${detail}`)
}

function describe({ seed, violation, before }: Kill): string {
  const rule = violation.startsWith('the guarantee') ? 'the guarantee' : violation
  return `seed ${seed}: ${rule}${before === null ? '' : ` (seed ${before.seed}: ${before.violation})`}`
}
