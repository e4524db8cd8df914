// `foresee` says from what is left what `decideConsumption` would decide about a request of one credit.
import { expect, it } from 'vitest'
import type { MeterTerms, Refill } from '../../src/core/limits.ts'
import {
  decideConsumption,
  type MeterState,
  remainingIn,
  stateAt,
} from '../../src/limits/decision.ts'
import { foresee } from '../../src/limits/foresee.ts'
import fc from '../support/fc.ts'

const nowMs = Date.UTC(2026, 10, 28, 12)
const dayMs = 86_400_000

const windows = fc
  .array(
    fc.record({ limit: fc.integer({ min: 1, max: 3 }), windowSeconds: fc.constantFrom(1, 60) }),
    {
      maxLength: 3,
    },
  )
  .map((all) => all.map((each, at) => ({ name: `w${at}`, ...each })))

const refill: fc.Arbitrary<Refill | null> = fc.oneof(
  fc.constant(null),
  fc.record({
    interval: fc.constant('daily' as const),
    amount: fc.integer({ min: 0, max: 3 }),
    since: fc.integer({ min: nowMs - 2 * dayMs, max: nowMs }),
  }),
  fc.record({
    interval: fc.constant('monthly' as const),
    day: fc.integer({ min: 1, max: 31 }),
    amount: fc.integer({ min: 0, max: 3 }),
    since: fc.integer({ min: nowMs - 40 * dayMs, max: nowMs }),
  }),
)

const terms: fc.Arbitrary<MeterTerms> = fc.record({
  windows,
  credits: fc.oneof(
    fc.constant(null),
    fc.record({
      remaining: fc.integer({ min: 0, max: 3 }),
      since: fc.integer({ min: nowMs - 50 * dayMs, max: nowMs }),
      refill,
    }),
  ),
})

it('agrees with the meter, whatever was consumed before', () => {
  const seen = new Set<string>()
  const gaps = fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 6 })
  fc.assert(
    fc.property(terms, gaps, (terms, gaps) => {
      let state: MeterState = { buckets: new Map(), balance: null }
      let atMs = nowMs
      for (const gap of [...gaps, 0]) {
        atMs += gap
        const left = remainingIn(stateAt(state, terms, atMs), terms)
        const foreseen = foresee(left, terms, atMs)
        const one = { cost: 1, spentBefore: null }
        const { result, next } = decideConsumption(state, terms, one, atMs)
        expect(foreseen.code).toBe(result.outcome === 'passed' ? 'valid' : result.outcome)
        if ('retryAfterSeconds' in result) {
          expect(foreseen).toMatchObject({ retryAfterSeconds: result.retryAfterSeconds })
        }
        seen.add(foreseen.code)
        state = next ?? state
      }
    }),
    { numRuns: 500 },
  )
  expect([...seen].sort()).toEqual(['credits_exhausted', 'rate_limited', 'valid'])
})
