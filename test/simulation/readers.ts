// Verifications in any isolate at any time, checked by the oracle.

import type { AccessRequest } from '../../src/core/verdict.ts'
import { needsOf } from '../../src/core/verdict.ts'
import type { LookUpStores } from '../../src/keys/look-up.ts'
import { type Verification, type VerifySettings, verify } from '../../src/keys/verify.ts'
import { describe } from './base-world.ts'
import { config } from './config.ts'
import { versionOf } from './history.ts'
import { type Actor, noLag } from './scheduler.ts'
import type { Answered } from './suspensions.ts'
import type { Isolate, KnownKey, World } from './world.ts'

export const tagKeys = [new Uint8Array(8) as unknown as CryptoKey]

export type Outcome = { code: string; tier: string; calls: number }

const questions: AccessRequest[] = [
  { ...needsOf(), ip: null },
  { ...needsOf('contacts:read'), ip: null },
  { ...needsOf('contacts:write'), ip: null },
  { ...needsOf('contacts:read#7'), environments: ['live'], ip: null },
  { ...needsOf(), environments: ['test'], ip: null },
  { ...needsOf(), anyOf: ['contacts:write', 'contacts:read#8'], ip: null },
]

/** Starts a verification after a delay. */
export function verifyLater(world: World, isolate: Isolate, key: KnownKey, delay: number): void {
  const { random, swarm, scheduler } = world
  const actor = world.newActor('verify', swarm.readerLag, isolate)
  const stores = random.is(0.1) ? world.storesElsewhere(isolate) : isolate.stores
  const reader = { actor, stores, fresh: random.is(0.1) }
  scheduler.after(delay, actor, () => void verifyAndCheck(world, reader, key))
}

/** Verifies now and resumes the current actor with the outcome. */
export function verifyNow(world: World, isolate: Isolate, key: KnownKey): Promise<Outcome | null> {
  const actor = world.newActor('check', noLag, isolate)
  actor.crashProbability = 0
  const { current } = world.scheduler
  const reader = { actor, stores: isolate.stores, fresh: false }
  return new Promise((done) => {
    world.scheduler.after(0, actor, async () => {
      const outcome = await verifyAndCheck(world, reader, key)
      world.scheduler.after(0, current, () => done(outcome))
    })
  })
}

type Reader = { actor: Actor; stores: LookUpStores; fresh: boolean }

async function verifyAndCheck(
  world: World,
  { actor, stores, fresh }: Reader,
  key: KnownKey,
): Promise<Outcome | null> {
  const question = world.random.one(questions)
  const floor = world.history.floor(key.digest)
  const answered = world.history.suspensions.answered(key.accountId)
  world.trace?.(actor.name, 'verify', key.digest, `floor ${floor}`, fresh ? 'fresh' : '')
  const settings: VerifySettings = {
    config,
    tagKeys: async () => tagKeys,
    admitsUntagged: async () => true,
    leaseMs: world.swarm.leaseMs,
    now: world.scheduler.clock,
    waitUntil: (work) => void work.catch((error) => world.fail('waitUntil', describe(error))),
  }
  try {
    const verification = await verify(stores, settings, key.token, question, { fresh })
    checkOutcome(world, actor, key, { verification, question, floor, fresh, answered })
    return { code: verification.verdict.code, tier: verification.tier, calls: actor.calls }
  } catch (error) {
    world.fail('verify does not throw', describe(error))
    return null
  }
}

type Decided = {
  verification: Verification
  question: AccessRequest
  floor: number
  fresh: boolean
  answered: Answered
}

function checkOutcome(
  world: World,
  { name, calls }: Actor,
  { digest, accountId }: KnownKey,
  decided: Decided,
): void {
  const { verdict, tier } = decided.verification
  const version = 'record' in verdict ? `version ${versionOf(verdict.record)}` : ''
  world.trace?.(name, 'decides', verdict.code, version, `from ${tier}`)
  world.count(`verified from ${verdict.code === 'authority_unavailable' ? 'nothing' : tier}`)
  const suspension = world.history.suspensions.check(accountId, decided.answered, verdict.code)
  if (suspension !== null) world.fail('the guarantee', `${name} ${accountId} ${suspension}`)
  const wrong = world.history.check({ ...decided, digest, clock: world.scheduler.clock() })
  if (wrong !== null) world.fail('the guarantee', `${name} ${digest.slice(0, 6)} ${wrong}`)
  if (tier !== 'memory') return
  if (calls > 0) world.fail('a hot key needs no I/O', `${name} made ${calls} calls`)
  if (decided.fresh) world.fail('fresh reads the fence', `${name} was answered from memory`)
}
