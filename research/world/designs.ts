// The designs that are compared. Each reads a key from one colo, and revokes it.
import { type Region, regions } from '../../src/coherence/regions.ts'
import { createLatchkeyReader, rowsOfARead, settledAfterMs } from './latchkey.ts'
import { nearest, roundTripMs, travelMs } from './network.ts'
import { kvStores, type Place, serverRegions } from './places.ts'
import { exponential, pick, spread } from './random.ts'
import {
  createD1,
  createFence,
  createKv,
  createReplica,
  never,
  type Revocation,
  type Setting,
} from './stores.ts'

/** One verification: how long it took, whether a revoked key passed, and what it asked of whom. */
export type Answer = {
  tookMs: number
  passes: boolean
  tier: 'memory' | 'fence' | 'cache' | 'database' | 'server'
  fence: number
  kvReads: number
  kvWrites: number
  d1Rows: number
}

export type Reader = { verify(at: number): Answer }

/** A revocation asked for at 0: when it was answered with 200, and what took how long (ms). */
export type Revoked = Revocation & { answeredAt: number; stages?: Stages }
export type Stages = { commit: number; purge: number; raise: number; wait: number; close: number }

export type Design = {
  id: string
  name: string
  /** Whether the price list knows what it costs: servers of one’s own have no list price. */
  hasListPrice: boolean
  read(setting: Setting): Reader
  revoke(setting: Omit<Setting, 'revocation'>): Revoked
}

/** What a revocation by a person asks, one after the other; counted in test/worker/world.test.ts. */
export const steps = { readsBefore: 3, kvDeletes: 1, readsOfPending: 1, closingBatches: 1 }

const nothing = { fence: 0, kvReads: 0, kvWrites: 0, d1Rows: 0 }

function startRevocation(setting: Omit<Setting, 'revocation'>) {
  const d1 = createD1({ ...setting, revocation: never })
  let at = 0
  for (let read = 0; read < steps.readsBefore; read++) at += d1.read(at).tookMs
  const writeMs = d1.writeMs()
  // Committed on the way: half of the batch lies behind, half is the way back.
  return { d1, committedAt: at + writeMs / 2, writtenAt: at + writeMs }
}

/** Writes or deletes go to KV’s central stores. */
function kvWriteMs({ random, inputs, here }: Omit<Setting, 'revocation'>): number {
  const way = roundTripMs(inputs, here, nearest(here, kvStores))
  return travelMs(random, inputs, way) + spread(random, inputs.kvStoreMs, inputs.kvStoreMs * 4)
}

const notRaised = () => Number.POSITIVE_INFINITY

