// The isolates of a colo, among which the requests of a key are spread at random.
import type { Random } from '../../test/simulation/random.ts'
import { exponential } from './distributions.ts'
import type { Inputs } from './inputs.ts'

/** @returns the isolate of the next request at a time; `open` makes one that was born at a time. */
export function createIsolates<I>(
  { random, inputs }: { random: Random; inputs: Inputs },
  { open, othersPerMs }: { open(bornAt: number): I; othersPerMs: number },
): (at: number) => I {
  const isolates = Array.from({ length: Math.round(inputs.isolates) }, () => ({
    isolate: open(Number.NEGATIVE_INFINITY),
    expiresAt: Number.NEGATIVE_INFINITY,
  }))
  return (at) => {
    const slot = isolates[Math.floor(random.next() * isolates.length)] as (typeof isolates)[number]
    if (at >= slot.expiresAt) {
      // Other keys' requests have opened its successor, and that one's, before this request.
      const age = othersPerMs > 0 ? exponential(random, inputs.isolateLifeMs) : 0
      slot.isolate = open(Math.max(at - age, Math.min(slot.expiresAt, at)))
      slot.expiresAt = at + exponential(random, inputs.isolateLifeMs)
    }
    return slot.isolate
  }
}
