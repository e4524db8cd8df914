// Mistakes that could be made in metering: each must be found. `node mistakes.ts` makes them all, each in a
// process of its own, and says by which seed; `node mistakes.ts NUMBER` makes one.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Mistake } from '../mistake.ts'
import { type Patch, patchSource } from '../patching.ts'

type Wrong = { name: string; patches?: Patch[]; mistake?: Mistake }

const meter = 'src/limits/meter.ts'
const decision = 'src/limits/decision.ts'
const credits = 'src/limits/credits.ts'
const gcra = 'src/limits/gcra.ts'
const take = 'src/keys/consume-limits.ts'

function wrong(name: string, file: string, find: string, put: string): Wrong {
  return { name, patches: [{ file, find, put }] }
}

const all: Wrong[] = [
  { name: 'an answer before it is durable', mistake: 'answer-before-durable' },
  wrong(
    'a pass for want of a meter',
    take,
    "verdict: { code: 'meter_unavailable', record }",
    'verdict',
  ),
  wrong(
    'a balance that need not cover the cost',
    decision,
    'creditsOf(now) < price',
    'creditsOf(now) <= 0 && price > 0',
  ),
  wrong(
    'an idempotency key that is not kept',
    meter,
    'spent > 0 ? name : null, spent',
    'null, spent',
  ),
  wrong(
    'an idempotency key that is kept where nothing was spent',
    meter,
    'spent > 0 ? name',
    'name !== null ? name',
  ),
  wrong(
    'an idempotency key forgotten too early',
    meter,
    'nowMs - use.atMs < useLifetimeMs',
    'nowMs - use.atMs < 60_000',
  ),
  wrong(
    'an idempotency key remembered for too long',
    meter,
    'nowMs - use.atMs < useLifetimeMs',
    'nowMs - use.atMs < 2 * useLifetimeMs',
  ),
  wrong(
    'an alarm that forgets too much',
    meter,
    'forgetUses(nowMs - useLifetimeMs)',
    'forgetUses(nowMs)',
  ),
  wrong('an alarm that forgets a balance', meter, 'else if (this.state.balance === null)', 'else'),
  wrong(
    'a top-up that adds again',
    meter,
    'if (before !== null) {\n      const { atMs }',
    'if (before !== null && before.credits < 0) {\n      const { atMs }',
  ),
  wrong(
    'a top-up under any number',
    meter,
    'if (before !== null && before.credits !== amount)',
    'if (before !== null && before.credits < 0)',
  ),
  wrong(
    'a top-up whose key is not kept',
    meter,
    'balance: { ...balance, credits } }, nowMs, name, amount)',
    'balance: { ...balance, credits } }, nowMs)',
  ),
  wrong(
    'repeated requests that the rate does not count',
    decision,
    'if (waitSeconds > 0) {',
    'if (waitSeconds > 0 && !isRepeated) {',
  ),
  wrong(
    'only the first window',
    decision,
    'windows.filter((window) => isFull',
    'windows.slice(0, 1).filter((window) => isFull',
  ),
  wrong(
    'a window that lets one more pass',
    gcra,
    'level + millisecondsOf(window) > capacityOf(window)',
    'level >= capacityOf(window)',
  ),
  wrong(
    'a window that drains too fast',
    gcra,
    'held.level - elapsedMs * held.limit',
    'held.level - 2 * elapsedMs * held.limit',
  ),
  wrong('a set that sets again and again', credits, 'since > held.since', 'since >= held.since'),
  wrong('a set that an older record undoes', credits, 'since > held.since', 'since !== held.since'),
  wrong('a refill that comes again and again', credits, 'settledAt: nowMs }', 'settledAt }'),
  wrong(
    'a refill that adds',
    credits,
    'Math.max(credits, refill.amount)',
    'credits + refill.amount',
  ),
  wrong('a refill that lowers', credits, 'Math.max(credits, refill.amount)', 'refill.amount'),
  wrong(
    'a refill that a key without one uses up',
    credits,
    '(refill === null) return { credits, since, settledAt }',
    '(refill === null) return { credits, since, settledAt: Math.max(settledAt, nowMs) }',
  ),
  wrong(
    'what a refusal finds due is not kept',
    meter,
    'else this.keepBalance(stateAt(this.state, terms, nowMs), nowMs)',
    '',
  ),
  wrong(
    'memory before storage',
    meter,
    'else this.storage.save(state, { name: used',
    'else if (credits > 0) this.storage.save(this.state, { name: used',
  ),
]

const [number, seeds = '3000'] = process.argv.slice(2)
if (number === undefined) await makeAll()
else await makeOne(all[Number(number)])

async function makeAll(): Promise<void> {
  const script = fileURLToPath(import.meta.url)
  const missed: string[] = []
  for (const [at, { name }] of all.entries()) {
    const { stdout } = await promisify(execFile)(process.execPath, [script, String(at)])
    const found = stdout.trim()
    if (found === '') missed.push(name)
    console.log(`${found === '' ? 'MISSED' : 'found '} ${name.padEnd(56)} ${found}`)
  }
  console.log(`${all.length} mistakes, ${missed.length} missed`)
  if (missed.length > 0) process.exitCode = 1
}

async function makeOne(made: Wrong | undefined): Promise<void> {
  if (made === undefined) throw new Error(`There is no mistake ${number}.`)
  const assertApplied = patchSource(made.name, made.patches ?? [])
  if (made.mistake !== undefined) process.env.LATCHKEY_MISTAKE = made.mistake
  const { install } = await import('../platform.ts')
  const { runSeed } = await import('./world.ts')
  assertApplied()
  setImmediate(() => {
    install()
    for (let seed = 1; seed <= Number(seeds); seed++) {
      const { violation } = runSeed(seed)
      if (violation === null) continue
      console.log(`seed ${seed}: ${violation}`)
      return
    }
  })
}
