// What fails when: drawn from the seed before anything runs.
import { createChance, exponential, pick } from '../world/chance.ts'
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
  const chance = createChance(seed)
  const all = Array.from({ length: isolates }, (_, isolate) => isolate)
  const episodes: Episode[] = []
  for (let at = 4_000; at < lengthMs; ) {
    const untilMs = at + 3_000 + chance() * 9_000
    // All of them: the store itself is down. One: its way there is.
    const struck = chance() < 0.6 ? all : [pick(chance, all)]
    episodes.push({ atMs: at, untilMs, isolates: struck, faults: drawFaults(chance) })
    at = untilMs + 2_000 + chance() * 6_000
  }
  const blows: Blow[] = [
    ...times(chance, 5_000, lengthMs).map((atMs) => ({
      atMs,
      kind: 'recycle' as const,
      isolate: pick(chance, all),
    })),
    ...times(chance, 7_000, lengthMs).map((atMs) => ({
      atMs,
      kind: 'evict' as const,
      fence: pick(chance, fences),
    })),
    ...times(chance, 30_000, lengthMs).map((atMs) => ({
      atMs,
      kind: 'drain' as const,
      isolate: pick(chance, all),
    })),
    ...Array.from({ length: Math.ceil(lengthMs / restartMs) - 1 }, (_, nth) => ({
      atMs: (nth + 1) * restartMs,
      kind: 'restart' as const,
    })),
  ]
  return { episodes, blows: blows.toSorted((one, other) => one.atMs - other.atMs) }
}

function drawFaults(chance: () => number): Faults {
  const faults: Faults = {}
  const most = chance() < 0.25 ? 2 : 1
  for (let nth = 0; nth < most; nth++) {
    const store = pick(chance, stores)
    const share = chance() < 0.5 ? 1 : 0.1 + 0.6 * chance()
    faults[store] = { way: pick(chance, waysOf[store]), share }
  }
  return faults
}

function times(chance: () => number, meanMs: number, lengthMs: number): number[] {
  const drawn: number[] = []
  for (let at = exponential(chance, meanMs); at < lengthMs; at += exponential(chance, meanMs))
    drawn.push(at)
  return drawn
}
