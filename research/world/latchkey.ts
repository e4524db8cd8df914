// The model of this design: memory under a lease, then the nearest fence with memory or KV, then D1
// (src/keys/look-up.ts). test/worker/world.test.ts compares it with that code.
import { nearestRegion, type Region } from '../../src/coherence/regions.ts'
import type { Random } from '../../test/simulation/random.ts'
import { type Answer, noCalls, type Reader } from './design.ts'
import { exponential } from './distributions.ts'
import type { Place } from './places.ts'
import { createD1, createFence, createKv, type Setting } from './stores.ts'

/** A record in memory from `since` on; its lease starts when the read began (`from`). */
type Held = { since: number; from: number; isOld: boolean }
type Isolate = { expiresAt: number; held: Held[] }

/** Rows of a read: the key, the counter, and the creator’s membership (src/storage/key-store.ts). */
export const rowsOfARead = 3

export type Variant = {
  /**
   * Not built: a request answered from memory in this last share of a lease renews it in the background. This
   * is safe, since a lease starts when its read begins. As built: 0.
   */
  renewedAhead?: number
  /** The region of the fence; as built, the nearest by `nearestRegion`. */
  region?: Region
}

export function createLatchkeyReader(setting: Setting, variant: Variant = {}): Reader {
  const { random, inputs, here } = setting
  const region = variant.region ?? regionOf(here)
  const { renewedAhead = 0 } = variant
  const fence = createFence(setting, region)
  const kv = createKv(setting, inputs.kvCacheMs)
  const d1 = createD1(setting)
  const isolates: Isolate[] = Array.from({ length: Math.round(inputs.isolates) }, () => ({
    expiresAt: 0,
    held: [],
  }))
  const lag = () => random.next() * inputs.clockLagMs

  function isolateAt(at: number): Isolate {
    const isolate = isolates[Math.floor(random.next() * isolates.length)] as Isolate
    if (at >= isolate.expiresAt) {
      isolate.expiresAt = at + exponential(random, inputs.isolateLifeMs)
      isolate.held = []
    }
    return isolate
  }

  return {
    verify(at) {
      const isolate = isolateAt(at)
      const held = latest(isolate, at)
      const now = at - lag()
      if (held !== null && held.from <= now && now < held.from + inputs.leaseMs) {
        const isExpiring = now >= held.from + inputs.leaseMs * (1 - renewedAhead)
        const isRenewing = isolate.held.some(({ since }) => since > at)
        const { fence: calls } = isExpiring && !isRenewing ? refresh(isolate, at, held) : noCalls
        const tookMs = inputs.cpuMs
        return { ...noCalls, fence: calls, tookMs, passes: held.isOld, tier: 'memory' }
      }
      return refresh(isolate, at, held)
    },
  }

  function refresh(isolate: Isolate, at: number, held: Held | null): Answer {
    const answer = lookUp(at, held)
    isolate.held.push({
      since: at + answer.tookMs,
      from: (answer.tier === 'database' ? at + answer.fenceMs : at) - lag(),
      isOld: answer.passes,
    })
    return answer
  }

  function lookUp(at: number, held: Held | null): Answer & { fenceMs: number } {
    const requiredSeq = fence.read(at)
    const candidate = held === null ? kv.read(at) : { tookMs: 0, isOld: held.isOld }
    const isKnown = requiredSeq.tookMs <= inputs.fenceTimeoutMs
    const fenceMs = Math.max(Math.min(requiredSeq.tookMs, inputs.fenceTimeoutMs), candidate.tookMs)
    const counts = { ...noCalls, fence: 1, kvReads: held === null ? 1 : 0 }
    // A fence that knows the revocation refuses every older record.
    if (isKnown && (requiredSeq.isOld || !candidate.isOld)) {
      const tier = held === null ? 'cache' : 'fence'
      const tookMs = inputs.cpuMs + fenceMs
      return { tookMs, fenceMs, passes: candidate.isOld, tier, ...counts }
    }
    const row = d1.read(at + fenceMs)
    const tookMs = inputs.cpuMs + fenceMs + row.tookMs
    return {
      ...counts,
      tookMs,
      fenceMs,
      passes: row.isOld,
      tier: 'database',
      kvWrites: 1,
      d1Rows: rowsOfARead,
    }
  }
}

/** The region that the code chooses for a request from this place. */
export function regionOf({ north, east }: Place): Region {
  return nearestRegion({ latitude: String(north), longitude: String(east) })
}

/** The arrived record whose read began last; older ones are dropped. */
function latest(isolate: Isolate, at: number): Held | null {
  const arrived = isolate.held.filter(({ since }) => since <= at)
  if (arrived.length === 0) return null
  // A record read after the change replaces one read before it.
  const best = arrived.reduce((one, other) => (isNewer(one, other) ? one : other))
  isolate.held = isolate.held.filter((held) => held === best || held.since > at)
  return best
}

function isNewer(one: Held, other: Held): boolean {
  return one.isOld === other.isOld ? one.from > other.from : !one.isOld
}

/** When a revocation may be answered: counted from the last acknowledgement, by a clock that may lag. */
export function settledAfterMs(
  { random, inputs }: { random: Random; inputs: Setting['inputs'] },
  acknowledgedAt: number,
): number {
  return acknowledgedAt - random.next() * inputs.clockLagMs + inputs.leaseMs + inputs.marginMs
}
