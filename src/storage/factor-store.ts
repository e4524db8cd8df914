// Second factors in D1: what a person has enrolled.
import { sql } from 'drizzle-orm'
import type { Enrolled } from '../core/factors.ts'
import { openPrimary } from './database.ts'
import { passkey, recoveryCode, totp } from './factor-schema.ts'
import { account } from './people-schema.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000

/** @throws StoreUnavailable */
export async function enrolledFactors(d1: D1Database, userId: string): Promise<Enrolled> {
  const query = openPrimary(d1).get<{
    password: number
    totp: number
    passkeys: number
    codes: number
  }>(
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
