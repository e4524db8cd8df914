// The outbox of mail in D1: the rows decide; a message of the queue is only a hint to look at one. Of all Workers that
// claim an attempt, one gets it.
import { desc, eq, type SQL, sql } from 'drizzle-orm'
import type { MailContent } from '../core/mail.ts'
import { openPrimary, runBatch } from './database.ts'
import { pruneNotices } from './key-mail.ts'
import { mail } from './mail-schema.ts'
import { within } from './unavailable.ts'

export type MailRow = typeof mail.$inferSelect

export type NewMail = MailContent & {
  id: string
  to: string | SQL
  /** The token of its link, sealed for this id (identity/mail/seal.ts); null without a link. */
  sealedToken: string | null
  /** When its token expires (ms): it is not sent afterwards. */
  expiresAt?: number
  accountId?: string
  userId?: string | SQL
}

/** A message whose next attempt is due, after `attempts` earlier ones. */
export type DueMail = { id: string; attempts: number }

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000
/** A message that was sent to the queue and not claimed is due again after this. */
const enqueuedMs = 2 * 60_000
/** A claimed message without an outcome is due again after this: longer than the timeout and the writes. */
const claimMs = 60_000
/** After this a message that failed, or that DEV_MAIL kept, is deleted. */
const lifetimeMs = 24 * 60 * 60_000
const maxPruned = 5_000
const maxErrorLength = 200

/**
 * Writes a message to the outbox, as a statement for the batch of the change that causes it.
 * @param condition a SQL condition: nothing is written where it is false
 */
export function insertMail(message: NewMail, nowMs: number, condition: SQL = sql`true`): SQL {
  const { id, to, template, data, sealedToken, expiresAt, accountId, userId } = message
  return sql`
    insert into ${mail} (id, account_id, user_id, to_address, template, data, sealed_token, status, attempts,
      next_attempt_at, expires_at, created_at)
    select ${id}, ${accountId ?? null}, ${userId ?? null}, ${to}, ${template}, ${JSON.stringify(data)},
      ${sealedToken}, 'pending', 0, ${nowMs}, ${expiresAt ?? null}, ${nowMs} where ${condition}`
}

export type MailOutbox = ReturnType<typeof createMailOutbox>

export function createMailOutbox(d1: D1Database) {
  const write = <Row>(...statements: SQL[]) =>
    within('D1', writeTimeoutMs, runBatch<Row>(d1, statements))
  const isClaimed = ({ id, attempts }: DueMail) =>
    sql`id = ${id} and attempts = ${attempts} and status = 'pending'`
  return {
    /** Up to `limit` due messages, longest due first. No other call returns them for `enqueuedMs`. */
    takeDue: (nowMs: number, limit: number) =>
      write<DueMail>(sql`
        update ${mail} set next_attempt_at = ${nowMs + enqueuedMs}
        where id in (select id from ${mail}
          where status = 'pending' and next_attempt_at <= ${nowMs}
          order by next_attempt_at limit ${limit})
        returning id, attempts`),

    /** Starts an attempt; null when another Worker has, or when the message is not pending any more. */
    async claim(due: DueMail, nowMs: number): Promise<MailRow | null> {
      const [claimed] = await write<StoredMail>(sql`
        update ${mail} set attempts = ${due.attempts + 1}, next_attempt_at = ${nowMs + claimMs}
        where ${isClaimed(due)}
        returning id, account_id as accountId, user_id as userId, to_address as toAddress, template, data,
          sealed_token as sealedToken, status, attempts, next_attempt_at as nextAttemptAt,
          expires_at as expiresAt, last_error as lastError, created_at as createdAt`)
      return claimed === undefined ? null : { ...claimed, data: JSON.parse(claimed.data) }
    },

    /** Delivered: nothing of the message stays. */
    async succeed(claimed: DueMail) {
      await write(sql`delete from ${mail} where ${isClaimed(claimed)}`)
    },

    /** Delivered where DEV_MAIL keeps messages, with their tokens, to be read. */
    async keep(claimed: DueMail) {
      await write(sql`update ${mail} set status = 'kept' where ${isClaimed(claimed)}`)
    },

    async postpone(claimed: DueMail, error: string, untilMs: number) {
      await write(sql`
        update ${mail} set next_attempt_at = ${untilMs}, last_error = ${cut(error)}
        where ${isClaimed(claimed)}`)
    },

    async fail(claimed: DueMail, error: string) {
      await write(sql`
        update ${mail} set status = 'failed', sealed_token = null, last_error = ${cut(error)}
        where ${isClaimed(claimed)}`)
    },
  }
}

/** As SQL returns it. */
type StoredMail = Omit<MailRow, 'data'> & { data: string }

const cut = (error: string) => error.slice(0, maxErrorLength).toWellFormed()

/** Deletes what failed or was kept for a day, up to 5,000 rows, and notices of long ago. */
export async function pruneMail(d1: D1Database, nowMs: number): Promise<void> {
  const statement = sql`
    delete from ${mail} where id in (select id from ${mail}
      where created_at < ${nowMs - lifetimeMs} and status <> 'pending' limit ${maxPruned})`
  await within('D1', writeTimeoutMs, runBatch(d1, [statement, pruneNotices(nowMs)]))
}

/** The messages that DEV_MAIL kept, newest first. */
export async function keptMail(d1: D1Database, limit: number): Promise<MailRow[]> {
  const query = openPrimary(d1)
    .select()
    .from(mail)
    .where(eq(mail.status, 'kept'))
    .orderBy(desc(mail.createdAt), desc(sql`rowid`))
    .limit(limit)
  return within('D1', readTimeoutMs, query.all())
}
