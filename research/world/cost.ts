// What a verification costs at list prices, beyond what a plan includes.
import type { Answer } from './designs.ts'
import type { Inputs } from './inputs.ts'

const objectGigabytes = 0.128

/** Dollars for a million verifications that all were like this one. */
export function priceOf(inputs: Inputs, answer: Answer): number {
  const worker = inputs.requestPrice + inputs.cpuMs * inputs.cpuPrice
  // An object is paid for while it works on a call: what it takes beyond the network.
  const awakeSeconds = (answer.fence * inputs.objectMs) / 1000
  const object =
    answer.fence * inputs.objectPrice + awakeSeconds * objectGigabytes * inputs.durationPrice
  const kv = answer.kvReads * inputs.kvReadPrice + answer.kvWrites * inputs.kvWritePrice
  return worker + object + kv + answer.d1Rows * inputs.rowPrice
}
