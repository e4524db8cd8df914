// Where bindings become the narrow arguments of the rooms below. Nothing under http/ but this file
// and the routes touches `env`.

import { createNearestFence } from '../coherence/fences.ts'
import { nearestRegion } from '../coherence/regions.ts'
import type { Clock } from '../coherence/settle.ts'
import { networkOf } from '../core/address.ts'
import type { Config } from '../core/config.ts'
import { createOutageLog, type ReportOutage } from '../core/log.ts'
import { importTagKeys } from '../core/token.ts'
import type { LookUpStores } from '../keys/look-up.ts'
import type { VerifySettings } from '../keys/verify.ts'
import { createMeters, type Meters } from '../limits/meters.ts'
import { createFloodLimit } from '../storage/flood-limit.ts'
import { createKeyCache } from '../storage/key-cache.ts'
import { createMemory, type Memory } from '../storage/memory.ts'
import { UsageCounter } from '../usage/counter.ts'

/** What lives as long as the isolate. */
export type Isolate = {
  config: Config<Env>
  clock: Clock
  memory: Memory
  usage: UsageCounter
  /** Meter → the period in which it was told that its credits are low. */
  toldLow: Map<string, string>
  reportOutage: ReportOutage
  tagKeys(secrets: string): Promise<readonly CryptoKey[]>
}

export type WaitUntil = (work: Promise<unknown>) => void

export function createIsolate(config: Config<Env>, clock: Clock): Isolate {
  let imported: { secrets: string; keys: CryptoKey[] } | null = null
  return {
    config,
    clock,
    memory: createMemory(),
    usage: new UsageCounter({ ...clock, newId: () => crypto.randomUUID() }),
    toldLow: new Map(),
    reportOutage: createOutageLog(clock.now),
    async tagKeys(secrets) {
      // The keys are kept, not their promise: one request must not wait for another's.
      if (imported?.secrets !== secrets) imported = { secrets, keys: await importTagKeys(secrets) }
      return imported.keys
    },
  }
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms) => new Promise((wake) => setTimeout(wake, ms)),
}

/** Whatever tells where a request came from: `cf` is taken apart only when it is read. */
export type RequestLocation = { readonly cf?: unknown }

/** What verification reads from, near to where the request came from. */
export function lookUpStores(
  { memory, reportOutage }: Isolate,
  env: Env,
  from: RequestLocation,
): LookUpStores {
  return {
    memory,
    // Opened when they are asked: a key in memory needs none of them.
    get fence() {
      const place = { region: nearestRegion(from.cf), shards: shardsOf(env) }
      return createNearestFence(env.FENCE, place, reportOutage)
    },
    get cache() {
      return createKeyCache(env.KEY_CACHE, reportOutage)
    },
    // What D1 is asked with is more than half of all code: most isolates check keys without ever needing it.
    keys: {
      async read(digest) {
        const { createKeyReader } = await import('../storage/key-store.ts')
        return createKeyReader(env.DB).read(digest)
      },
    },
  }
}

export function metersOf({ METER }: Env): Meters {
  return createMeters(METER)
}

/** Who is held to account for tokens that are made up: the network of an address, or all without one. */
export function senderOf(ip: string | null): string {
  return `ip/${networkOf(ip) ?? 'unknown'}`
}

/** @param sender tells who is held to account for tokens that are made up: the bucket of the flood limit. */
export async function verifySettings(
  { config, clock, tagKeys, reportOutage }: Isolate,
  env: Env,
  waitUntil: WaitUntil,
  sender: () => string,
): Promise<VerifySettings> {
  return {
    config,
    leaseMs: config.leaseMs,
    now: clock.now,
    waitUntil,
    tagKeys: await tagKeys(env.TAG_SECRETS),
    admitsUntagged: () => createFloodLimit(env.FLOOD, reportOutage).admits(sender()),
  }
}

export function shardsOf({ FENCE_SHARDS }: Env): number {
  const shards = Number(FENCE_SHARDS)
  if (!Number.isInteger(shards) || shards < 1) {
    throw new Error(`FENCE_SHARDS is "${FENCE_SHARDS}": it must be a whole number from 1.`)
  }
  return shards
}

export function areChangesStopped({ CHANGES }: Pick<Env, 'CHANGES'>): boolean {
  return (CHANGES as string) === 'stopped'
}
