// The list of fences in D1: each fence registers and retires itself, and changes read the list.
import { and, eq, sql } from 'drizzle-orm'
import { build, openPrimary, runBatch } from './database.ts'
import { fence, sequence } from './schema.ts'
import { bump } from './sequence.ts'
import { within } from './unavailable.ts'

const timeoutMs = 5_000

export function createFenceRegistry(
  d1: D1Database,
  { name, region }: { name: string; region: string },
) {
  return {
    /** Bumps the counter, inserts the fence and returns the counter, in one batch. */
    async register(nowMs: number): Promise<number> {
      const seq = sql<number>`(select ${sequence.value} from ${sequence})`
      const list = build
        .insert(fence)
        .values({ name, region, seq })
        .onConflictDoUpdate({ target: fence.name, set: { region, seq } })
      const read = build.select({ value: sequence.value }).from(sequence)
      const batch = runBatch<{ value: number }>(d1, [bump(nowMs), list, read])
      const [counter] = await within('D1', timeoutMs, batch)
      if (counter === undefined) throw new Error('D1 has no counter')
      return counter.value
    },
    /** Removes the fence unless it has registered again since. */
    async retire(seq: number): Promise<void> {
      const ownEntry = and(eq(fence.name, name), eq(fence.seq, seq))
      await within('D1', timeoutMs, openPrimary(d1).delete(fence).where(ownEntry))
    },
    async ping(): Promise<void> {
      await within(
        'D1',
        timeoutMs,
        openPrimary(d1).select({ value: sequence.value }).from(sequence),
      )
    },
  }
}

export type ListedFence = { name: string; seq: number }

/** All fences that changes wait for, with the sequence of their registration. */
export async function listRegistrations(d1: D1Database): Promise<ListedFence[]> {
  const { name, seq } = fence
  const query = openPrimary(d1).select({ name, seq }).from(fence).orderBy(name)
  return within('D1', timeoutMs, query.all())
}

/** The names of all fences that changes wait for. */
export async function listFences(d1: D1Database): Promise<string[]> {
  return (await listRegistrations(d1)).map(({ name }) => name)
}
