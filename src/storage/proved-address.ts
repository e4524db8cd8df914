// An address that is proved from outside the sessions of its user, by a message to it.
import { type SQL, sql } from 'drizzle-orm'
import { passkey, recoveryCode, totp } from './factor-schema.ts'
import { account, user } from './people-schema.ts'

/**
 * Who made the user before the proof may be somebody else, waiting for the holder of the address: what they enrolled goes.
 * Password, sessions and links are left to the batch, whose next statements replace them.
 * @param userId the user whose address is proved, as a query; null: none
 */
export function proveAddress(userId: SQL, nowMs: number): SQL[] {
  const unproved = sql`(select ${user.id} from ${user} where email_verified = 0 and ${user.id} = ${userId})`
  return [
    sql`delete from ${account} where user_id = ${unproved} and provider_id <> 'credential'`,
    ...[totp, passkey, recoveryCode].map(
      (table) => sql`delete from ${table} where user_id = ${unproved}`,
    ),
    sql`update ${user} set email_verified = 1, updated_at = ${nowMs} where ${user.id} = ${unproved}`,
  ]
}
