// Known mistakes in metering: each must be killed.
import { type Mutant, patch } from '../mutants/mutant.ts'

const meter = 'src/limits/meter.ts'
const decision = 'src/limits/decision.ts'
const credits = 'src/limits/credits.ts'
const gcra = 'src/limits/gcra.ts'
const merged = 'src/limits/merged-writes.ts'
const take = 'src/keys/consume-limits.ts'

function mutant(name: string, file: string, find: string, put: string): Mutant {
  return { name, ...patch(file, find, put) }
}

export const creditMutants: Mutant[] = [
  { name: 'an answer before it is durable', mistake: 'answer-before-durable' },
  mutant(
    'a key admitted while its meter is unavailable',
    take,
    "verdict: { code: 'meter_unavailable', record }",
    'verdict',
  ),
  mutant(
    'a balance that does not cover the cost',
    decision,
    'creditsOf(now) < price',
    'creditsOf(now) <= 0 && price > 0',
  ),
  mutant(
    'an idempotency key that is not kept',
    meter,
    'spent > 0 ? name : null, spent',
    'null, spent',
  ),
  mutant(
    'an idempotency key kept although nothing was spent',
    meter,
    'spent > 0 ? name',
    'name !== null ? name',
  ),
  mutant(
    'an idempotency key forgotten too early',
    meter,
    'nowMs - use.atMs < useLifetimeMs',
    'nowMs - use.atMs < 60_000',
  ),
  mutant(
    'an idempotency key remembered for too long',
    meter,
    'nowMs - use.atMs < useLifetimeMs',
    'nowMs - use.atMs < 2 * useLifetimeMs',
  ),
  mutant(
    'an alarm that deletes unexpired idempotency keys',
    meter,
    'forgetUses(nowMs - useLifetimeMs)',
    'forgetUses(nowMs)',
  ),
  mutant('an alarm that deletes a balance', meter, 'else if (this.state.balance === null)', 'else'),
  mutant(
    'a top-up that adds again',
    meter,
    'if (before !== null) {\n      const { atMs }',
    'if (before !== null && before.credits < 0) {\n      const { atMs }',
  ),
  mutant(
    'a top-up repeated with another amount',
    meter,
    'if (before !== null && before.credits !== amount)',
    'if (before !== null && before.credits < 0)',
  ),
  mutant(
    'a top-up whose key is not kept',
    meter,
    'balance: { ...balance, credits } }, nowMs, name, amount)',
    'balance: { ...balance, credits } }, nowMs)',
  ),
  mutant(
    'repeated requests that the rate does not count',
    decision,
    'if (waitSeconds > 0) {',
    'if (waitSeconds > 0 && !isRepeated) {',
  ),
  mutant(
    'only the first window',
    decision,
    'windows.filter((window) => isFull',
    'windows.slice(0, 1).filter((window) => isFull',
  ),
  mutant(
    'a window that admits one more request',
    gcra,
    'level + millisecondsOf(window) > capacityOf(window)',
    'level >= capacityOf(window)',
  ),
  mutant(
    'a window that drains too fast',
    gcra,
    'held.level - elapsedMs * held.limit',
    'held.level - 2 * elapsedMs * held.limit',
  ),
  mutant('a set applied more than once', credits, 'since > held.since', 'since >= held.since'),
  mutant(
    'a set reverted by an older record',
    credits,
    'since > held.since',
    'since !== held.since',
  ),
  mutant('a refill applied more than once', credits, 'settledAt: nowMs }', 'settledAt }'),
  mutant(
    'a refill that adds',
    credits,
    'Math.max(credits, refill.amount)',
    'credits + refill.amount',
  ),
  mutant('a refill that lowers', credits, 'Math.max(credits, refill.amount)', 'refill.amount'),
  mutant(
    'a refill that a key without one uses up',
    credits,
    '(refill === null) return { credits, since, settledAt }',
    '(refill === null) return { credits, since, settledAt: Math.max(settledAt, nowMs) }',
  ),
  mutant(
    'a refill found by a refused request is not kept',
    meter,
    'else if (terms.credits !== null) this.keepBalance(stateAt(this.state, terms, nowMs), nowMs)',
    '',
  ),
  mutant(
    'memory updated without storage',
    meter,
    'else this.storage.save(state, { name: used',
    'else if (credits > 0) this.storage.save(this.state, { name: used',
  ),
  mutant('an answer before its write', merged, 'written: () => writing', 'written: () => null'),
  mutant(
    'an idempotency key unknown until it is written',
    merged,
    'uses.get(name) ?? store.findUse(name)',
    'store.findUse(name)',
  ),
  mutant(
    'only the last idempotency key of a merged write',
    merged,
    'if (use !== undefined) uses.set(',
    'if (use !== undefined) uses = new Map()\n      if (use !== undefined) uses.set(',
  ),
  mutant(
    'a write that takes the state from before the wait',
    merged,
    '    await store.synced()\n    const [state, used] = [unwritten, uses]\n',
    '    const [state, used] = [unwritten, uses]\n    await store.synced()\n',
  ),
]
