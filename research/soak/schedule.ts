// The schedule of faults, drawn from the seed before the run.
import { createRandom, type Random } from '../../test/simulation/random.ts'
import { exponential } from '../world/distributions.ts'
import {
  type FaultKind,
  type Faults,
  type ObjectName,
  objects,
  type StoreName,
  stores,
} from './commands.ts'

export type Episode = { atMs: number; untilMs: number; isolates: number[]; faults: Faults }
export type Disturbance =
  | { atMs: number; kind: 'recycle'; isolate: number }
  | { atMs: number; kind: 'evict'; object: ObjectName }
  | { atMs: number; kind: 'reconcile'; isolate: number }
  | { atMs: number; kind: 'restart' }

export type Schedule = { episodes: Episode[]; disturbances: Disturbance[] }

const kindsOf: Record<StoreName, readonly FaultKind[]> = {
  DB: ['throws', 'hangs', 'slow', 'lost'],
  KEY_CACHE: ['throws', 'hangs', 'slow', 'lost', 'stale', 'stale'],
  USAGE: ['throws', 'hangs', 'lost'],
  FENCE: ['throws', 'hangs', 'slow', 'lost'],
  METER: ['throws', 'hangs', 'slow', 'lost'],
  USAGE_COUNTS: ['throws', 'hangs', 'slow', 'lost'],
  REQUEST_LOG: ['throws', 'hangs', 'slow', 'lost'],
}

export function drawSchedule(
  seed: number,
  {
    isolates,
    lengthMs,
    restartMs,
    faulty = stores,
  }: { isolates: number; lengthMs: number; restartMs: number; faulty?: readonly StoreName[] },
): Schedule {
  const random = createRandom(seed)
  const all = Array.from({ length: isolates }, (_, isolate) => isolate)
  const episodes: Episode[] = []
  for (let at = 4_000; at < lengthMs; ) {
    const untilMs = at + 3_000 + random.int(9_000)
    // All isolates: the store is down. One isolate: its connection to the store is down.
    const affected = random.is(0.6) ? all : [random.one(all)]
    episodes.push({ atMs: at, untilMs, isolates: affected, faults: drawFaults(random, faulty) })
    at = untilMs + 2_000 + random.int(6_000)
  }
  const disturbances: Disturbance[] = [
    ...drawTimes(random, 5_000, lengthMs).map((atMs) => ({
      atMs,
      kind: 'recycle' as const,
      isolate: random.one(all),
    })),
    ...drawTimes(random, 3_000, lengthMs).map((atMs) => ({
      atMs,
      kind: 'evict' as const,
      object: random.one(objects),
    })),
    ...drawTimes(random, 30_000, lengthMs).map((atMs) => ({
      atMs,
      kind: 'reconcile' as const,
      isolate: random.one(all),
    })),
    ...Array.from({ length: Math.ceil(lengthMs / restartMs) - 1 }, (_, nth) => ({
      atMs: (nth + 1) * restartMs,
      kind: 'restart' as const,
    })),
  ]
  return { episodes, disturbances: disturbances.toSorted((one, other) => one.atMs - other.atMs) }
}

function drawFaults(random: Random, faulty: readonly StoreName[]): Faults {
  const faults: Faults = {}
  const count = random.is(0.25) ? 2 : 1
  for (let nth = 0; nth < count; nth++) {
    const store = random.one(faulty)
    const share = random.is(0.5) ? 1 : 0.1 + 0.6 * random.next()
    faults[store] = { kind: random.one(kindsOf[store]), share }
  }
  return faults
}

/** A Poisson process. */
function drawTimes(random: Random, meanMs: number, lengthMs: number): number[] {
  const times: number[] = []
  let at = exponential(random, meanMs)
  for (; at < lengthMs; at += exponential(random, meanMs)) times.push(at)
  return times
}
