// What fails when: drawn from the seed before anything runs.
import { createRandom, exponential, pick } from '../world/random.ts'
import { type Faults, type StoreName, stores, type Way } from './orders.ts'

export type Episode = { atMs: number; untilMs: number; isolates: number[]; faults: Faults }
export type Blow =
  | { atMs: number; kind: 'recycle'; isolate: number }
  | { atMs: number; kind: 'evict'; fence: string }
  | { atMs: number; kind: 'drain'; isolate: number }
  | { atMs: number; kind: 'restart' }

export type Schedule = { episodes: Episode[]; blows: Blow[] }

const waysOf: Record<StoreName, readonly Way[]> = {
  DB: ['throws', 'hangs', 'slow', 'lost'],
  KEY_CACHE: ['throws', 'hangs', 'slow', 'lost', 'stale', 'stale'],
  FENCE: ['throws', 'hangs', 'slow', 'lost'],
  USAGE: ['throws', 'hangs', 'lost'],
}

export function planOf(
  seed: number,
  {
    isolates,
    fences,
    lengthMs,
    restartMs,
  }: { isolates: number; fences: readonly string[]; lengthMs: number; restartMs: number },
): Schedule {
  const random = createRandom(seed)
  const all = Array.from({ length: isolates }, (_, isolate) => isolate)
  const episodes: Episode[] = []
  for (let at = 4_000; at < lengthMs; ) {
    const untilMs = at + 3_000 + random() * 9_000
    // All of them: the store itself is down. One: its way there is.
    const struck = random() < 0.6 ? all : [pick(random, all)]
    episodes.push({ atMs: at, untilMs, isolates: struck, faults: drawFaults(random) })
    at = untilMs + 2_000 + random() * 6_000
  }
  const blows: Blow[] = [
    ...times(random, 5_000, lengthMs).map((atMs) => ({
      atMs,
      kind: 'recycle' as const,
      isolate: pick(random, all),
    })),
    ...times(random, 7_000, lengthMs).map((atMs) => ({
      atMs,
      kind: 'evict' as const,
      fence: pick(random, fences),
    })),
    ...times(random, 30_000, lengthMs).map((atMs) => ({
      atMs,
      kind: 'drain' as const,
      isolate: pick(random, all),
    })),
    ...Array.from({ length: Math.ceil(lengthMs / restartMs) - 1 }, (_, nth) => ({
      atMs: (nth + 1) * restartMs,
      kind: 'restart' as const,
    })),
  ]
  return { episodes, blows: blows.toSorted((one, other) => one.atMs - other.atMs) }
}

function drawFaults(random: () => number): Faults {
  const faults: Faults = {}
  const most = random() < 0.25 ? 2 : 1
  for (let nth = 0; nth < most; nth++) {
    const store = pick(random, stores)
    const share = random() < 0.5 ? 1 : 0.1 + 0.6 * random()
    faults[store] = { way: pick(random, waysOf[store]), share }
  }
  return faults
}

function times(random: () => number, meanMs: number, lengthMs: number): number[] {
  const drawn: number[] = []
  for (let at = exponential(random, meanMs); at < lengthMs; at += exponential(random, meanMs))
    drawn.push(at)
  return drawn
}
