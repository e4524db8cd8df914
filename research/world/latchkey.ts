// This design as the model sees it: memory under a lease, then the nearest fence with memory or KV,
// then D1 (src/keys/look-up.ts). test/worker/world.test.ts holds it against that code.
import { nearestRegion, type Region } from '../../src/coherence/regions.ts'
import type { Answer, Reader } from './designs.ts'
import type { Place } from './places.ts'
import { exponential, type Random } from './random.ts'
import { createD1, createFence, createKv, type Setting } from './stores.ts'

/** A record that is in memory from `since`; its lease runs from the question to which it was the answer. */
type Held = { since: number; from: number; isOld: boolean }
type Isolate = { diesAt: number; held: Held[] }

const nothing = { fence: 0, kvReads: 0, kvWrites: 0, d1Rows: 0 }
/** Rows of a read: the key, the counter, and the creator’s membership (src/storage/key-store.ts). */
export const rowsOfARead = 3

export type Variant = {
  /**
   * Not built: a request that memory answers in this last share of a lease has it renewed behind the
   * answer's back. Safe all the same, since a lease runs from its question. As built: 0.
   */
  renewedAhead?: number
  /** The region whose fence is asked; as built, the nearest by `nearestRegion`. */
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
    diesAt: 0,
    held: [],
  }))
  const lag = () => random() * inputs.clockLagMs

  function isolateAt(at: number): Isolate {
    const isolate = isolates[Math.floor(random() * isolates.length)] as Isolate
    if (at >= isolate.diesAt) {
      isolate.diesAt = at + exponential(random, inputs.isolateLifeMs)
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
        const isSoonOver = now >= held.from + inputs.leaseMs * (1 - renewedAhead)
        const isAskedFor = isolate.held.some(({ since }) => since > at)
        const { fence: asked } = isSoonOver && !isAskedFor ? ask(isolate, at, held) : nothing
        const tookMs = inputs.cpuMs
        return { ...nothing, fence: asked, tookMs, passes: held.isOld, tier: 'memory' }
      }
      return ask(isolate, at, held)
    },
  }

  function ask(isolate: Isolate, at: number, held: Held | null): Answer {
    const answer = lookUp(at, held)
    isolate.held.push({
      since: at + answer.tookMs,
      from: (answer.tier === 'database' ? at + answer.askedMs : at) - lag(),
      isOld: answer.passes,
    })
    return answer
  }

  function lookUp(at: number, held: Held | null): Answer & { askedMs: number } {
    const bar = fence.ask(at)
    const candidate = held === null ? kv.read(at) : { tookMs: 0, isOld: held.isOld }
    const isKnown = bar.tookMs <= inputs.fenceLimitMs
    const askedMs = Math.max(Math.min(bar.tookMs, inputs.fenceLimitMs), candidate.tookMs)
    const counts = { ...nothing, fence: 1, kvReads: held === null ? 1 : 0 }
    // A fence that knows of the revocation refuses every record of before.
    if (isKnown && (bar.isOld || !candidate.isOld)) {
      const tier = held === null ? 'cache' : 'fence'
      const tookMs = inputs.cpuMs + askedMs
      return { tookMs, askedMs, passes: candidate.isOld, tier, ...counts }
    }
    const row = d1.read(at + askedMs)
    const tookMs = inputs.cpuMs + askedMs + row.tookMs
    return {
      ...counts,
      tookMs,
      askedMs,
      passes: row.isOld,
      tier: 'database',
      kvWrites: 1,
      d1Rows: rowsOfARead,
    }
  }
}

/** The code's own choice for a request from this place. */
export function regionOf({ north, east }: Place): Region {
  return nearestRegion({ latitude: String(north), longitude: String(east) })
}

/** The record with the latest question among those that have arrived; older ones are dropped. */
function latest(isolate: Isolate, at: number): Held | null {
  const arrived = isolate.held.filter(({ since }) => since <= at)
  if (arrived.length === 0) return null
  // Newer before older: what D1 said after the change replaces what was known before it.
  const best = arrived.reduce((one, other) => (isNewer(one, other) ? one : other))
  isolate.held = isolate.held.filter((held) => held === best || held.since > at)
  return best
}

function isNewer(one: Held, other: Held): boolean {
  return one.isOld === other.isOld ? one.from > other.from : !one.isOld
}

/** When the answer to a revocation may be given: from the last acknowledgement, by a clock that may lag. */
export function settledAfterMs(
  { random, inputs }: { random: Random; inputs: Setting['inputs'] },
  acknowledgedAt: number,
): number {
  return acknowledgedAt - random() * inputs.clockLagMs + inputs.leaseMs + inputs.marginMs
}
