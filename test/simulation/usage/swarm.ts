// Swarm testing: each seed draws a few kinds of fault, so that combinations rare in most worlds are common in some.
import type { UsageBounds } from '../../../src/usage/bounds.ts'
import type { FaultRates } from '../network.ts'
import type { Random } from '../random.ts'

export type Swarm = {
  startTime: number
  shards: string
  isolates: number
  messages: number
  rowsOfMessage: number
  pauseMs: number
  batchSize: number
  retryMs: number
  /** Share of acknowledged messages that are delivered again. */
  redeliveredShare: number
  /** Until how long after it was sent. */
  redeliveredWithinMs: number
  operatorTurns: number
  /** Whether an account is forgotten meanwhile. */
  forgets: boolean
  transactionFailures: number
  losesAlarms: boolean
  bounds: UsageBounds
  usualDelayMs: number
  faultRates: FaultRates
  d1FaultRates: FaultRates
  /** How far the clocks of two instances may differ. */
  skewMs: number
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

export function drawSwarm(random: Random): Swarm {
  const faulty = random.is(0.85)
  const rate = (probability: number) => (faulty && random.is(0.4) ? probability : 0)
  const rates = (): FaultRates => ({
    slow: rate(0.1),
    refused: rate(0.15),
    replyLost: rate(0.25),
    dropped: rate(0.05),
    unanswered: rate(0.1),
    late: rate(0.15),
  })
  const keyDays = random.one([3, 8, 20])
  return {
    // Hours before the end of a month, or days.
    startTime: Date.UTC(2028, 2, 1) - random.one([1, 12, 200]) * random.int(hour),
    shards: random.one(['1', '1', '2', '1, 2028-03:3', '3, 2028-03:2']),
    isolates: 1 + random.int(4),
    messages: 1 + random.int(14),
    rowsOfMessage: random.one([1, 3, 8]),
    pauseMs: random.one([5_000, 5 * minute, 2 * hour, 12 * hour]),
    batchSize: random.one([1, 3, 10]),
    retryMs: random.one([5_000, minute, hour]),
    redeliveredShare: random.one([0, 0.3, 0.7]),
    redeliveredWithinMs: random.one([minute, day, 4 * day, 9 * day]),
    operatorTurns: random.is(0.8) ? random.int(60) : 0,
    forgets: random.is(0.3),
    transactionFailures: random.is(0.3) ? random.one([0.02, 0.2]) : 0,
    losesAlarms: random.is(0.2),
    bounds: {
      foldAfterMs: random.one([5.5, 6]) * hour,
      keyDays,
      keyDaysHeld: 2 * keyDays,
      keyDaysOfTurn: random.one([1, 2, 5]),
      journalSize: random.one([300, 2_000, 1_000_000]),
      forgotten: random.one([1, 3, 100]),
    },
    usualDelayMs: random.one([2, 30, 400]),
    faultRates: rates(),
    d1FaultRates: rates(),
    skewMs: random.is(0.4) ? random.one([1_000, 10 * minute]) : 0,
  }
}
