// The model of this design: one view an isolate, renewed by the requests of all keys; KV where the view runs; the nearest fence, beside KV, where it does not; then D1 (src/keys/look-up.ts).
// test/worker/world.test.ts compares it with that code.
import { nearestRegion, type Region, regions } from '../../src/coherence/regions.ts'
import { requiredSeqOf } from '../../src/coherence/view.ts'
import {
  type Answer,
  type Design,
  kvWriteMs,
  noCalls,
  type Reader,
  type ReadSetting,
  startRevocation,
} from './design.ts'
import type { Inputs } from './inputs.ts'
import { createIsolates } from './isolates.ts'
import { digest, Isolate, newSeq, oldSeq } from './latchkey-isolate.ts'
import type { Place } from './places.ts'
import { createD1, createFence, createKv, noRevocation, type Setting } from './stores.ts'

export const latchkey: Design = {
  id: 'latchkey',
  name: 'Latchkey',
  hasListPrice: true,
  read: createLatchkeyReader,
  revoke(setting) {
    // What is pending is read in the batch of the commit.
    const { committedAt, writtenAt } = startRevocation(setting)
    // KV is purged beside the wait.
    const inKvAt = writtenAt + kvWriteMs(setting)
    const raised = new Map<Region, number>()
    for (const region of regions) {
      const fence = createFence({ ...setting, revocation: noRevocation }, region)
      raised.set(region, writtenAt + fence.raiseMs())
    }
    const acknowledgedAt = Math.max(...raised.values())
    const answeredAt = Math.max(settledAfterMs(setting, acknowledgedAt), inKvAt)
    const stages = {
      commit: writtenAt,
      purge: 0,
      raise: acknowledgedAt - writtenAt,
      wait: answeredAt - acknowledgedAt,
      close: 0,
    }
    const raisedAt = (region: Region) => raised.get(region) ?? 0
    return { committedAt, inKvAt, answeredAt, raisedAt, stages }
  },
}

/** Rows of a read: the key, the counter, and the creator’s membership (src/storage/key-store.ts). */
export const rowsOfARead = 3

const account = { accountId: 'account' }

/** A reader whose isolates also have requests of other keys, at a rate or one by one. */
export type LatchkeyReader = Reader & { other(at: number): void }

export function createLatchkeyReader(setting: ReadSetting): LatchkeyReader {
  const { inputs, here, perSecond } = setting
  const othersPerMs =
    Math.max(0, inputs.coloPerSecond - perSecond) / Math.round(inputs.isolates) / 1000
  const around = { ...setting, fence: createFence(setting, regionOf(here)), othersPerMs }
  const open = (bornAt: number) => new Isolate(around, bornAt)
  const isolateAt = createIsolates(setting, { open, othersPerMs })
  const stores = { inputs, kv: createKv(setting, inputs.kvCacheMs), d1: createD1(setting) }
  return {
    verify(at) {
      const isolate = isolateAt(at)
      isolate.playOthers(at)
      return verifyAt(stores, isolate, at)
    },
    other: (at) => isolateAt(at).playOther(at),
  }
}

type Stores = { inputs: Inputs; kv: ReturnType<typeof createKv>; d1: ReturnType<typeof createD1> }

/** As `recall` and `lookUp` do it. */
function verifyAt(stores: Stores, isolate: Isolate, at: number): Answer {
  const { leaseMs, cpuMs } = stores.inputs
  const now = isolate.readClock(at)
  const { held } = isolate
  const view = isolate.view.running(now, leaseMs)
  if (held !== null) {
    const isGood = view !== null && held.asOf >= requiredSeqOf(view, digest, account)
    const isOnLease = held.readAt !== null && held.readAt <= now && now < held.readAt + leaseMs
    if (isGood || isOnLease) {
      const fence = isGood ? isolate.renewInTime(at, now) : 0
      return { ...noCalls, fence, tookMs: cpuMs, passes: held.asOf === oldSeq, tier: 'memory' }
    }
  }
  if (held !== null || view === null) return verifyAsking(stores, isolate, at, now)
  const counts = { ...noCalls, fence: isolate.renewInTime(at, now), kvReads: 1 }
  const { tookMs, isOld } = stores.kv.read(at)
  const asOf = isOld ? oldSeq : newSeq
  return asOf >= requiredSeqOf(view, digest, account)
    ? accept(stores, isolate, at + tookMs, { ...counts, tookMs, asOf, tier: 'cache' })
    : readDatabase(stores, isolate, at + tookMs, { ...counts, tookMs })
}

function verifyAsking(stores: Stores, isolate: Isolate, at: number, now: number): Answer {
  const { held } = isolate
  const { tookMs: fenceMs, answer } = isolate.ask(at, now)
  const candidate = held === null ? stores.kv.read(at) : { tookMs: 0, isOld: held.asOf === oldSeq }
  const tookMs = Math.max(fenceMs, candidate.tookMs)
  const counts = { ...noCalls, fence: 1, kvReads: held === null ? 1 : 0, tookMs }
  const asOf = candidate.isOld ? oldSeq : newSeq
  const tier = held === null ? 'cache' : 'fence'
  return answer !== null && asOf >= answer.requiredSeq
    ? accept(stores, isolate, at + tookMs, { ...counts, asOf, tier })
    : readDatabase(stores, isolate, at + tookMs, counts)
}

/** The calls until now, and how long they took. */
type Counts = typeof noCalls & { tookMs: number }

function accept(
  { inputs }: Stores,
  isolate: Isolate,
  at: number,
  { asOf, tookMs, ...counts }: Counts & { asOf: number; tier: 'cache' | 'fence' },
): Answer {
  isolate.keep(at, { asOf, readAt: null })
  return { ...counts, tookMs: inputs.cpuMs + tookMs, passes: asOf === oldSeq }
}

function readDatabase(
  { inputs, d1 }: Stores,
  isolate: Isolate,
  at: number,
  counts: Counts,
): Answer {
  const row = d1.read(at)
  const asOf = row.isOld ? oldSeq : newSeq
  isolate.keep(at + row.tookMs, { asOf, readAt: isolate.readClock(at) })
  return {
    ...counts,
    tookMs: inputs.cpuMs + counts.tookMs + row.tookMs,
    passes: row.isOld,
    tier: 'database',
    kvWrites: 1,
    d1Rows: rowsOfARead,
  }
}

/** The region that the code chooses for a request from this place. */
export function regionOf({ north, east }: Place): Region {
  return nearestRegion({ latitude: String(north), longitude: String(east) })
}

/** When a revocation may be answered: counted from the last acknowledgement, by a clock that may lag. */
export function settledAfterMs(
  { random, inputs }: { random: Setting['random']; inputs: Setting['inputs'] },
  acknowledgedAt: number,
): number {
  return acknowledgedAt - random.next() * inputs.clockLagMs + inputs.leaseMs + inputs.marginMs
}
