// What a seed's world is like. Each seed draws its own few misfortunes, some of them often, so that rare
// combinations become common in some worlds instead of being drowned in noise in all of them.
import { type Region, regions } from '../../src/coherence/regions.ts'
import type { Staleness } from './kv.ts'
import type { Weather } from './network.ts'
import type { Chance } from './random.ts'

export type Swarm = ReturnType<typeof drawSwarm>

/** How far the clocks of a reader and of a changer may lag, together (ms): what is assumed of them. */
const mostLagMs = 1_000

export function drawSwarm(chance: Chance) {
  const hasRestore = chance.is(0.25)
  const isLagging = chance.is(0.5)
  const readerLag = chance.one([0, mostLagMs, chance.int(mostLagMs)])
  const allowed = chance.is(0.3) ? 3 : chance.is(0.5) ? 2 : 1
  return {
    regions: someOf(chance, regions, allowed),
    isolatesPerRegion: 1 + chance.int(2),
    shardCounts: chance.one([[1], [1], [2], [1, 2], [2, 3]]),
    keys: 1 + chance.int(3),
    leaseMs: chance.one([0, 1_000, 1_000, 1_000, 1_000, 3_000, 60_000]),
    memoryCapacity: chance.one([1, 2, 10_000, 10_000]),
    // Together they are what the margin is there for.
    readerLag: { most: isLagging ? readerLag : 0, often: 0.5 },
    settlerLag: { most: isLagging ? mostLagMs - readerLag : 0, often: chance.one([0.5, 0.9]) },
    // Numbers follow clocks: a restore may count on their agreeing within the margin.
    skew: hasRestore ? chance.int(450) : chance.one([0, 50, 1_000, 600_000]),
    usualDelay: chance.one([2, 4, 30, 120]),
    mortality: chance.one([0, 0, 0.004, 0.02, 0.06]),
    mostSingleRaises: chance.one([1_000, 1_000, 1, 2]),
    weather: {
      reads: drawWeather(chance),
      writes: drawWeather(chance),
      kv: drawWeather(chance),
      bar: drawWeather(chance),
      raise: drawWeather(chance),
    },
    staleness: drawStaleness(chance),
    foreign: often(chance),
    asksAgain: chance.one([0.3, 0.9]),
    respondsAsync: chance.one([0, 0, 0.3]),
    steps: 6 + chance.int(14),
    actions: drawActions(chance, hasRestore, allowed),
  }
}

export type Action = keyof ReturnType<typeof drawActions>

function drawActions(chance: Chance, hasRestore: boolean, regionCount: number) {
  const maybe = (weight: number, likely = 0.5) => (chance.is(likely) ? weight : 0)
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
function often(chance: Chance, likely = 0.3): number {
  return chance.is(likely) ? chance.one([0.02, 0.1, 0.3]) : 0
}

/** Half of the links are calm. */
function drawWeather(chance: Chance): Weather {
  const likely = chance.is(0.5) ? 0 : 0.25
  return {
    slow: often(chance, 2 * likely),
    refused: often(chance, likely),
    unheard: often(chance, likely),
    silent: often(chance, likely) / 2,
    mute: often(chance, likely) / 2,
    late: often(chance, likely),
  }
}

function drawStaleness(chance: Chance): Staleness {
  return {
    old: chance.one([0.1, 0.5, 0.9]),
    absent: often(chance),
    lost: often(chance),
    refused: often(chance),
  }
}

function someOf(chance: Chance, list: readonly Region[], count: number): Region[] {
  const left = [...list]
  return Array.from({ length: count }, () => left.splice(chance.int(left.length), 1)[0] as Region)
}
