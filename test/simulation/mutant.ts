// `node mutant.ts NUMBER SEEDS`: runs the world with one mistake in it until it is found. Prints one line
// of JSON. A process of its own, since source is patched as it is loaded.
import { mutants } from './mutants.ts'
import { patchSource } from './patching.ts'

export type Found = { seed: number; violation: string; before: Found | null }
export type Verdict = Found | null

const longer = 5_000

const [number = '', seeds = ''] = process.argv.slice(2)
const mutant = mutants[Number(number)]
if (mutant === undefined) throw new Error(`There is no mutant ${number}.`)
const assertApplied = patchSource(mutant.name, mutant.patches ?? [])

if (mutant.mistake !== undefined) process.env.LATCHKEY_MISTAKE = mutant.mistake
const { install } = await import('./platform.ts')
const { runSeed } = await import('./run.ts')
assertApplied()

setImmediate(() => {
  install()
  console.log(JSON.stringify(firstFound(Number(seeds))))
})

/** A mistake that is found by another rule may still break the promise: it is looked for a while longer. */
function firstFound(most: number): Verdict {
  let first: Verdict = null
  for (let seed = 1; seed <= (first === null ? most : Math.min(most, longer)); seed++) {
    const { violation } = runSeed(seed)
    if (violation?.startsWith('the promise')) return { seed, violation, before: first }
    if (violation !== null) first ??= { seed, violation, before: null }
  }
  return first
}
