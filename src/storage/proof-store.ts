// Proofs of people in D1. What proves is spent in the batch of what it proves: a second use finds nothing to spend.
import { type SQL, sql } from 'drizzle-orm'
import { runWholeBatch } from './database.ts'
import type { Effects } from './factor-notice.ts'
import { recoveryCode, totp } from './factor-schema.ts'
import { hasFactorSql } from './has-factor.ts'
import { session } from './people-schema.ts'
import { within } from './unavailable.ts'

const writeTimeoutMs = 10_000

/** Something that proves a person once. */
export type Spending = {
  /** A condition: it is not spent yet. */
  unspent: SQL
  /** Spend it, where it is not; the first returns a row where it does. */
  spend: [SQL, ...SQL[]]
}

/** The code of a step: neither it nor one of an earlier step counts afterwards. */
export function spendTotp(userId: string, sealed: string, step: number, nowMs: number): Spending {
  const unspent = sql`${totp} where user_id = ${userId} and secret = ${sealed} and last_step < ${step}`
  return {
    unspent: sql`exists (select 1 from ${unspent})`,
    spend: [
      sql`update ${totp} set last_step = ${step}, last_used_at = ${nowMs}
        where user_id = ${userId} and secret = ${sealed} and last_step < ${step} returning user_id`,
    ],
  }
}

/** @param digests of the code, under each of the secrets */
export function spendRecoveryCode(
  userId: string,
  digests: readonly string[],
  nowMs: number,
): Spending {
  const unused = sql`user_id = ${userId} and used_at is null
    and digest in (select value from json_each(${JSON.stringify(digests)}))`
  return {
    unspent: sql`exists (select 1 from ${recoveryCode} where ${unused})`,
    spend: [sql`update ${recoveryCode} set used_at = ${nowMs} where ${unused} returning user_id`],
  }
}

/** A password, which proves only who has no factor. It is not used up. */
export function passwordOf(userId: string): Spending {
  const unspent = sql`not ${hasFactorSql(userId)}`
  return { unspent, spend: [sql`select 1 where ${unspent}`] }
}

/** Of what begins a session of its own. @returns false where it was spent before */
export async function spendAlone(d1: D1Database, { spend }: Spending): Promise<boolean> {
  const [first] = await within('D1', writeTimeoutMs, runWholeBatch(d1, spend))
  return first?.length === 1
}

/** `wrong`: spent before. `ended`: the session is not there any more. */
export type Spent = 'done' | 'wrong' | 'ended'

/** Makes a session that awaits its factor whole, under a new token. */
export function completeSession(
  d1: D1Database,
  id: string,
  whole: { token: string; signedInWith: string; expiresAtMs: number },
  spending: Spending,
  effects: Effects,
  nowMs: number,
): Promise<Spent> {
  const awaiting = sql`id = ${id} and awaits_factor = 1 and expires_at > ${nowMs}`
  const update = sql`update ${session} set awaits_factor = 0, token = ${whole.token}, proved_at = ${nowMs},
    signed_in_with = ${whole.signedInWith}, expires_at = ${whole.expiresAtMs}, updated_at = ${nowMs}
    where ${awaiting} and ${spending.unspent} returning id`
  return spendFor(d1, awaiting, update, spending, effects)
}

/** Records that a whole session was proved once more. */
export function proveSessionBy(
  d1: D1Database,
  id: string,
  spending: Spending,
  effects: Effects,
  nowMs: number,
): Promise<Spent> {
  const whole = sql`id = ${id} and awaits_factor = 0`
  const update = sql`update ${session} set proved_at = ${nowMs} where ${whole} and ${spending.unspent} returning id`
  return spendFor(d1, whole, update, spending, effects)
}

async function spendFor(
  d1: D1Database,
  is: SQL,
  update: SQL,
  { unspent, spend }: Spending,
  effects: Effects,
): Promise<Spent> {
  const holds = sql`${unspent} and exists (select 1 from ${session} where ${is})`
  const before = effects(holds)
  const batch = [...before, update, ...spend]
  const results = await within('D1', writeTimeoutMs, runWholeBatch(d1, batch))
  if (results[before.length]?.length === 1) return 'done'
  return results[before.length + 1]?.length === 1 ? 'ended' : 'wrong'
}
