// `node run-mutant.ts SUITE NUMBER SEEDS`: runs a simulation with one mutant until it is killed, and prints
// one line of JSON. It is a process of its own because the source is patched as it is loaded.
import { type SuiteName, suites } from './mutants.ts'
import { patchSource } from './patching.ts'

export type Kill = { seed: number; violation: string; before: Kill | null }

/** Seeds searched for a violation of the guarantee after another rule has found the mutant. */
const furtherSeeds = 5_000

const [suiteName = '', number = '', seeds = ''] = process.argv.slice(2)
const suite = suites[suiteName as SuiteName]
const mutant = suite?.mutants[Number(number)]
if (mutant === undefined) throw new Error(`There is no mutant ${suiteName} ${number}.`)
const assertApplied = patchSource(mutant.name, mutant.patches ?? [])

if (mutant.mistake !== undefined) process.env.LATCHKEY_MISTAKE = mutant.mistake
const { install } = await import('./platform.ts')
const { runSeed } = await suite.load()
assertApplied()

setImmediate(() => {
  install()
  console.log(JSON.stringify(firstKill(Number(seeds))))
})

/** A mutant that another rule kills may still break the guarantee: the search goes on for some seeds. */
function firstKill(maxSeeds: number): Kill | null {
  let first: Kill | null = null
  for (
    let seed = 1;
    seed <= (first === null ? maxSeeds : Math.min(maxSeeds, furtherSeeds));
    seed++
  ) {
    const { violation } = runSeed(seed)
    if (violation === null) continue
    const kill: Kill = { seed, violation, before: first }
    if (suiteName !== 'protocol' || violation.startsWith('the guarantee')) return kill
    first ??= kill
  }
  return first
}
