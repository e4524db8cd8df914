// The sessions of a person: list and end them. Session tokens belong to Better Auth and are not selected.
import { and, desc, eq, gt, ne, type SQL, sql } from 'drizzle-orm'
import { openPrimary, runBatch } from './database.ts'
import type { Acting } from './factor-notice.ts'
import { session, user } from './people-schema.ts'
import { insertPersonEvent } from './person-audit.ts'
import { within } from './unavailable.ts'

const timeoutMs = 2_000
const maxShown = 100

/** The sessions that have not expired, most recently used first. */
export async function listSessions(d1: D1Database, userId: string, now: number) {
  const query = openPrimary(d1)
    .select({
      id: session.id,
      createdAt: session.createdAt,
      lastUsedAt: session.updatedAt,
      expiresAt: session.expiresAt,
      ipAddress: session.ipAddress,
      userAgent: session.userAgent,
      place: session.place,
      signedInWith: session.signedInWith,
      awaitsFactor: session.awaitsFactor,
    })
    .from(session)
    .where(and(eq(session.userId, userId), gt(session.expiresAt, new Date(now))))
    .orderBy(desc(session.updatedAt), desc(session.id))
    .limit(maxShown)
  return within('D1', timeoutMs, query.all())
}

/** @returns false when the person has no such session. */
export async function endSession(d1: D1Database, userId: string, id: string, acting: Acting) {
  return (await end(d1, userId, eq(session.id, id), acting)) > 0
}

/** @returns how many were ended. */
export function endOtherSessions(d1: D1Database, userId: string, kept: string, acting: Acting) {
  return end(d1, userId, ne(session.id, kept), acting)
}

async function end(d1: D1Database, userId: string, which: SQL, acting: Acting) {
  const { client, requestId, nowMs } = acting
  const ended = and(eq(session.userId, userId), which)
  const event = { userId, action: 'person.sessions_ended', client, requestId, nowMs } as const
  const statements = [
    insertPersonEvent(event, sql`exists (select 1 from ${session} where ${ended})`),
    sql`delete from ${session} where ${ended} returning id`,
  ]
  return (await within('D1', timeoutMs, runBatch(d1, statements))).length
}

/** A sign-in that awaits its second factor, and whose it is. */
export type AwaitingSession = {
  id: string
  userId: string
  email: string
  name: string
  signedInWith: string | null
}

/** null: no session has this token, it is whole, or its time is over. @throws StoreUnavailable */
export async function findAwaitingSession(
  d1: D1Database,
  token: string,
  now: number,
): Promise<AwaitingSession | null> {
  const { id, userId, signedInWith } = session
  const isAwaiting = and(eq(session.awaitsFactor, true), gt(session.expiresAt, new Date(now)))
  const query = openPrimary(d1)
    .select({ id, userId, signedInWith, email: user.email, name: user.name })
    .from(session)
    .innerJoin(user, eq(user.id, session.userId))
    .where(and(eq(session.token, token), isAwaiting))
    .get()
  return (await within('D1', timeoutMs, query)) ?? null
}
