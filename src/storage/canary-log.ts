// The runs of the canary, kept for a week.
import { desc, lt } from 'drizzle-orm'
import { build, openPrimary, runBatch } from './database.ts'
import { canaryRun } from './schema.ts'
import { within } from './unavailable.ts'

export type CanaryRun = typeof canaryRun.$inferSelect

const timeoutMs = 5_000
const lifetimeMs = 7 * 24 * 60 * 60 * 1000

export async function recordRun(d1: D1Database, run: CanaryRun): Promise<void> {
  const { startedAt, ...rest } = run
  const insert = build
    .insert(canaryRun)
    .values({ startedAt, ...rest })
    .onConflictDoNothing()
  const prune = build.delete(canaryRun).where(lt(canaryRun.startedAt, startedAt - lifetimeMs))
  await within('D1', timeoutMs, runBatch(d1, [insert, prune]))
}

/** Newest first. */
export async function lastRuns(d1: D1Database, count: number): Promise<CanaryRun[]> {
  const query = openPrimary(d1)
    .select()
    .from(canaryRun)
    .orderBy(desc(canaryRun.startedAt))
    .limit(count)
  return within('D1', timeoutMs, query.all())
}
