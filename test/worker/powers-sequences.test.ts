// Sequences of calls by actors of every kind: what each call answers and changes is what the contract's "Powers"
// says, written down as a model in test/support/powers. POWERS_RUNS=100 runs more of them, SEED=… others.
import { describe, expect, inject, it } from 'vitest'
import fc from '../support/fc.ts'
import { createForeignTestApp } from '../support/foreign.ts'
import { sequences } from '../support/powers/commands.ts'
import { Sequence } from '../support/powers/sequence.ts'

const { runs } = inject('sequences')
const seed = inject('seed')
const maxLength = 40

describe('whatever is called, in whatever order', () => {
  it('no key is more than its last grantor could create, no refusal changes anything, and tightening is allowed', {
    timeout: 20_000 + runs * 20_000,
  }, async () => {
    const app = await createForeignTestApp()
    const counts: Record<string, number> = {}
    await fc.assert(
      fc.asyncProperty(sequences(maxLength), async (commands) => {
        const sequence = await Sequence.open(app)
        await sequence.run(commands)
        for (const [name, count] of Object.entries(sequence.counts)) {
          counts[name] = (counts[name] ?? 0) + count
        }
      }),
      { numRuns: runs, endOnFailure: true },
    )
    const calls = Object.values(counts).reduce((sum, count) => sum + count, 0)
    console.info(`Powers: seed ${seed}, ${runs} sequences, ${calls} calls`, counts)
    for (const what of ['create', 'patch', 'rotate', 'list']) {
      expect(counts[`${what} ok`], what).toBeGreaterThan(0)
    }
    expect(counts['patch 403']).toBeGreaterThan(0)
  })
})
