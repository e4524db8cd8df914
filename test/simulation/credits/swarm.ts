// What one seed is made of: few faults of many, so that what is rare in all worlds is common in some.
import type { CreditWish, Window } from '../../../src/core/limits.ts'
import type { Weather } from '../network.ts'
import type { Chance } from '../random.ts'

export type Swarm = {
  beginning: number
  windows: Window[]
  /** null: no credits, only windows. */
  remaining: number | null
  refill: NonNullable<CreditWish['refill']> | null
  /** Keys of one external id: not all have the refill, nor credits. */
  isShared: boolean
  callers: number
  turns: number
  topUps: number
  disturbances: number
  pauseMs: number
  mostCost: number
  withKey: number
  usualDelayMs: number
  weather: Weather
  /** How far the clocks of two instances may differ. */
  skewMs: number
}

const second = 1_000
const hour = 60 * 60 * second

export function drawSwarm(chance: Chance): Swarm {
  const faulty = chance.is(0.8)
  const often = (probability: number) => (faulty && chance.is(0.4) ? probability : 0)
  const remaining = chance.is(0.9) ? chance.int(80) : null
  const windows = chance.is(0.6) || remaining === null ? drawWindows(chance) : []
  return {
    // Before a midnight, before the end of a month, in a leap year and not.
    beginning: Date.UTC(2028, 1, 28, 23, 59, 30) + chance.one([0, 1, 24, 48]) * chance.int(hour),
    windows,
    remaining,
    refill: drawRefill(chance),
    isShared: chance.is(0.3),
    callers: 1 + chance.int(6),
    turns: 5 + chance.int(40),
    topUps: chance.int(6),
    disturbances: chance.is(0.7) ? chance.int(40) : 0,
    pauseMs: chance.one([5, 200, 5 * second, 10 * 60 * second, 3 * hour]),
    mostCost: chance.one([1, 3, 15]),
    withKey: chance.one([0, 0.5, 1]),
    usualDelayMs: chance.one([2, 30, 400]),
    weather: {
      slow: often(0.1),
      refused: often(0.1),
      unheard: often(0.2),
      silent: often(0.1),
      mute: often(0.2),
      late: often(0.1),
    },
    // What the ledger says of windows is exact only where clocks agree.
    skewMs: windows.length === 0 && chance.is(0.4) ? chance.one([second, 60 * second]) : 0,
  }
}

function drawWindows(chance: Chance): Window[] {
  const windows = [
    { name: 'default', limit: 1 + chance.int(20), windowSeconds: 1 + chance.int(120) },
    { name: 'hour', limit: 1 + chance.int(60), windowSeconds: 3_600 },
    { name: 'day', limit: 1 + chance.int(100), windowSeconds: 86_400 },
  ]
  return windows.slice(chance.int(3), 3)
}

function drawRefill(chance: Chance): Swarm['refill'] {
  const amount = 1 + chance.int(50)
  const day = chance.one([1, 29, 30, 31])
  return chance.one([null, { interval: 'daily', amount }, { interval: 'monthly', amount, day }])
}
