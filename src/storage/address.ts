// Whether a person's address is proved to be theirs.
import { sql } from 'drizzle-orm'
import { runBatch } from './database.ts'
import { user } from './people-schema.ts'
import { within } from './unavailable.ts'

const writeTimeoutMs = 10_000

/** By a token that was mailed to it and presented in a session of this person: all that they have stays. */
export async function confirmAddress(d1: D1Database, userId: string, nowMs: number): Promise<void> {
  const proving = sql`update ${user} set email_verified = 1, updated_at = ${nowMs}
    where id = ${userId} and email_verified = 0`
  await within('D1', writeTimeoutMs, runBatch(d1, [proving]))
}
