// Whether a person's address is proved to be theirs.
import { eq, sql } from 'drizzle-orm'
import { openPrimary, runBatch } from './database.ts'
import { user } from './people-schema.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000

/** @throws Error where there is no such user. */
export async function emailOf(d1: D1Database, userId: string): Promise<string> {
  const query = openPrimary(d1).select({ email: user.email }).from(user).where(eq(user.id, userId))
  const found = await within('D1', readTimeoutMs, query.get())
  if (found === undefined) throw new Error('There is no such user.')
  return found.email
}

/** By a token that was mailed to it and presented in a session of this person: all that they have stays. */
export async function confirmAddress(d1: D1Database, userId: string, nowMs: number): Promise<void> {
  const proving = sql`update ${user} set email_verified = 1, updated_at = ${nowMs}
    where id = ${userId} and email_verified = 0`
  await within('D1', writeTimeoutMs, runBatch(d1, [proving]))
}
