// Replacing a password: one batch ends what the old one began, with its audit event and its notice.
import { type SQL, sql } from 'drizzle-orm'
import type { MailData } from '../core/mail.ts'
import { runBatch } from './database.ts'
import type { Acting } from './factor-notice.ts'
import { hasFactorSql } from './has-factor.ts'
import { insertMail } from './mail-outbox.ts'
import { account, session, user } from './people-schema.ts'
import { insertPersonEvent } from './person-audit.ts'
import { resetLink } from './reset-schema.ts'
import { within } from './unavailable.ts'

const writeTimeoutMs = 10_000

/** The request that replaces a password. */
export type Replacement = Acting & {
  /** Of the new password. */
  hash: string
  /** Whether there is mail to notify the person by. */
  hasMail: boolean
}

export type PasswordChange = Replacement & {
  userId: string
  /** The hash that the current password was verified against. */
  verified: string
  /** The session that goes on, under a new token, and a new id, so that no JWT of before does. */
  kept: {
    id: string
    newId: string
    token: string
  }
}

/** @returns false, and changes nothing, where the password was replaced or the session ended meanwhile. */
export async function changePassword(d1: D1Database, change: PasswordChange): Promise<boolean> {
  const { userId, verified, hash, kept, nowMs } = change
  const isKept = sql`id = ${kept.id} and user_id = ${userId}`
  // Hashes are salted, so that this one is stored by this batch alone.
  const isReplaced = sql`exists (select 1 from ${account} where user_id = ${userId} and password = ${hash})`
  // A password alone proves nobody who has a factor.
  const provedAt = sql`iif(${hasFactorSql(userId)}, proved_at, ${nowMs})`
  const statements = [
    sql`update ${account} set password = ${hash}, updated_at = ${nowMs}
      where user_id = ${userId} and provider_id = 'credential' and password = ${verified}
        and exists (select 1 from ${session} where ${isKept})`,
    sql`delete from ${session} where user_id = ${userId} and id <> ${kept.id} and ${isReplaced}`,
    sql`update ${session} set id = ${kept.newId}, token = ${kept.token}, proved_at = ${provedAt}, updated_at = ${nowMs}
      where ${isKept} and ${isReplaced}`,
    sql`delete from ${resetLink} where user_id = ${userId} and ${isReplaced}`,
    ...told(change, { action: 'person.password_changed', userId, by: 'change' }, isReplaced),
    sql`select id from ${session} where id = ${kept.newId} and token = ${kept.token}`,
  ]
  return (await within('D1', writeTimeoutMs, runBatch(d1, statements))).length > 0
}

type Told = {
  action: 'person.password_changed' | 'person.password_reset'
  userId: string | SQL
  by: MailData['password_changed']['by']
}

/** The audit event, and the notice to the person where there is mail. */
export function told(
  { client, place, requestId, hasMail, nowMs }: Replacement,
  { action, userId, by }: Told,
  where: SQL,
): SQL[] {
  const event = insertPersonEvent({ userId, action, client, requestId, nowMs }, where)
  if (!hasMail) return [event]
  const { address: network, browser } = client
  const notice = insertMail(
    {
      id: crypto.randomUUID(),
      to: sql`(select email from ${user} where id = ${userId})`,
      userId: sql`${userId}`,
      sealedToken: null,
      template: 'password_changed',
      data: { at: nowMs, network, place, browser, by },
    },
    nowMs,
    where,
  )
  return [event, notice]
}