const latchkey: Design = {
  id: 'latchkey',
  name: 'Latchkey',
  hasListPrice: true,
  read: (setting) => createLatchkeyReader(setting),
  revoke(setting) {
    const { d1, committedAt, writtenAt } = startRevocation(setting)
    const inKvAt = writtenAt + kvWriteMs(setting)
    const pendingAt = inKvAt + d1.read(inKvAt).tookMs
    const raised = new Map<Region, number>()
    for (const region of regions) {
      const fence = createFence({ ...setting, revocation: never }, region)
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

const kvWithTtl: Design = {
  id: 'kv',
  name: 'KV, TTL 60 s',
  hasListPrice: true,
  read(setting) {
    const { cpuMs, kvTtlMs } = setting.inputs
    const kv = createKv(setting, kvTtlMs)
    return {
      verify(at) {
        const { tookMs, isOld } = kv.read(at)
        return { ...nothing, tookMs: cpuMs + tookMs, passes: isOld, tier: 'cache', kvReads: 1 }
      },
    }
  },
  revoke(setting) {
    const { committedAt, writtenAt } = startRevocation(setting)
    const inKvAt = writtenAt + kvWriteMs(setting)
    return { committedAt, inKvAt, answeredAt: inKvAt, raisedAt: notRaised }
  },
}

function onD1(id: string, name: string, open: typeof createReplica | typeof createD1): Design {
  return {
    id,
    name,
    hasListPrice: true,
    read(setting) {
      const d1 = open(setting)
      return {
        verify(at) {
          const { tookMs, isOld } = d1.read(at)
          const total = setting.inputs.cpuMs + tookMs
          return { ...nothing, tookMs: total, passes: isOld, tier: 'database', d1Rows: rowsOfARead }
        },
      }
    },
    revoke: writeOnly,
  }
}

function writeOnly(setting: Omit<Setting, 'revocation'>): Revoked {
  const { committedAt, writtenAt } = startRevocation(setting)
  return { committedAt, inKvAt: writtenAt, answeredAt: writtenAt, raisedAt: notRaised }
}

/** An entry of a stale-while-revalidate cache: fresh until, stale until, replaced when an answer arrives. */
type Entry = { since: number; fetchedAt: number; isOld: boolean }
type Cache = { diesAt: number; entry: Entry | null; next: Entry | null }

/** Serves what is held until it is too old, and asks the origin behind the answer’s back. */
function serveStale(
  cache: Cache,
  at: number,
  [freshMs, staleMs]: [number, number],
  origin: (at: number) => { tookMs: number; isOld: boolean },
): { held: Entry | null; asked: boolean } {
  if (cache.next !== null && cache.next.since <= at) [cache.entry, cache.next] = [cache.next, null]
  const held = cache.entry
  if (held === null || at >= held.fetchedAt + staleMs) return { held: null, asked: false }
  if (at < held.fetchedAt + freshMs || cache.next !== null) return { held, asked: false }
  const { tookMs, isOld } = origin(at)
  cache.next = { since: at + tookMs, fetchedAt: at + tookMs, isOld }
  return { held, asked: true }
}

const swrAtTheEdge: Design = {
  id: 'swr-edge',
  name: 'SWR at the edge, 1 min / 24 h',
  hasListPrice: true,
  read(setting) {
    const { random, inputs } = setting
    const d1 = createD1(setting)
    const times: [number, number] = [inputs.edgeFreshMs, inputs.edgeStaleMs]
    const empty = (): Cache => ({ diesAt: 0, entry: null, next: null })
    const isolates = Array.from({ length: Math.round(inputs.isolates) }, empty)
    // `caches.default`: a second tier that the isolates of a colo share.
    let colo: Entry | null = null
    return {
      verify(at) {
        const cache = isolates[Math.floor(random() * isolates.length)] as Cache
        if (at >= cache.diesAt) {
          Object.assign(cache, empty())
          cache.diesAt = at + exponential(random, inputs.isolateLifeMs)
        }
        const fromOrigin = (askedAt: number) => {
          const read = d1.read(askedAt)
          const since = askedAt + read.tookMs
          if (colo === null || colo.since < since)
            colo = { since, fetchedAt: since, isOld: read.isOld }
          return read
        }
        let lookedUpMs = 0
        // A hit in the second tier fills the first; what is stale there is stale here too.
        if (cache.entry === null && cache.next === null) {
          lookedUpMs = spread(random, inputs.kvHotMs, inputs.kvHotMs * 4)
          if (colo !== null && colo.since <= at && at < colo.fetchedAt + times[1])
            cache.entry = colo
        }
        const { held, asked } = serveStale(cache, at, times, fromOrigin)
        const rows = asked ? rowsOfARead : 0
        if (held !== null) {
          const tookMs = inputs.cpuMs + lookedUpMs
          return { ...nothing, tookMs, passes: held.isOld, tier: 'memory', d1Rows: rows }
        }
        const { tookMs, isOld } = fromOrigin(at + lookedUpMs)
        const since = at + lookedUpMs + tookMs
        cache.next ??= { since, fetchedAt: since, isOld }
        const total = inputs.cpuMs + lookedUpMs + tookMs
        return { ...nothing, tookMs: total, passes: isOld, tier: 'database', d1Rows: rowsOfARead }
      },
    }
  },
  revoke: writeOnly,
}

const swrInServers: Design = {
  id: 'swr-servers',
  name: 'SWR in servers, 10 s / 10 min',
  hasListPrice: false,
  read(setting) {
    const { random, inputs, here } = setting
    const region: Place = nearest(here, serverRegions)
    const way = roundTripMs(inputs, here, region)
    const database = createD1({ ...setting, here: region })
    const times: [number, number] = [inputs.nodeFreshMs, inputs.nodeStaleMs]
    const nodes = Array.from(
      { length: Math.round(inputs.nodes) },
      (): Cache => ({ diesAt: 0, entry: null, next: null }),
    )
    return {
      verify(at) {
        const node = pick(random, nodes)
        const there = travelMs(random, inputs, way)
        const arrivedAt = at + there / 2
        const served = spread(random, inputs.nodeMs, inputs.nodeMs * 4)
        const { held } = serveStale(node, arrivedAt, times, (askedAt) => database.read(askedAt))
        if (held !== null)
          return { ...nothing, tookMs: there + served, passes: held.isOld, tier: 'server' }
        const { tookMs, isOld } = database.read(arrivedAt)
        const since = arrivedAt + tookMs
        node.next ??= { since, fetchedAt: since, isOld }
        return { ...nothing, tookMs: there + served + tookMs, passes: isOld, tier: 'database' }
      },
    }
  },
  revoke(setting) {
    const { random, inputs, here } = setting
    const region = nearest(here, serverRegions)
    const there = travelMs(random, inputs, roundTripMs(inputs, here, region))
    const { committedAt, inKvAt, answeredAt } = writeOnly({ ...setting, here: region })
    return {
      committedAt: committedAt + there / 2,
      inKvAt,
      answeredAt: answeredAt + there,
      raisedAt: notRaised,
    }
  },
}

/** This design with something changed that is not built: what it would bring. */
export function variantOf(
  id: string,
  name: string,
  variant: Parameters<typeof createLatchkeyReader>[1],
): Design {
  return { ...latchkey, id, name, read: (setting) => createLatchkeyReader(setting, variant) }
}

export const designs: readonly Design[] = [
  latchkey,
  kvWithTtl,
  onD1('d1', 'D1', createD1),
  onD1('d1-replicas', 'D1 with replicas', createReplica),
  swrAtTheEdge,
  swrInServers,
]
