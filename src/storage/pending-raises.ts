// The raises that fences have not acknowledged, summarised for monitoring.
import { count, min } from 'drizzle-orm'
import { openPrimary } from './database.ts'
import { pendingRaise } from './schema.ts'
import { within } from './unavailable.ts'

export type PendingSummary = {
  count: number
  /** When the oldest was written (ms); null: none is pending. */
  oldestAt: number | null
  /** Names of the fences that have not acknowledged. */
  fences: string[]
}

const timeoutMs = 2_000

/** @throws StoreUnavailable */
export async function summarisePending(d1: D1Database): Promise<PendingSummary> {
  const query = openPrimary(d1)
    .select({
      fence: pendingRaise.fence,
      count: count(),
      oldestAt: min(pendingRaise.createdAt),
    })
    .from(pendingRaise)
    .groupBy(pendingRaise.fence)
    .orderBy(pendingRaise.fence)
  const rows = await within('D1', timeoutMs, query.all())
  const oldest = rows.flatMap(({ oldestAt }) => oldestAt ?? [])
  return {
    count: rows.reduce((sum, row) => sum + row.count, 0),
    oldestAt: oldest.length === 0 ? null : Math.min(...oldest),
    fences: rows.map(({ fence }) => fence),
  }
}

/** The reconciler runs every minute, so an older raise waits for a fence that does not answer. */
export const maxPendingMs = 60_000

export function isOverdue({ oldestAt }: PendingSummary, nowMs: number): boolean {
  return oldestAt !== null && nowMs - oldestAt > maxPendingMs
}
