// Swarm testing: each seed draws a few kinds of fault, some of them at high rates, so that combinations that
// are rare in most worlds are common in some.
import { type Region, regions } from '../../src/coherence/regions.ts'
import type { Staleness } from './kv.ts'
import type { FaultRates } from './network.ts'
import type { Random } from './random.ts'

export type Swarm = ReturnType<typeof drawSwarm>

/** The assumed maximum of the lags of a reader's and a changer's clock together (ms). */
const maxLagMs = 1_000

export function drawSwarm(random: Random) {
  const hasRestore = random.is(0.25)
  const isLagging = random.is(0.5)
  const readerLag = random.one([0, maxLagMs, random.int(maxLagMs)])
  const maxTold = random.one([1, 2, 1_000])
  const regionCount = random.is(0.3) ? 3 : random.is(0.5) ? 2 : 1
  return {
    regions: someOf(random, regions, regionCount),
    isolatesPerRegion: 1 + random.int(2),
    fencesPerRegion: random.one([[1], [1], [2], [1, 2], [2, 3]]),
    keys: 1 + random.int(3),
    leaseMs: random.one([0, 1_000, 1_000, 1_000, 1_000, 3_000, 60_000]),
    memoryBytes: random.one([600, 1_200, 2 ** 25, 2 ** 25]),
    // The margin covers both together.
    readerLag: { maxMs: isLagging ? readerLag : 0, probability: 0.5 },
    settlerLag: {
      maxMs: isLagging ? maxLagMs - readerLag : 0,
      probability: random.one([0.5, 0.9]),
    },
    // Sequences follow clocks: a restore assumes that they agree within the margin.
    skew: hasRestore ? random.int(450) : random.one([0, 50, 1_000, 600_000]),
    usualDelay: random.one([2, 4, 30, 120]),
    crashProbability: random.one([0, 0, 0.004, 0.02, 0.06]),
    maxSingleRaises: random.one([100, 100, 1, 2]),
    perBatch: random.one([5_000, 1, 2, 3]),
    maxTold,
    // More than a full answer has: the digests that it names, the groups and the one asked about.
    maxFloors: random.one([maxTold + 3, maxTold + 5, 20_000]),
    faultRates: {
      reads: drawFaultRates(random),
      writes: drawFaultRates(random),
      kv: drawFaultRates(random),
      ask: drawFaultRates(random),
      raise: drawFaultRates(random),
    },
    staleness: drawStaleness(random),
    oldVersion: drawRate(random),
    retryProbability: random.one([0.3, 0.9]),
    asyncProbability: random.one([0, 0, 0.3]),
    steps: 6 + random.int(14),
    actions: drawActions(random, hasRestore, regionCount),
  }
}

export type Action = keyof ReturnType<typeof drawActions>

function drawActions(random: Random, hasRestore: boolean, regionCount: number) {
  const maybe = (weight: number, likely = 0.5) => (random.is(likely) ? weight : 0)
  return {
    verify: 4,
    change: 6,
    burst: maybe(4),
    create: maybe(1),
    bulk: maybe(3),
    people: maybe(3),
    suspend: maybe(3),
    reconcile: maybe(2, 0.7),
    evictIsolate: maybe(1),
    evictFence: maybe(2),
    loseStorage: maybe(2, 0.4),
    outage: maybe(2, 0.4),
    congestion: maybe(3, 0.4),
    openRegion: regionCount < regions.length ? maybe(1, 0.4) : 0,
    changeFences: maybe(1, 0.3),
    restore: hasRestore ? 5 : 0,
    nextAlarm: maybe(4, 0.25),
    longUse: maybe(1, 0.12),
  }
}

/** Most faults are absent from most worlds and frequent in some. */
function drawRate(random: Random, likely = 0.3): number {
  return random.is(likely) ? random.one([0.02, 0.1, 0.3]) : 0
}

/** Half of the links have no faults. */
function drawFaultRates(random: Random): FaultRates {
  const likely = random.is(0.5) ? 0 : 0.25
  return {
    slow: drawRate(random, 2 * likely),
    refused: drawRate(random, likely),
    replyLost: drawRate(random, likely),
    dropped: drawRate(random, likely) / 2,
    unanswered: drawRate(random, likely) / 2,
    late: drawRate(random, likely),
  }
}

function drawStaleness(random: Random): Staleness {
  return {
    old: random.one([0.1, 0.5, 0.9]),
    absent: drawRate(random),
    lost: drawRate(random),
    refused: drawRate(random),
  }
}

function someOf(random: Random, list: readonly Region[], count: number): Region[] {
  const left = [...list]
  return Array.from({ length: count }, () => left.splice(random.int(left.length), 1)[0] as Region)
}
