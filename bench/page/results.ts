// What the measurements write into bench/results, and the page reads.
import type { Machine } from '../support/machine.ts'
import type { Row } from '../support/rows.ts'
import type { Stale } from '../support/stale.ts'
import { leastFifth } from '../support/statistics.ts'
import type { Bytes } from '../usage/bytes.ts'
import type { ExactlyOnce } from '../usage/exactly-once.ts'
import type { Beside, D1Rows } from '../usage/revoking.ts'
import type { D1Bytes, Waiting } from '../usage/writer.ts'

export type Measured = {
  name: string
  group: Row['group']
  against: string | null
  turns: Turn[]
  /** Medians. */
  p50Ms: number
  p99Ms: number
  /** With one connection: no queue before the Worker. */
  aloneP50Ms: number
  aloneP99Ms: number
}

/** One measurement of a row. All rows but those of peers are measured once in each turn; the turns of a round are in one workerd. */
export type Turn = Figures & { round: number; turn: number }

export type Figures = {
  perSecond: number
  /** Processor time of all threads of workerd, in ms per request. */
  cpuMs: number
}

/** Of all turns, and the least and the most that one round alone would have said. */
export type Estimate = { value: number; low: number; high: number }

/** What is computed of rows, from the turns that all of them have; null if there are none. */
export function estimate(
  rows: readonly (Measured | undefined)[],
  compute: (figures: Figures[]) => number,
): Estimate | null {
  const turnsOf = rows.map((row) => row?.turns ?? [])
  const isSame = (one: Turn, other: Turn) => one.round === other.round && one.turn === other.turn
  const [first = [], ...others] = turnsOf
  const common = first.filter((own) => others.every((all) => all.some((one) => isSame(own, one))))
  if (common.length === 0) return null
  const from = (chosen: readonly Turn[]) =>
    compute(
      turnsOf.map((all) =>
        undisturbed(all.filter((one) => chosen.some((own) => isSame(own, one)))),
      ),
    )
  const rounds = [...Map.groupBy(common, ({ round }) => round).values()].map(from)
  return { value: from(common), low: Math.min(...rounds), high: Math.max(...rounds) }
}

function undisturbed(turns: readonly Turn[]): Figures {
  return {
    perSecond: 1 / leastFifth(turns.map(({ perSecond }) => 1 / perSecond)),
    cpuMs: leastFifth(turns.map(({ cpuMs }) => cpuMs)),
  }
}

export function figuresOf({ turns }: Measured): Figures {
  return undisturbed(turns)
}

/** Requests per second as a share of another row's. */
export function shareOf(row: Measured | undefined, of: Measured | undefined): Estimate | null {
  return estimate([row, of], ([own, bound]) =>
    own === undefined || bound === undefined ? Number.NaN : own.perSecond / bound.perSecond,
  )
}

/** `waited`: requests that were answered after a call of the fence had ended. */
export type Counts = { requests: number; fenceCalls: number; waited: number }

export type BenchResults = {
  machine: Machine
  program: string
  rounds: number
  turnsPerRound: number
  seconds: number
  connections: number
  rows: Measured[]
  /** Of the row with many keys. */
  manyKeys: Counts
  stale: Stale
}

export type Curve = { name: string; points: { at: number; p50: number; p99: number }[] }

/** `p50` and `p90` are of its slowest statement, or of its slowest batch, in ms; `all` is the median of one call. */
export type ManagementRow = {
  name: string
  statements: number
  p50: number
  p90: number
  all: number
  limitMs: number
}

export type ScaleResults = {
  machine: Machine
  /** ms per statement by keys stored. */
  stored: Curve[]
  plans: { name: string; at: number; sql: string; plan: string[] }[]
  fileBytes: { at: number; bytes: number }[]
  /** µs per use and share of hits by distinct keys in use. */
  inUse: { at: number; hits: number; microseconds: number }[]
  /** The heap that 10,000 records take. */
  memoryBytes: number
  /** ms by keys revoked at once, the wait for leases left out. */
  revoked: Curve[]
  /** At a million keys of one account. */
  management: ManagementRow[]
  /** ms of a usage object by the usage days that it holds. */
  usageDays: { curves: Curve[]; bytes: { at: number; bytes: number }[] }
}

export type StartupResults = {
  machine: Machine
  runs: number
  /** As `wrangler deploy --dry-run` reports. */
  upload: { total: string; gzip: string }
  bytes: { bare: number; eager: number; lazy: Record<string, number> }
  starts: { name: string; firstMs: number; ratio: number }[]
  lazy: { name: string; ms: number; againMs: number }[]
}

export type UsageResults = {
  machine: Machine
  exactlyOnce: ExactlyOnce
  /** In workerd, D1 and the objects in a process each. */
  beside: Beside[]
  /** On SQLite itself. */
  waiting: Waiting[]
  bytes: Bytes
  d1: D1Bytes
  rows: D1Rows
}
