// What the canary found, kept for a week.
import { desc, lt } from 'drizzle-orm'
import { build, openPrimary, runBatch } from './database.ts'
import { canaryRun } from './schema.ts'
import { within } from './unavailable.ts'

/** What one region said of the canary's key; `after` from a memory, and from a KV that answers with old values. */
export type RegionProbe = {
  region: string
  /** Its fence had not acknowledged: the revocation was answered with 202. */
  isPending: boolean
  before: string
  after: string[]
}

export type CanaryRun = {
  startedAt: number
  endedAt: number
  /** `broken`: a revoked key passed. `unfinished`: nothing was shown, one way or the other. */
  outcome: 'held' | 'broken' | 'unfinished'
  /** How long the revocation took until it was in force; null: it never was made. */
  revocationMs: number | null
  regions: RegionProbe[]
  problem: string | null
}

const limitMs = 5_000
const lifetimeMs = 7 * 24 * 60 * 60 * 1000

export async function recordRun(d1: D1Database, run: CanaryRun): Promise<void> {
  const { startedAt, ...rest } = run
  const insert = build
    .insert(canaryRun)
    .values({ startedAt, ...rest })
    .onConflictDoNothing()
  const prune = build.delete(canaryRun).where(lt(canaryRun.startedAt, startedAt - lifetimeMs))
  await within('D1', limitMs, runBatch(d1, [insert, prune]))
}

/** Newest first. */
export async function lastRuns(d1: D1Database, count: number): Promise<CanaryRun[]> {
  const query = openPrimary(d1)
    .select()
    .from(canaryRun)
    .orderBy(desc(canaryRun.startedAt))
    .limit(count)
  return within('D1', limitMs, query.all())
}
