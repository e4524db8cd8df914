// Whether a person has a second factor, within a statement.
import { type SQL, sql } from 'drizzle-orm'
import { passkey, totp } from './factor-schema.ts'

/** 1 or 0. @param userId a value, or a column of the statement */
export function hasFactorSql(userId: SQL | string): SQL<number> {
  return sql<number>`(exists (select 1 from ${totp} where ${totp.userId} = ${userId} and ${totp.secret} is not null)
    or exists (select 1 from ${passkey} where ${passkey.userId} = ${userId}))`
}
