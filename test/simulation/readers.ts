// Verifications: started anywhere at any time, and judged.
import { type VerifySettings, verify } from '../../src/authority/verify.ts'
import type { Question } from '../../src/core/verdict.ts'
import { config } from './config.ts'
import { versionOf } from './history.ts'
import { type Actor, noLag } from './scheduler.ts'
import { describe, type Isolate, type KnownKey, type World } from './world.ts'

const tagKeys = [new Uint8Array(8) as unknown as CryptoKey]

export { tagKeys }

export type Outcome = { code: string; tier: string; calls: number }

const questions: Question[] = [
  { scopes: [], ip: null },
  { scopes: ['contacts:read'], ip: null },
  { scopes: ['contacts:write'], ip: null },
]

/** Starts a verification after a while. */
export function verifyLater(world: World, isolate: Isolate, key: KnownKey, delay: number): void {
  const actor = world.newActor('verify', world.swarm.readerLag, isolate)
  const fresh = world.chance.is(0.1)
  world.scheduler.after(delay, actor, () => void judged(world, isolate, actor, key, fresh))
}

/** Verifies now, as whoever acts, and waits for the outcome. */
export function verifyNow(world: World, isolate: Isolate, key: KnownKey): Promise<Outcome | null> {
  const actor = world.newActor('check', noLag, isolate)
  actor.mortality = 0
  const { current } = world.scheduler
  return new Promise((done) => {
    world.scheduler.after(0, actor, async () => {
      const outcome = await judged(world, isolate, actor, key, false)
      world.scheduler.after(0, current, () => done(outcome))
    })
  })
}

async function judged(
  world: World,
  isolate: Isolate,
  actor: Actor,
  key: KnownKey,
  fresh: boolean,
): Promise<Outcome | null> {
  const { history, chance } = world
  const question = chance.one(questions)
  const floor = history.floor(key.digest)
  world.trace?.(actor.name, 'verify', key.digest, `promised ${floor}`, fresh ? 'fresh' : '')
  const settings: VerifySettings = {
    config,
    tagKeys,
    leaseMs: world.swarm.leaseMs,
    now: world.scheduler.clock,
    afterwards: (work) => void work.catch((error) => world.fail('afterwards', describe(error))),
  }
  try {
    const verification = await verify(isolate.stores, settings, key.token, question, { fresh })
    const { verdict, tier } = verification
    const { calls } = actor
    const clock = world.scheduler.clock()
    const shown = 'record' in verdict ? `version ${versionOf(verdict.record)}` : ''
    world.trace?.(actor.name, 'decides', verdict.code, shown, `from ${tier}`)
    world.count(`verified from ${verdict.code === 'authority_unavailable' ? 'nowhere' : tier}`)
    const wrong = history.judge({ digest: key.digest, question, floor, clock, verification })
    if (wrong !== null)
      world.fail('the promise', `${actor.name} ${key.digest.slice(0, 6)} ${wrong}`)
    // The afterwards of a verification from memory is nothing at all.
    if (tier === 'memory' && calls > 0) world.fail('no I/O', `${actor.name} made ${calls} calls`)
    if (tier === 'memory' && fresh) world.fail('fresh', `${actor.name} was answered from memory`)
    return { code: verdict.code, tier, calls }
  } catch (error) {
    world.fail('verify never throws', describe(error))
    return null
  }
}
