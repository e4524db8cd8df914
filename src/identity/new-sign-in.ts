// Warns a person by mail of a sign-in in a browser that had not signed in as them before.
import { sql } from 'drizzle-orm'
import { runBatch } from '../storage/database.ts'
import type { Acting } from '../storage/factor-notice.ts'
import { insertMail } from '../storage/mail-outbox.ts'
import { user } from '../storage/people-schema.ts'
import { within } from '../storage/unavailable.ts'

const writeTimeoutMs = 10_000
/** Who has just joined signs in for the first time anywhere. */
const quietMs = 60 * 60_000

export type SignedIn = {
  userId: string
  email: string
  /** With what: `password+totp`. */
  method: string
}

/** Only an address that is proved is told. @throws StoreUnavailable */
export async function warnOfSignIn(
  d1: D1Database,
  { userId, email, method }: SignedIn,
  { client, place, nowMs }: Acting,
): Promise<void> {
  const data = { at: nowMs, network: client.address, place, browser: client.browser, method }
  const content = { template: 'new_sign_in', data } as const
  const message = { ...content, id: crypto.randomUUID(), to: email, userId, sealedToken: null }
  const isTold = sql`exists (select 1 from ${user}
    where id = ${userId} and email_verified = 1 and created_at < ${nowMs - quietMs})`
  await within('D1', writeTimeoutMs, runBatch(d1, [insertMail(message, nowMs, isTold)]))
}
