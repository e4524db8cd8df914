// Every input of the model with its source and its range. Values that the code decides (lease, margin, timeouts,
// cache times) are imported from it.
import config from '#config'
import { fenceTimeoutMs } from '../../src/coherence/fences.ts'
import { defaultMarginMs } from '../../src/coherence/settle.ts'
import { edgeCacheSeconds } from '../../src/storage/key-cache.ts'

/**
 * `code`: imported from the source, so it cannot drift. `published`: has a public source. `measured`: on this
 * machine, or counted in a test. `assumed`: an estimate with a range.
 */
export type Kind = 'code' | 'published' | 'measured' | 'assumed'

export type Input = {
  value: number
  low: number
  high: number
  unit: string
  what: string
  kind: Kind
  source: string
}

const fixed = (value: number) => ({ value, low: value, high: value })
const range = (low: number, value: number, high: number) => ({ low, value, high })

const design = (file: string) => `\`${file}\``
const platform = 'design notes (platform.md), from Cloudflare’s price list'
const objectsLive = 'where.durableobjects.live, snapshot of 2026-01-04'
const kvBlog = 'blog.cloudflare.com/faster-workers-kv'
const kvDocs = 'developers.cloudflare.com/kv/concepts/how-kv-works'

export const table = {
  leaseMs: {
    ...range(0, config.leaseMs, 10_000),
    unit: 'ms',
    what: 'lease',
    kind: 'code',
    source: design('latchkey.config.ts'),
  },
  marginMs: {
    ...range(500, defaultMarginMs, 2_000),
    unit: 'ms',
    what: 'margin of a change beyond the lease',
    kind: 'code',
    source: design('src/coherence/settle.ts'),
  },
  fenceTimeoutMs: {
    ...fixed(fenceTimeoutMs),
    unit: 'ms',
    what: 'timeout of a call to the fence; D1 is read then',
    kind: 'code',
    source: design('src/coherence/fences.ts'),
  },
  kvCacheMs: {
    ...fixed(edgeCacheSeconds * 1000),
    unit: 'ms',
    what: 'cacheTtl of Latchkey’s KV reads',
    kind: 'code',
    source: design('src/storage/key-cache.ts'),
  },
  cpuMs: {
    ...range(0.1, 0.15, 1),
    unit: 'ms',
    what: 'CPU of a verification from memory, including its request',
    kind: 'measured',
    source: 'platform.md: a bare request in workerd on a 2-core VM',
  },
  stretch: {
    ...range(1.1, 1.4, 1.9),
    unit: '×',
    what: 'round trip, relative to twice the great circle at 200 km/ms in fibre',
    kind: 'published',
    source: `speed: SLAC IEPM; factor: fitted to 10 city pairs of ${objectsLive} (0.95 to 1.9)`,
  },
  hopMs: {
    ...range(0.5, 1, 3),
    unit: 'ms',
    what: 'round trip inside a city',
    kind: 'assumed',
    source: 'assumed',
  },
  jitter: {
    ...range(1.1, 1.5, 3),
    unit: '×',
    what: 'p99 of a round trip over its median',
    kind: 'assumed',
    source: 'assumed',
  },
  objectMs: {
    ...range(2, 8, 15),
    unit: 'ms',
    what: 'a call of a Durable Object beyond the network, median',
    kind: 'published',
    source: 'github.com/jldec/getcolo-do, README: 10 ms within Chicago; no official figure',
  },
  objectP99Ms: {
    ...range(15, 40, 150),
    unit: 'ms',
    what: 'the same, p99',
    kind: 'assumed',
    source: 'assumed: five times the median',
  },
  asleep: {
    ...range(0, 0.02, 1),
    unit: 'share',
    what: 'share of fence calls that find the object out of memory (idle for 10 s; 1: a single, rarely used key)',
    kind: 'assumed',
    source: 'assumed; an object is evicted after about 10 s: platform.md',
  },
  wakeMs: {
    ...range(10, 40, 150),
    unit: 'ms',
    what: 'starting such an object, median (p99: four times)',
    kind: 'assumed',
    source: 'assumed',
  },
  flushMs: {
    ...range(5, 12, 30),
    unit: 'ms',
    what: 'writing a raise durably before it is acknowledged, median (p99: four times)',
    kind: 'published',
    source: 'lumenize.com/blog/what-i-got-wrong-about-do-throughput: 10 to 13 ms',
  },
  isolates: {
    ...range(1, 4, 16),
    unit: 'isolates',
    what: 'isolates in a colo, among which the requests of a key are spread at random',
    kind: 'assumed',
    source:
      'assumed; Cloudflare sends a Worker’s requests to few servers of a colo (“shard and conquer”)',
  },
  isolateLifeMs: {
    ...range(60_000, 1_800_000, 21_600_000),
    unit: 'ms',
    what: 'mean life of an isolate',
    kind: 'assumed',
    source: 'assumed',
  },
  kvMemoryShare: {
    ...range(0, 0.5, 0.8),
    unit: 'share',
    what: 'cached KV reads answered from the memory of KV’s own Worker',
    kind: 'published',
    source: `${kvBlog}: nearly half, in under 1 ms`,
  },
  kvHotMs: {
    ...range(1, 2.5, 8),
    unit: 'ms',
    what: 'other cached KV reads, median (p99: four times)',
    kind: 'assumed',
    source: `assumed, below the 5 ms p99 that was published for its new back end`,
  },
  kvTierShare: {
    ...range(0, 0.3, 0.6),
    unit: 'share',
    what: 'uncached KV reads answered by a regional tier',
    kind: 'published',
    source: `${kvBlog}: about 30 %`,
  },
  kvTierMs: {
    ...range(5, 20, 60),
    unit: 'ms',
    what: 'such a read, median (p99: four times)',
    kind: 'assumed',
    source: 'assumed',
  },
  kvStoreMs: {
    ...range(20, 50, 150),
    unit: 'ms',
    what: 'KV’s central store beyond the network, median (p99: four times)',
    kind: 'assumed',
    source:
      'assumed; pasmichal.com/post/cloudflare-workers-kv-caveats saw about 100 ms and up to 500',
  },
  d1Ms: {
    ...range(4, 10, 25),
    unit: 'ms',
    what: 'a read of D1 beyond the network, median (p99: four times)',
    kind: 'assumed',
    source: 'assumed: a call of an object, and D1’s layer in front of it',
  },
  d1WriteMs: {
    ...range(15, 30, 80),
    unit: 'ms',
    what: 'a batch written to D1 beyond the network, median (p99: four times)',
    kind: 'assumed',
    source: 'assumed: a read, and the flush',
  },
  lagMs: {
    ...range(100, 800, 3_000),
    unit: 'ms',
    what: 'lag of a D1 replica, median',
    kind: 'published',
    source:
      'gyaansetu.com/webdev/-528064: 200 probes in Asia; D1’s documents: “arbitrarily out of date”',
  },
  lagP99Ms: {
    ...range(1_000, 6_100, 30_000),
    unit: 'ms',
    what: 'the same, p99',
    kind: 'published',
    source: 'the same',
  },
  clockLagMs: {
    ...range(0, 30, 5_000),
    unit: 'ms',
    what: 'maximum lag of a clock that stands still (CPU time since the last I/O)',
    kind: 'assumed',
    source: 'assumed; platform.md: earlier than the real time, never later',
  },
  kvTtlMs: {
    ...fixed(60_000),
    unit: 'ms',
    what: 'cacheTtl of the design “KV with a TTL”',
    kind: 'published',
    source: `KV’s default: ${kvDocs}`,
  },
  edgeFreshMs: {
    ...fixed(60_000),
    unit: 'ms',
    what: 'stale-while-revalidate at the edge: fresh',
    kind: 'published',
    source: 'peers.md: Unkey’s Worker',
  },
  edgeStaleMs: {
    ...fixed(86_400_000),
    unit: 'ms',
    what: 'the same: stale',
    kind: 'published',
    source: 'peers.md: Unkey’s Worker',
  },
  nodeFreshMs: {
    ...fixed(10_000),
    unit: 'ms',
    what: 'stale-while-revalidate in servers: fresh',
    kind: 'published',
    source: 'peers.md: Unkey in Go',
  },
  nodeStaleMs: {
    ...fixed(600_000),
    unit: 'ms',
    what: 'the same: stale',
    kind: 'published',
    source: 'peers.md: Unkey in Go',
  },
  nodes: {
    ...range(2, 3, 10),
    unit: 'nodes',
    what: 'servers in each region behind one address',
    kind: 'assumed',
    source: 'assumed',
  },
  nodeMs: {
    ...range(1, 2, 5),
    unit: 'ms',
    what: 'such a server beyond the network, median (p99: four times)',
    kind: 'published',
    source: 'peers.md: p95 4.1 to 9.6 ms from five cities',
  },
  coloPerSecond: {
    ...range(1, 100, 1_000),
    unit: 'requests/s',
    what: 'verifications of all keys in a colo: they keep the views of its isolates running',
    kind: 'assumed',
    source: 'assumed',
  },
  rateFactor: {
    ...range(0.1, 1, 10),
    unit: '×',
    what: 'factor on the request rates of the mix',
    kind: 'assumed',
    source: 'assumed',
  },
  servers: {
    ...range(0, 0.5, 1),
    unit: 'share',
    what: 'callers in cloud regions; the others are where people live',
    kind: 'assumed',
    source: 'assumed',
  },
  colos: {
    ...range(1, 3, 10),
    unit: 'colos',
    what: 'colos in which a revoked key is in use',
    kind: 'assumed',
    source: 'assumed',
  },
  requestPrice: {
    ...fixed(0.3),
    unit: '$/M',
    what: 'Worker requests',
    kind: 'published',
    source: 'developers.cloudflare.com/workers/platform/pricing',
  },
  cpuPrice: {
    ...fixed(0.02),
    unit: '$/M ms',
    what: 'Worker CPU',
    kind: 'published',
    source: 'the same',
  },
  objectPrice: {
    ...fixed(0.15),
    unit: '$/M',
    what: 'calls of Durable Objects',
    kind: 'published',
    source: platform,
  },
  durationPrice: {
    ...fixed(12.5),
    unit: '$/M GB-s',
    what: 'duration of Durable Objects (128 MB)',
    kind: 'published',
    source: 'developers.cloudflare.com/durable-objects/platform/pricing',
  },
  kvReadPrice: {
    ...fixed(0.5),
    unit: '$/M',
    what: 'KV reads',
    kind: 'published',
    source: platform,
  },
  kvWritePrice: {
    ...fixed(5),
    unit: '$/M',
    what: 'KV writes',
    kind: 'published',
    source: platform,
  },
  rowPrice: {
    ...fixed(0.001),
    unit: '$/M',
    what: 'D1 rows read',
    kind: 'published',
    source: 'developers.cloudflare.com/d1/platform/pricing',
  },
} as const satisfies Record<string, Input>

export type InputName = keyof typeof table
export type Inputs = Record<InputName, number>

export const inputNames = Object.keys(table) as InputName[]

/** The inputs with some values changed. */
export function inputsWith(changes: Partial<Inputs> = {}): Inputs {
  const values = inputNames.map((name) => [name, table[name].value])
  return { ...(Object.fromEntries(values) as Inputs), ...changes }
}

/** Requests per second of one key in one colo (its heat), and the share of all requests at that rate (assumed). */
export const requestRates = [
  { perSecond: 100, share: 0.2 },
  { perSecond: 10, share: 0.3 },
  { perSecond: 1, share: 0.3 },
  { perSecond: 0.1, share: 0.15 },
  { perSecond: 0.01, share: 0.04 },
  { perSecond: 0.001, share: 0.01 },
] as const
