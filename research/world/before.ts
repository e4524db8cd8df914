// The model of Latchkey before views: a lease a record, then the nearest fence with memory or KV, then D1. A
// revocation purged KV before it read what is pending, and deleted the raises before it answered.
import { type Region, regions } from '../../src/coherence/regions.ts'
import {
  type Answer,
  type Design,
  kvWriteMs,
  noCalls,
  type Reader,
  type ReadSetting,
  startRevocation,
} from './design.ts'
import { createIsolates } from './isolates.ts'
import { regionOf, rowsOfARead, settledAfterMs } from './latchkey.ts'
import { createD1, createFence, createKv, noRevocation } from './stores.ts'

export const before: Design = {
  id: 'before',
  name: 'Latchkey before: a lease a record',
  hasListPrice: true,
  read: createReader,
  revoke(setting) {
    const { d1, committedAt, writtenAt } = startRevocation(setting)
    const inKvAt = writtenAt + kvWriteMs(setting)
    const pendingAt = inKvAt + d1.read(inKvAt).tookMs
    const raised = new Map<Region, number>()
    for (const region of regions) {
      const fence = createFence({ ...setting, revocation: noRevocation }, region)
      raised.set(region, pendingAt + fence.raiseMs())
    }
    const acknowledgedAt = Math.max(...raised.values())
    const waitedAt = settledAfterMs(setting, acknowledgedAt)
    const answeredAt = waitedAt + d1.writeMs()
    const stages = {
      commit: writtenAt,
      purge: inKvAt - writtenAt,
      raise: acknowledgedAt - inKvAt,
      wait: waitedAt - acknowledgedAt,
      close: answeredAt - waitedAt,
    }
    const raisedAt = (region: Region) => raised.get(region) ?? 0
    return { committedAt, inKvAt, answeredAt, raisedAt, stages }
  },
}

/** A record in memory from `since` on; its lease starts when the read began (`from`). */
type Held = { since: number; from: number; isOld: boolean }
type Isolate = { held: Held[] }

function createReader(setting: ReadSetting): Reader {
  const { random, inputs, here } = setting
  const fence = createFence(setting, regionOf(here))
  const kv = createKv(setting, inputs.kvCacheMs)
  const d1 = createD1(setting)
  const open = (): Isolate => ({ held: [] })
  const isolateAt = createIsolates(setting, { open, othersPerMs: 0 })
  const lag = () => random.next() * inputs.clockLagMs

  return {
    verify(at) {
      const isolate = isolateAt(at)
      const held = latest(isolate, at)
      const now = at - lag()
      if (held !== null && held.from <= now && now < held.from + inputs.leaseMs) {
        return { ...noCalls, tookMs: inputs.cpuMs, passes: held.isOld, tier: 'memory' }
      }
      const answer = lookUp(at, held)
      isolate.held.push({
        since: at + answer.tookMs,
        from: (answer.tier === 'database' ? at + answer.fenceMs : at) - lag(),
        isOld: answer.passes,
      })
      return answer
    },
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
