// How long a revoked key still passes in the Worker that is written by hand: its own look-up, with the KV of the
// simulation, whose reads may return any value that a key ever had, as Cloudflare promises no better.
import { Kv } from '../../test/simulation/kv.ts'
import { Network, noFaults } from '../../test/simulation/network.ts'
import { drainMicrotasks } from '../../test/simulation/platform.ts'
import { createRandom } from '../../test/simulation/random.ts'
import { noLag, Scheduler } from '../../test/simulation/scheduler.ts'
import { find } from '../workers/by-hand.ts'
import { median } from './statistics.ts'

/** `medianSeconds`, `maxSeconds`: from the answer of a revocation to its last pass, where there was one. */
export type Stale = {
  histories: number
  askedForSeconds: number
  passedAgain: number
  medianSeconds: number
  maxSeconds: number
}

const askedForSeconds = 600
const staleness = { old: 0.01, absent: 0.01, lost: 0.01, refused: 0.01 }
const digest = 'digest'

/** In each history one key is asked once a second, and revoked after a minute. */
export async function staleByHand(histories: number): Promise<Stale> {
  // Microtasks can be drained in a plain callback alone.
  const last = await new Promise<number[]>((resolve) =>
    setImmediate(() => resolve(Array.from({ length: histories }, (_, seed) => lastPass(seed)))),
  )
  const again = last.filter((seconds) => seconds > 0)
  return {
    histories,
    askedForSeconds,
    passedAgain: again.length,
    medianSeconds: median(again),
    maxSeconds: Math.max(0, ...again),
  }
}

function lastPass(seed: number): number {
  const random = createRandom(seed)
  const scheduler = new Scheduler(random, drainMicrotasks, 0)
  const network = new Network(scheduler, random, 20, null)
  const link = (name: string) => network.link(name, 2_000, noFaults)
  const kv = new Kv(network, random, link('KV'), staleness)
  const [toD1, row] = [link('D1'), { account: 'Acme Inc', name: 'Bench', revoked: false }]
  const first = () =>
    network.call(toD1, 'first', digest, (answer: (value: unknown) => void) => answer({ ...row }))
  const env = {
    KEYS: kv.namespace,
    DB: { prepare: () => ({ bind: () => ({ first }) }) } as unknown as D1Database,
  }
  const context = { waitUntil: (promise: Promise<unknown>) => void promise.catch(() => {}) }
  const usual = { skew: 0, lag: noLag, crashProbability: 0, isAlive: true, clockMs: 0, calls: 0 }
  let [revokedAt, passedAt] = [Number.POSITIVE_INFINITY, 0]

  async function ask(): Promise<void> {
    const began = scheduler.now
    const key = await find(env, context, digest)
    if (key !== null && !key.revoked && began > revokedAt) passedAt = began - revokedAt
  }
  async function revoke(): Promise<void> {
    await network.call<void>(toD1, 'update', digest, (answer) => {
      row.revoked = true
      answer()
    })
    await kv.namespace.delete(digest).catch(() => {})
    revokedAt = scheduler.now
  }
  for (let second = 0; second < 60 + askedForSeconds; second++) {
    scheduler.after(
      second * 1000 + random.int(1000),
      { name: 'reader', ...usual },
      () => void ask(),
    )
  }
  scheduler.after(60_000, { name: 'owner', ...usual }, () => void revoke())
  while (scheduler.step()) {}
  return passedAt / 1000
}
