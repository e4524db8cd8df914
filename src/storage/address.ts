// Whether a person's address is proved to be theirs.
import { eq, sql } from 'drizzle-orm'
import { openPrimary, runBatch } from './database.ts'
import type { Acting } from './factor-notice.ts'
import { insertMail } from './mail-outbox.ts'
import { user } from './people-schema.ts'
import { insertPersonEvent } from './person-audit.ts'
import { takeOverAddress, unprovedOf } from './proved-address.ts'
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

export type AddressOfUser = { email: string; isProved: boolean }

/** null: no such user. @throws StoreUnavailable */
export async function addressOf(d1: D1Database, userId: string): Promise<AddressOfUser | null> {
  const columns = { email: user.email, isProved: user.emailVerified }
  const query = openPrimary(d1).select(columns).from(user).where(eq(user.id, userId))
  return (await within('D1', readTimeoutMs, query.get())) ?? null
}

/**
 * By a token that was mailed to it. In a session of this person all that they have stays (`kept`); from elsewhere all by
 * which somebody could sign in goes.
 * @throws StoreUnavailable
 */
export async function confirmAddress(
  d1: D1Database,
  userId: string,
  kept: boolean,
  { client, requestId, nowMs }: Acting,
): Promise<void> {
  const id = sql`${userId}`
  const event = { userId, action: 'person.address_confirmed', client, requestId, nowMs } as const
  const proving = sql`update ${user} set email_verified = 1, updated_at = ${nowMs}
    where id = ${userId} and email_verified = 0`
  const statements = [
    insertPersonEvent({ ...event, detail: { kept } }, sql`exists ${unprovedOf(id)}`),
    ...(kept ? [proving] : takeOverAddress(id, nowMs)),
  ]
  await within('D1', writeTimeoutMs, runBatch(d1, statements))
}

export type Confirmation = {
  mailId: string
  sealedToken: string
  minutes: number
  expiresAt: number
}

/** Asks a person by mail whether an address is theirs; not where it is proved. @throws StoreUnavailable */
export async function insertConfirmation(
  d1: D1Database,
  { userId, email }: { userId: string; email: string },
  { mailId, sealedToken, minutes, expiresAt }: Confirmation,
  nowMs: number,
): Promise<void> {
  const content = { template: 'confirm_address', data: { minutes } } as const
  const message = { ...content, id: mailId, to: email, userId, sealedToken, expiresAt }
  const isUnproved = sql`exists ${unprovedOf(sql`${userId}`)}`
  await within('D1', writeTimeoutMs, runBatch(d1, [insertMail(message, nowMs, isUnproved)]))
}
