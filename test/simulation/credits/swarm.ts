// Swarm testing: each seed draws a few kinds of fault, so that combinations rare in most worlds are common in
// some.
import type { CreditInput, Window } from '../../../src/core/limits.ts'
import type { FaultRates } from '../network.ts'
import type { Random } from '../random.ts'

export type Swarm = {
  startTime: number
  windows: Window[]
  /** null: no credits, only windows. */
  remaining: number | null
  refill: NonNullable<CreditInput['refill']> | null
  /** The meter is shared by keys of one external id; some lack the refill, or credits. */
  isShared: boolean
  callers: number
  turns: number
  topUps: number
  operatorTurns: number
  pauseMs: number
  maxCost: number
  idempotentShare: number
  usualDelayMs: number
  faultRates: FaultRates
  /** How far the clocks of two instances may differ. */
  skewMs: number
}

const second = 1_000
const hour = 60 * 60 * second

export function drawSwarm(random: Random): Swarm {
  const faulty = random.is(0.8)
  const rate = (probability: number) => (faulty && random.is(0.4) ? probability : 0)
  const remaining = random.is(0.9) ? random.int(80) : null
  const windows = random.is(0.6) || remaining === null ? drawWindows(random) : []
  return {
    // Before midnight, before the end of a month, in a leap year.
    startTime: Date.UTC(2028, 1, 28, 23, 59, 30) + random.one([0, 1, 24, 48]) * random.int(hour),
    windows,
    remaining,
    refill: drawRefill(random),
    isShared: random.is(0.3),
    callers: 1 + random.int(6),
    turns: 5 + random.int(40),
    topUps: random.int(6),
    operatorTurns: random.is(0.7) ? random.int(40) : 0,
    pauseMs: random.one([5, 200, 5 * second, 10 * 60 * second, 3 * hour]),
    maxCost: random.one([1, 3, 15]),
    idempotentShare: random.one([0, 0.5, 1]),
    usualDelayMs: random.one([2, 30, 400]),
    faultRates: {
      slow: rate(0.1),
      refused: rate(0.1),
      replyLost: rate(0.2),
      dropped: rate(0.1),
      unanswered: rate(0.2),
      late: rate(0.1),
    },
    // The ledger is exact about windows only where clocks agree.
    skewMs: windows.length === 0 && random.is(0.4) ? random.one([second, 60 * second]) : 0,
  }
}

function drawWindows(random: Random): Window[] {
  const windows = [
    { name: 'default', limit: 1 + random.int(20), windowSeconds: 1 + random.int(120) },
    { name: 'hour', limit: 1 + random.int(60), windowSeconds: 3_600 },
    { name: 'day', limit: 1 + random.int(100), windowSeconds: 86_400 },
  ]
  return windows.slice(random.int(3), 3)
}

function drawRefill(random: Random): Swarm['refill'] {
  const amount = 1 + random.int(50)
  const day = random.one([1, 29, 30, 31])
  return random.one([null, { interval: 'daily', amount }, { interval: 'monthly', amount, day }])
}
