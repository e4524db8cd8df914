// The suites of known mistakes, each with the simulation that must find them.
import { fastMutants } from './credits/fast/mutants.ts'
import { creditMutants } from './credits/mutants.ts'
import { designMutants } from './mutants/design.ts'
import { harmlessMutants } from './mutants/harmless.ts'
import { implementationMutants } from './mutants/implementation.ts'
import type { Mutant } from './mutants/mutant.ts'
import { suspensionMutants } from './mutants/suspension.ts'
import { verdictMutants } from './mutants/verdict.ts'
import { viewMutants } from './mutants/view.ts'
import { usageMutants } from './usage/mutants.ts'

export const mutants: Mutant[] = [
  ...designMutants.map((mutant) => ({ ...mutant, listed: true as const })),
  ...implementationMutants,
  ...verdictMutants,
  ...suspensionMutants,
  ...harmlessMutants,
]

export const suites = {
  protocol: { mutants, defaultSeeds: 200_000, load: () => import('./run-seed.ts') },
  view: {
    mutants: viewMutants.map((mutant) => ({ ...mutant, listed: true as const })),
    defaultSeeds: 400_000,
    load: () => import('./view/world.ts'),
  },
  credits: {
    mutants: creditMutants,
    defaultSeeds: 3_000,
    load: () => import('./credits/world.ts'),
  },
  fast: {
    mutants: fastMutants,
    defaultSeeds: 3_000,
    load: () => import('./credits/fast/world.ts'),
  },
  usage: { mutants: usageMutants, defaultSeeds: 3_000, load: () => import('./usage/world.ts') },
} as const

export type SuiteName = keyof typeof suites
