// Second factors in D1: what a person has enrolled, and its changes.
import { type SQL, sql } from 'drizzle-orm'
import type { Enrolled } from '../core/factors.ts'
import { openPrimary, runWholeBatch } from './database.ts'
import type { Effects } from './factor-notice.ts'
import { passkey, recoveryCode, totp } from './factor-schema.ts'
import { hasFactorSql } from './has-factor.ts'
import { account, session } from './people-schema.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000

/** @throws StoreUnavailable */
export async function enrolledFactors(d1: D1Database, userId: string): Promise<Enrolled> {
  const query = openPrimary(d1).get<Record<'password' | 'totp' | 'passkeys' | 'codes', number>>(
    sql`select
      exists (select 1 from ${account} where ${account.userId} = ${userId}
        and ${account.providerId} = 'credential' and ${account.password} is not null) as password,
      exists (select 1 from ${totp} where ${totp.userId} = ${userId} and ${totp.secret} is not null) as totp,
      (select count(*) from ${passkey} where ${passkey.userId} = ${userId}) as passkeys,
      (select count(*) from ${recoveryCode} where ${recoveryCode.userId} = ${userId}
        and ${recoveryCode.usedAt} is null) as codes`,
  )
  const row = await within('D1', readTimeoutMs, query)
  return {
    hasPassword: row.password === 1,
    hasTotp: row.totp === 1,
    passkeys: row.passkeys,
    recoveryCodes: row.codes,
  }
}

export type StoredTotp = typeof totp.$inferSelect

/** Also of one that is only begun; null: not even that. */
export async function findTotp(d1: D1Database, userId: string): Promise<StoredTotp | null> {
  const query = openPrimary(d1).select().from(totp).where(sql`user_id = ${userId}`).get()
  return (await within('D1', readTimeoutMs, query)) ?? null
}

/** When the present codes were made; null: there are none. */
export async function recoveryCodesSince(d1: D1Database, userId: string): Promise<number | null> {
  const query = openPrimary(d1).get<{ since: number | null }>(
    sql`select min(created_at) as since from ${recoveryCode} where user_id = ${userId}`,
  )
  return (await within('D1', readTimeoutMs, query)).since
}

/** Keeps a secret until a code confirms it. The enrolled one stays until then. */
export async function beginTotp(d1: D1Database, userId: string, sealed: string, untilMs: number) {
  const statement = sql`insert into ${totp} (user_id, pending_secret, pending_until)
    values (${userId}, ${sealed}, ${untilMs}) on conflict (user_id) do update
    set pending_secret = excluded.pending_secret, pending_until = excluded.pending_until`
  await write(d1, [statement])
}

/**
 * Enrols the secret that was begun, and spends the code of the step.
 * @returns `codes`: whether these recovery codes are the person's, which they are with the first factor; null: it was
 *   not begun, or another request was first
 */
export async function confirmTotp(
  d1: D1Database,
  {
    userId,
    sessionId,
    sealed,
    step,
    digests,
  }: { userId: string; sessionId: string; sealed: string; step: number; digests: string[] },
  effects: Effects,
  nowMs: number,
): Promise<{ codes: boolean } | null> {
  const pending = sql`user_id = ${userId} and pending_secret = ${sealed} and pending_until > ${nowMs}`
  const where = sql`exists (select 1 from ${totp} where ${pending})`
  const others = endStepUpOfOthers(userId, sessionId, where)
  const before = [...effects(where), others, firstCodes(userId, digests, nowMs, where)]
  const update = sql`update ${totp} set secret = pending_secret, enrolled_at = ${nowMs}, last_step = ${step},
    last_used_at = null, pending_secret = null, pending_until = null where ${pending} returning user_id`
  const results = await write(d1, [...before, update])
  if (results.at(-1)?.length !== 1) return null
  return { codes: (results[before.length - 1]?.length ?? 0) > 0 }
}

/**
 * Precedes the enrolment of a factor by a session: what the other sessions proved is not the strongest any more. Beside a
 * passkey it still is, since nothing is stronger.
 */
export function endStepUpOfOthers(userId: string, sessionId: string, where: SQL): SQL {
  return sql`update ${session} set proved_at = null
    where user_id = ${userId} and id <> ${sessionId} and proved_at is not null and ${where}
      and not exists (select 1 from ${passkey} where user_id = ${userId})`
}

/** Whoever has codes keeps them. Returns the rows that it inserts. */
export function firstCodes(
  userId: string,
  digests: readonly string[],
  nowMs: number,
  where: SQL,
): SQL {
  return sql`insert into ${recoveryCode} (user_id, digest, created_at)
    select ${userId}, value, ${nowMs} from json_each(${JSON.stringify(digests)})
    where ${where} and not exists (select 1 from ${recoveryCode} where user_id = ${userId})
    returning digest`
}

/** @returns false where none is enrolled */
export async function removeTotp(d1: D1Database, userId: string, effects: Effects) {
  const enrolled = sql`user_id = ${userId} and secret is not null`
  const removal = sql`delete from ${totp} where ${enrolled} returning user_id`
  const before = effects(sql`exists (select 1 from ${totp} where ${enrolled})`)
  const results = await write(d1, [...before, removal, endCodes(userId)])
  return results[before.length]?.length === 1
}

/** The codes end with the last factor. */
export function endCodes(userId: string): SQL {
  return sql`delete from ${recoveryCode} where user_id = ${userId} and not ${hasFactorSql(userId)}`
}

/** Replaces the codes of who has a factor. @returns false where there is none */
export async function replaceCodes(
  d1: D1Database,
  userId: string,
  digests: readonly string[],
  effects: Effects,
  nowMs: number,
): Promise<boolean> {
  const where = hasFactorSql(userId)
  const results = await write(d1, [
    ...effects(where),
    sql`delete from ${recoveryCode} where user_id = ${userId}`,
    firstCodes(userId, digests, nowMs, where),
  ])
  return (results.at(-1)?.length ?? 0) > 0
}

function write(d1: D1Database, statements: SQL[]): Promise<unknown[][]> {
  return within('D1', writeTimeoutMs, runWholeBatch(d1, statements))
}
