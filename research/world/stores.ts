// What the designs are built of: stores with a place, a speed and, where they cache, an age.

import type { Region } from '../../src/coherence/regions.ts'
import type { Inputs } from './inputs.ts'
import { nearest, roundTripMs, travelMs } from './network.ts'
import { hostPlace, kvStores, type Place, primary, replicas, seats } from './places.ts'
import { pick, type Random, spread } from './random.ts'

/** When a revocation came to pass, at each place that matters to somebody who reads (ms). */
export type Revocation = {
  committedAt: number
  /** When KV’s central stores have the new value. */
  inKvAt: number
  raisedAt(region: Region): number
}

export const never: Revocation = {
  committedAt: Number.POSITIVE_INFINITY,
  inKvAt: Number.POSITIVE_INFINITY,
  raisedAt: () => Number.POSITIVE_INFINITY,
}

/** `isOld`: it tells of a key as it was before the revocation. */
export type Read = { tookMs: number; isOld: boolean }

export type Setting = { random: Random; inputs: Inputs; here: Place; revocation: Revocation }

/** D1’s primary, from here. */
export function createD1({ random, inputs, here, revocation }: Setting) {
  const way = roundTripMs(inputs, here, primary)
  const ask = () => travelMs(random, inputs, way)
  return {
    /** Reads see what is committed when they arrive. */
    read(at: number): Read {
      const there = ask()
      const tookMs = there + spread(random, inputs.d1Ms, inputs.d1Ms * 4)
      return { tookMs, isOld: at + there / 2 < revocation.committedAt }
    },
    writeMs: () => ask() + spread(random, inputs.d1WriteMs, inputs.d1WriteMs * 4),
  }
}

/** The nearest replica, which lags by an amount that is drawn once a revocation. */
export function createReplica({ random, inputs, here, revocation }: Setting) {
  const way = roundTripMs(inputs, here, nearest(here, replicas))
  const lagMs = spread(random, inputs.lagMs, inputs.lagP99Ms)
  return {
    read(at: number): Read {
      const there = travelMs(random, inputs, way)
      const tookMs = there + spread(random, inputs.d1Ms, inputs.d1Ms * 4)
      return { tookMs, isOld: at + there / 2 < revocation.committedAt + lagMs }
    },
  }
}

/** What one colo holds of one KV entry. The colo refreshes an entry in use before it runs out. */
export function createKv({ random, inputs, here, revocation }: Setting, ttlMs: number) {
  const way = roundTripMs(inputs, here, nearest(here, kvStores))
  let entry: { since: number; until: number; isOld: boolean } | null = null

  function fetch(at: number): Read {
    if (random() < inputs.kvTierShare) {
      // A tier has its own copy, of any age that it may have.
      const age = random() * ttlMs
      const isOld = at - age < revocation.inKvAt
      return { tookMs: spread(random, inputs.kvTierMs, inputs.kvTierMs * 4), isOld }
    }
    const there = travelMs(random, inputs, way)
    const tookMs = there + spread(random, inputs.kvStoreMs, inputs.kvStoreMs * 4)
    return { tookMs, isOld: at + there / 2 < revocation.inKvAt }
  }

  function hotMs(): number {
    if (random() < inputs.kvMemoryShare) return spread(random, 0.5, 1)
    return spread(random, inputs.kvHotMs, inputs.kvHotMs * 4)
  }

  return {
    read(at: number): Read {
      const held = entry
      if (held !== null && held.since <= at && at < held.until) {
        if (at >= held.until - ttlMs / 4) {
          const { tookMs, isOld } = fetch(at)
          entry = { since: at, until: at + tookMs + ttlMs, isOld: isOld }
        }
        return { tookMs: hotMs(), isOld: held.isOld }
      }
      const read = fetch(at)
      entry = { since: at + read.tookMs, until: at + read.tookMs + ttlMs, isOld: read.isOld }
      return read
    },
  }
}

/** The fence of a region, seen from here; its seat was decided by whoever asked first. */
export function createFence({ random, inputs, here, revocation }: Setting, region: Region) {
  const seat = hostPlace(pick(random, seats[region]))
  const way = roundTripMs(inputs, here, seat)
  return {
    /** `isOld`: it does not know of the revocation yet. */
    ask(at: number): Read {
      const there = travelMs(random, inputs, way)
      const tookMs = there + objectMs(random, inputs)
      return { tookMs, isOld: at + there / 2 < revocation.raisedAt(region) }
    },
    raiseMs: () =>
      travelMs(random, inputs, way) +
      objectMs(random, inputs) +
      spread(random, inputs.flushMs, inputs.flushMs * 4),
  }
}

function objectMs(random: Random, inputs: Inputs): number {
  const wake = random() < inputs.asleep ? spread(random, inputs.wakeMs, inputs.wakeMs * 4) : 0
  return wake + spread(random, inputs.objectMs, inputs.objectP99Ms)
}
