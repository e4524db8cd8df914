// The stores that the designs are built of, each with a place, a latency and, where they cache, an age.

import type { Region } from '../../src/coherence/regions.ts'
import type { Random } from '../../test/simulation/random.ts'
import { lognormal } from './distributions.ts'
import type { Inputs } from './inputs.ts'
import { drawTripMs, nearest, roundTripMs } from './network.ts'
import { hostPlace, hostsOf, kvStores, type Place, primary, replicas } from './places.ts'

/** When a revocation took effect in each store that a reader uses (ms). */
export type Revocation = {
  committedAt: number
  /** When KV’s central stores have the new value. */
  inKvAt: number
  raisedAt(region: Region): number
}

export const noRevocation: Revocation = {
  committedAt: Number.POSITIVE_INFINITY,
  inKvAt: Number.POSITIVE_INFINITY,
  raisedAt: () => Number.POSITIVE_INFINITY,
}

/** `isOld`: the value is from before the revocation. */
export type Read = { tookMs: number; isOld: boolean }

export type Setting = { random: Random; inputs: Inputs; here: Place; revocation: Revocation }

/** D1’s primary, from here. */
export function createD1({ random, inputs, here, revocation }: Setting) {
  const tripMs = roundTripMs(inputs, here, primary)
  const trip = () => drawTripMs(random, inputs, tripMs)
  return {
    /** A read returns what is committed when it arrives. */
    read(at: number): Read {
      const travelMs = trip()
      const tookMs = travelMs + lognormal(random, inputs.d1Ms, inputs.d1Ms * 4)
      return { tookMs, isOld: at + travelMs / 2 < revocation.committedAt }
    },
    writeMs: () => trip() + lognormal(random, inputs.d1WriteMs, inputs.d1WriteMs * 4),
  }
}

/** The nearest replica. Its lag is drawn once for each revocation. */
export function createReplica({ random, inputs, here, revocation }: Setting) {
  const tripMs = roundTripMs(inputs, here, nearest(here, replicas))
  const lagMs = lognormal(random, inputs.lagMs, inputs.lagP99Ms)
  return {
    read(at: number): Read {
      const travelMs = drawTripMs(random, inputs, tripMs)
      const tookMs = travelMs + lognormal(random, inputs.d1Ms, inputs.d1Ms * 4)
      return { tookMs, isOld: at + travelMs / 2 < revocation.committedAt + lagMs }
    },
  }
}

/** One KV entry in one colo. The colo refreshes an entry in use before it expires. */
export function createKv({ random, inputs, here, revocation }: Setting, ttlMs: number) {
  const tripMs = roundTripMs(inputs, here, nearest(here, kvStores))
  let entry: { since: number; until: number; isOld: boolean } | null = null

  function fetch(at: number): Read {
    if (random.is(inputs.kvTierShare)) {
      // A tier has a copy of any age up to the TTL.
      const age = random.next() * ttlMs
      const isOld = at - age < revocation.inKvAt
      return { tookMs: lognormal(random, inputs.kvTierMs, inputs.kvTierMs * 4), isOld }
    }
    const travelMs = drawTripMs(random, inputs, tripMs)
    const tookMs = travelMs + lognormal(random, inputs.kvStoreMs, inputs.kvStoreMs * 4)
    return { tookMs, isOld: at + travelMs / 2 < revocation.inKvAt }
  }

  function hotMs(): number {
    if (random.is(inputs.kvMemoryShare)) return lognormal(random, 0.5, 1)
    return lognormal(random, inputs.kvHotMs, inputs.kvHotMs * 4)
  }

  return {
    read(at: number): Read {
      const held = entry
      if (held !== null && held.since <= at && at < held.until) {
        if (at >= held.until - ttlMs / 4) {
          const { tookMs, isOld } = fetch(at)
          entry = { since: at, until: at + tookMs + ttlMs, isOld }
        }
        return { tookMs: hotMs(), isOld: held.isOld }
      }
      const read = fetch(at)
      entry = { since: at + read.tookMs, until: at + read.tookMs + ttlMs, isOld: read.isOld }
      return read
    },
  }
}

/** The fence of a region, as seen from here. Its first caller decided its host. */
export function createFence({ random, inputs, here, revocation }: Setting, region: Region) {
  const host = hostPlace(random.one(hostsOf[region]))
  const tripMs = roundTripMs(inputs, here, host)
  return {
    /** `isOld`: the fence does not know the revocation yet. */
    read(at: number): Read {
      const travelMs = drawTripMs(random, inputs, tripMs)
      const tookMs = travelMs + objectMs(random, inputs)
      return { tookMs, isOld: at + travelMs / 2 < revocation.raisedAt(region) }
    },
    raiseMs: () =>
      drawTripMs(random, inputs, tripMs) +
      objectMs(random, inputs) +
      lognormal(random, inputs.flushMs, inputs.flushMs * 4),
  }
}

function objectMs(random: Random, inputs: Inputs): number {
  const startMs = random.is(inputs.asleep) ? lognormal(random, inputs.wakeMs, inputs.wakeMs * 4) : 0
  return startMs + lognormal(random, inputs.objectMs, inputs.objectP99Ms)
}
