// What the measurements write into bench/results, and the page reads.
import type { Machine } from '../support/machine.ts'
import type { Row } from '../support/rows.ts'
import type { Stale } from '../support/stale.ts'
import { type Spread, spread } from '../support/statistics.ts'
import type { Bytes } from '../usage/bytes.ts'
import type { ExactlyOnce } from '../usage/exactly-once.ts'
import type { Beside, D1Rows } from '../usage/revoking.ts'
import type { D1Bytes, Waiting } from '../usage/writer.ts'

export type Measured = {
  name: string
  group: Row['group']
  against: string | null
  /** Medians of `turns`, as are p50 and p99. */
  perSecond: number
  cpuMs: number
  turns: Turn[]
  p50Ms: number
  p99Ms: number
  /** With one connection: no queue before the Worker. */
  aloneP50Ms: number
  aloneP99Ms: number
}

/** One measurement of a row. All rows are measured once in a turn, so that a slow second is one turn's alone. */
export type Turn = {
  turn: number
  perSecond: number
  /** Processor time of all threads of workerd, in ms per request. */
  cpuMs: number
}

/** What is computed from rows by turns; null if they have none in common. */
export function byTurns(
  rows: readonly (Measured | undefined)[],
  compute: (turns: Turn[]) => number,
): Spread | null {
  const [first, ...others] = rows
  const values = (first?.turns ?? []).flatMap((own) => {
    const same = others.flatMap((row) => row?.turns.find(({ turn }) => turn === own.turn) ?? [])
    return same.length === others.length ? [compute([own, ...same])] : []
  })
  return values.length === 0 ? null : spread(values)
}

/** Requests per second as a share of another row's. */
export function shareOf(row: Measured | undefined, of: Measured | undefined): Spread | null {
  return byTurns([row, of], ([own, bound]) => (own as Turn).perSecond / (bound as Turn).perSecond)
}

/** `waited`: requests that were answered after a call of the fence had ended. */
export type Counts = { requests: number; fenceCalls: number; waited: number }

export type BenchResults = {
  machine: Machine
  program: string
  /** Turns of the rows that have the most. */
  turns: number
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
