// Quotas of accounts in D1: triggers refuse what exceeds them.
import { sql } from 'drizzle-orm'
import { type CountedQuota, defaultQuotas, QuotaExceeded } from '../core/quotas.ts'
import { openPrimary } from './database.ts'
import { accountControl, accountCount, platform } from './people-schema.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000

// From its beginning: Drizzle's message has the statement with its values, where a client could write this.
const refusal = /^D1_ERROR: quota_exceeded: (keys|members|endpoints) (\d+)\b/

/** The quota for which a trigger refused a write; null for any other failure. */
export function quotaExceeded(error: unknown): QuotaExceeded | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof QuotaExceeded) return cause
    const [, quota, max] = refusal.exec(cause.message) ?? []
    if (quota !== undefined) return new QuotaExceeded(quota as CountedQuota, Number(max), error)
  }
  return null
}

/** For a change of several transactions: refuses it before the first. @throws QuotaExceeded, StoreUnavailable */
export async function refuseFullMembership(d1: D1Database, accountId: string): Promise<void> {
  const max = sql`coalesce((select max_members from ${accountControl} where account_id = ${accountId}), ${defaultQuotas.members})`
  const query = openPrimary(d1).get<{ max: number } | undefined>(
    sql`select ${max} as max from ${accountCount} where account_id = ${accountId} and members >= ${max}
      and account_id is not (select account_id from ${platform})`,
  )
  const full = await within('D1', readTimeoutMs, query)
  if (full !== undefined) throw new QuotaExceeded('members', full.max)
}

/** How many keys an account may still get, as an expression of a LIMIT: -1 for the platform, which may have any number. */
export function roomForKeys(accountId: string) {
  return sql`(select case when ${accountId} = (select account_id from ${platform}) then -1
    else max(0, ${maxKeysOf(accountId)}
      - coalesce((select keys from ${accountCount} where account_id = ${accountId}), 0)) end)`
}

export function maxKeysOf(accountId: string) {
  return sql`coalesce((select max_keys from ${accountControl} where account_id = ${accountId}), ${defaultQuotas.keys})`
}
