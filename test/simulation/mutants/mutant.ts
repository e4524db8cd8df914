// What a mutant is: one known mistake, made either in the real source or in a test double.
import type { Mistake } from '../mistake.ts'
import type { Patch } from '../patching.ts'

export type Mutant = {
  name: string
  /** Listed at the end of "Coherence" in the architecture. */
  listed?: true
  /** Why it cannot be detected; absent: it must be killed. */
  harmless?: string
  /** Replaces text of the real source as it is loaded. */
  patches?: Patch[]
  /** Made by a double, where the double stands in for SQL or for the platform. */
  mistake?: Mistake
}

export function patch(file: string, find: string, put: string): { patches: Patch[] } {
  return { patches: [{ file, find, put }] }
}

export function swap(file: string, first: string, second: string): { patches: Patch[] } {
  return patch(file, first + second, second + first)
}

/** Lines of settle.ts that more than one mutant moves or removes. */
export const wait = '  await sleepUntil(from + leaseMs + marginMs, clock)\n'
export const forgetSettled =
  '  if (acknowledged.length > 0) waitUntil(changes.settled(acknowledged).catch(() => {}))\n'
