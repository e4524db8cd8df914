// What a seed's world is like. Each seed draws its own few misfortunes, some of them often, so that rare
// combinations become common in some worlds instead of being drowned in noise in all of them.
import { type Region, regions } from '../../src/coherence/regions.ts'
import type { Staleness } from './kv.ts'
import type { Weather } from './network.ts'
import type { Random } from './random.ts'

export type Swarm = ReturnType<typeof drawSwarm>

/** How far the clocks of a reader and of a changer may lag, together (ms): what is assumed of them. */
const maxLagMs = 1_000

export function drawSwarm(random: Random) {
  const hasRestore = random.is(0.25)
  const isLagging = random.is(0.5)
  const readerLag = random.one([0, maxLagMs, random.int(maxLagMs)])
  const allowed = random.is(0.3) ? 3 : random.is(0.5) ? 2 : 1
  return {
    regions: someOf(random, regions, allowed),
    isolatesPerRegion: 1 + random.int(2),
    shardCounts: random.one([[1], [1], [2], [1, 2], [2, 3]]),
    keys: 1 + random.int(3),
    leaseMs: random.one([0, 1_000, 1_000, 1_000, 1_000, 3_000, 60_000]),
    memoryCapacity: random.one([1, 2, 10_000, 10_000]),
    // Together they are what the margin is there for.
    readerLag: { most: isLagging ? readerLag : 0, often: 0.5 },
    settlerLag: { most: isLagging ? maxLagMs - readerLag : 0, often: random.one([0.5, 0.9]) },
    // Numbers follow clocks: a restore may count on their agreeing within the margin.
    skew: hasRestore ? random.int(450) : random.one([0, 50, 1_000, 600_000]),
    usualDelay: random.one([2, 4, 30, 120]),
    mortality: random.one([0, 0, 0.004, 0.02, 0.06]),
    maxSingleRaises: random.one([1_000, 1_000, 1, 2]),
    weather: {
      reads: drawWeather(random),
      writes: drawWeather(random),
      kv: drawWeather(random),
      requiredSeq: drawWeather(random),
      raise: drawWeather(random),
    },
    staleness: drawStaleness(random),
    foreign: often(random),
    asksAgain: random.one([0.3, 0.9]),
    respondsAsync: random.one([0, 0, 0.3]),
    steps: 6 + random.int(14),
    actions: drawActions(random, hasRestore, allowed),
  }
}

export type Action = keyof ReturnType<typeof drawActions>

function drawActions(random: Random, hasRestore: boolean, regionCount: number) {
  const maybe = (weight: number, likely = 0.5) => (random.is(likely) ? weight : 0)
  return {
    verify: 4,
    change: 6,
    hammer: maybe(4),
    create: maybe(1),
    bulk: maybe(3),
    people: maybe(3),
    drain: maybe(2, 0.7),
    evictIsolate: maybe(1),
    evictFence: maybe(2),
    loseStorage: maybe(2, 0.4),
    outage: maybe(2, 0.4),
    congestion: maybe(3, 0.4),
    openRegion: regionCount < regions.length ? maybe(1, 0.4) : 0,
    changeShards: maybe(1, 0.3),
    restore: hasRestore ? 5 : 0,
    nextAlarm: maybe(4, 0.25),
    longUse: maybe(1, 0.12),
  }
}

/** Most misfortunes are absent from most worlds, and frequent in some. */
function often(random: Random, likely = 0.3): number {
  return random.is(likely) ? random.one([0.02, 0.1, 0.3]) : 0
}

/** Half of the links are calm. */
function drawWeather(random: Random): Weather {
  const likely = random.is(0.5) ? 0 : 0.25
  return {
    slow: often(random, 2 * likely),
    refused: often(random, likely),
    unheard: often(random, likely),
    silent: often(random, likely) / 2,
    mute: often(random, likely) / 2,
    late: often(random, likely),
  }
}

function drawStaleness(random: Random): Staleness {
  return {
    old: random.one([0.1, 0.5, 0.9]),
    absent: often(random),
    lost: often(random),
    refused: often(random),
  }
}

function someOf(random: Random, list: readonly Region[], count: number): Region[] {
  const left = [...list]
  return Array.from({ length: count }, () => left.splice(random.int(left.length), 1)[0] as Region)
}
