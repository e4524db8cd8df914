// An address that is proved from outside the sessions of its user, by a message to it. Who made the user before may be
// somebody else, waiting for the holder of the address: what they enrolled goes.
import { type SQL, sql } from 'drizzle-orm'
import { passkey, recoveryCode, totp } from './factor-schema.ts'
import { account, session, user } from './people-schema.ts'
import { resetLink } from './reset-schema.ts'

/**
 * Proves the address, and removes factors and links. Password, sessions and reset links are left to the batch, whose next
 * statements replace them.
 * @param userId the user whose address is proved, as a query; null: none
 */
export function proveAddress(userId: SQL, nowMs: number): SQL[] {
  const unproved = unprovedOf(userId)
  return [
    sql`delete from ${account} where user_id = ${unproved} and provider_id <> 'credential'`,
    ...[totp, passkey, recoveryCode].map(
      (table) => sql`delete from ${table} where user_id = ${unproved}`,
    ),
    sql`update ${user} set email_verified = 1, updated_at = ${nowMs} where ${user.id} = ${unproved}`,
  ]
}

/** Everything by which somebody could sign in goes, and the address is proved. */
export function takeOverAddress(userId: SQL, nowMs: number): SQL[] {
  const unproved = unprovedOf(userId)
  return [
    ...[session, resetLink].map((table) => sql`delete from ${table} where user_id = ${unproved}`),
    sql`delete from ${account} where user_id = ${unproved} and provider_id = 'credential'`,
    ...proveAddress(userId, nowMs),
  ]
}

/** The user, while their address is not proved. */
export function unprovedOf(userId: SQL): SQL {
  return sql`(select ${user.id} from ${user} where email_verified = 0 and ${user.id} = ${userId})`
}
