// `node mutant.ts NUMBER SEEDS`: runs the world with one mistake in it until it is found. Prints one line
// of JSON. A process of its own, since source is patched as it is loaded.
import { registerHooks } from 'node:module'
import { type Mutant, mutants, type Patch } from './mutants.ts'

export type Found = { seed: number; violation: string; before: Found | null }
export type Verdict = Found | null

const longer = 5_000

const [number = '', seeds = ''] = process.argv.slice(2)
const mutant = mutants[Number(number)]
if (mutant === undefined) throw new Error(`There is no mutant ${number}.`)
const root = new URL('../../', import.meta.url).href
const applied = new Set<Patch>()

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    const patches = patchesOf(mutant).filter(({ file }) => url === root + file)
    if (patches.length === 0) return loaded
    const source = patches.reduce(apply, String(loaded.source))
    return { ...loaded, source }
  },
})

function patchesOf({ patches = [] }: Mutant): Patch[] {
  return patches
}

/** @throws Error when the text is not there, or more than once. */
function apply(source: string, patch: Patch): string {
  const parts = source.split(patch.find)
  if (parts.length !== 2) {
    throw new Error(`"${mutant?.name}": ${patch.file} has ${parts.length - 1} times: ${patch.find}`)
  }
  applied.add(patch)
  return parts.join(patch.put)
}

if (mutant.mistake !== undefined) process.env.LATCHKEY_MISTAKE = mutant.mistake
const { install } = await import('./platform.ts')
const { runSeed } = await import('./run.ts')
const missed = patchesOf(mutant).filter((patch) => !applied.has(patch))
if (missed.length > 0) throw new Error(`"${mutant.name}": never loaded ${missed[0]?.file}`)

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
