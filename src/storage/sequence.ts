// The counter that every change increments in its own batch.
import { eq, sql } from 'drizzle-orm'
import { build } from './database.ts'
import { apiKey, sequence } from './schema.ts'

/** The counter as bumped by this batch: it marks the rows that this batch changed. */
export const currentSequence = sql<number>`(select ${sequence.value} from ${sequence})`

// The clock keeps a restored backup from issuing a number twice.
export function bump(nowMs: number) {
  return build
    .insert(sequence)
    .values({ id: 1, value: nowMs })
    .onConflictDoUpdate({
      target: sequence.id,
      set: { value: sql`max(${sequence.value} + 1, excluded.value)` },
    })
}

export const changedNow = eq(apiKey.seq, currentSequence)
