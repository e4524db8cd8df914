// The two stale-while-revalidate designs: caches at the edge, and caches in a few servers.
import { commitOnly, type Design, noCalls, notRaised } from './design.ts'
import { exponential, lognormal } from './distributions.ts'
import { rowsOfARead } from './latchkey.ts'
import { drawTripMs, nearest, roundTripMs } from './network.ts'
import { type Place, serverRegions } from './places.ts'
import { createD1 } from './stores.ts'

/** An entry of a stale-while-revalidate cache; `next` replaces it when its fetch has completed. */
type Entry = { since: number; fetchedAt: number; isOld: boolean }
type Cache = { expiresAt: number; entry: Entry | null; next: Entry | null }

/** Serves an entry until it is too old, and refreshes a stale one in the background. */
function serveStale(
  cache: Cache,
  at: number,
  [freshMs, staleMs]: [number, number],
  origin: (at: number) => { tookMs: number; isOld: boolean },
): { held: Entry | null; isRefreshing: boolean } {
  if (cache.next !== null && cache.next.since <= at) [cache.entry, cache.next] = [cache.next, null]
  const held = cache.entry
  if (held === null || at >= held.fetchedAt + staleMs) return { held: null, isRefreshing: false }
  if (at < held.fetchedAt + freshMs || cache.next !== null) return { held, isRefreshing: false }
  const { tookMs, isOld } = origin(at)
  cache.next = { since: at + tookMs, fetchedAt: at + tookMs, isOld }
  return { held, isRefreshing: true }
}

export const swrAtTheEdge: Design = {
  id: 'swr-edge',
  name: 'SWR at the edge, 1 min / 24 h',
  hasListPrice: true,
  read(setting) {
    const { random, inputs } = setting
    const d1 = createD1(setting)
    const times: [number, number] = [inputs.edgeFreshMs, inputs.edgeStaleMs]
    const empty = (): Cache => ({ expiresAt: 0, entry: null, next: null })
    const isolates = Array.from({ length: Math.round(inputs.isolates) }, empty)
    // `caches.default`: a second tier shared by the isolates of a colo.
    let colo: Entry | null = null
    return {
      verify(at) {
        const cache = isolates[Math.floor(random.next() * isolates.length)] as Cache
        if (at >= cache.expiresAt) {
          Object.assign(cache, empty())
          cache.expiresAt = at + exponential(random, inputs.isolateLifeMs)
        }
        const fromOrigin = (readAt: number) => {
          const read = d1.read(readAt)
          const since = readAt + read.tookMs
          if (colo === null || colo.since < since)
            colo = { since, fetchedAt: since, isOld: read.isOld }
          return read
        }
        let lookedUpMs = 0
        // A hit in the second tier fills the first with an entry of the same age.
        if (cache.entry === null && cache.next === null) {
          lookedUpMs = lognormal(random, inputs.kvHotMs, inputs.kvHotMs * 4)
          if (colo !== null && colo.since <= at && at < colo.fetchedAt + times[1])
            cache.entry = colo
        }
        const { held, isRefreshing } = serveStale(cache, at, times, fromOrigin)
        const rows = isRefreshing ? rowsOfARead : 0
        if (held !== null) {
          const tookMs = inputs.cpuMs + lookedUpMs
          return { ...noCalls, tookMs, passes: held.isOld, tier: 'memory', d1Rows: rows }
        }
        const { tookMs, isOld } = fromOrigin(at + lookedUpMs)
        const since = at + lookedUpMs + tookMs
        cache.next ??= { since, fetchedAt: since, isOld }
        const total = inputs.cpuMs + lookedUpMs + tookMs
        return { ...noCalls, tookMs: total, passes: isOld, tier: 'database', d1Rows: rowsOfARead }
      },
    }
  },
  revoke: commitOnly,
}

export const swrInServers: Design = {
  id: 'swr-servers',
  name: 'SWR in servers, 10 s / 10 min',
  hasListPrice: false,
  read(setting) {
    const { random, inputs, here } = setting
    const region: Place = nearest(here, serverRegions)
    const tripMs = roundTripMs(inputs, here, region)
    const database = createD1({ ...setting, here: region })
    const times: [number, number] = [inputs.nodeFreshMs, inputs.nodeStaleMs]
    const nodes = Array.from(
      { length: Math.round(inputs.nodes) },
      (): Cache => ({ expiresAt: 0, entry: null, next: null }),
    )
    return {
      verify(at) {
        const node = random.one(nodes)
        const travelMs = drawTripMs(random, inputs, tripMs)
        const arrivedAt = at + travelMs / 2
        const servedMs = lognormal(random, inputs.nodeMs, inputs.nodeMs * 4)
        const { held } = serveStale(node, arrivedAt, times, (readAt) => database.read(readAt))
        if (held !== null)
          return { ...noCalls, tookMs: travelMs + servedMs, passes: held.isOld, tier: 'server' }
        const { tookMs, isOld } = database.read(arrivedAt)
        const since = arrivedAt + tookMs
        node.next ??= { since, fetchedAt: since, isOld }
        return { ...noCalls, tookMs: travelMs + servedMs + tookMs, passes: isOld, tier: 'database' }
      },
    }
  },
  revoke(setting) {
    const { random, inputs, here } = setting
    const region = nearest(here, serverRegions)
    const travelMs = drawTripMs(random, inputs, roundTripMs(inputs, here, region))
    const { committedAt, inKvAt, answeredAt } = commitOnly({ ...setting, here: region })
    return {
      committedAt: committedAt + travelMs / 2,
      inKvAt,
      answeredAt: answeredAt + travelMs,
      raisedAt: notRaised,
    }
  },
}
