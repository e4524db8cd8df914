// The cost of a verification at list prices, beyond what a plan includes.
import type { Answer } from './design.ts'
import type { Inputs } from './inputs.ts'

const objectGigabytes = 0.128

/** Dollars for a million verifications like this one. */
export function priceOf(inputs: Inputs, answer: Answer): number {
  const worker = inputs.requestPrice + inputs.cpuMs * inputs.cpuPrice
  // An object is billed while it serves a call.
  const activeSeconds = (answer.fence * inputs.objectMs) / 1000
  const object =
    answer.fence * inputs.objectPrice + activeSeconds * objectGigabytes * inputs.durationPrice
  const kv = answer.kvReads * inputs.kvReadPrice + answer.kvWrites * inputs.kvWritePrice
  return worker + object + kv + answer.d1Rows * inputs.rowPrice
}
