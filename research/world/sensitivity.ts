// Sensitivity: each input is set to its low and its high, with all others and the random numbers unchanged.
import type { Design } from './design.ts'
import { designs } from './designs.ts'
import { type InputName, type Inputs, inputNames, inputsWith, table } from './inputs.ts'
import { revoking, type Size, verifying } from './measure.ts'
import { mean, quantile } from './sample.ts'

export const outcomes = [
  { id: 'mean', name: 'verification, mean (ms)' },
  { id: 'p99', name: 'verification, p99 (ms)' },
  { id: 'revocation', name: 'revocation until its 200, p50 (ms)' },
  { id: 'questions', name: 'questions to the fence per million' },
  { id: 'dollars', name: 'dollars per million verifications' },
  { id: 'stale', name: 'longest stale pass (ms)' },
] as const

export type OutcomeId = (typeof outcomes)[number]['id']
export type Outcome = Record<OutcomeId, number>
export type Swing = { input: InputName; low: Outcome; high: Outcome }

/** Inputs of the other designs only. */
const ofOthers: readonly InputName[] = ['lagMs', 'lagP99Ms', 'nodes', 'nodeMs']

export function sensitivity(size: Size): { base: Outcome; swings: Swing[] } {
  const varied = inputNames.filter(
    (name) => table[name].low !== table[name].high && !ofOthers.includes(name),
  )
  return {
    base: outcomeOf(inputsWith(), size),
    swings: varied.map((input) => ({
      input,
      low: outcomeOf(inputsWith({ [input]: table[input].low }), size),
      high: outcomeOf(inputsWith({ [input]: table[input].high }), size),
    })),
  }
}

function outcomeOf(inputs: Inputs, size: Size): Outcome {
  const [latchkey] = designs as [Design]
  const { latency, questions, dollars } = verifying(latchkey, inputs, size)
  const { answer, window } = revoking(latchkey, inputs, size, 1)
  return {
    mean: mean(latency),
    p99: quantile(latency, 0.99),
    revocation: quantile(answer, 0.5),
    questions,
    dollars,
    stale: quantile(window, 1),
  }
}
