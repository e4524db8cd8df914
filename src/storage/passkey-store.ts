// Passkeys in D1.
import { and, asc, eq, type SQL, sql } from 'drizzle-orm'
import { openPrimary, runWholeBatch } from './database.ts'
import type { Effects } from './factor-notice.ts'
import { passkey, spentChallenge } from './factor-schema.ts'
import { endCodes, endStepUpOfOthers, firstCodes } from './factor-store.ts'
import { account } from './people-schema.ts'
import type { Spending } from './proof-store.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000
export const maxPasskeys = 20

export type Passkey = typeof passkey.$inferSelect
export type AnsweredChallenge = { digest: string; expiresAtMs: number }

/** Oldest first. @throws StoreUnavailable */
export function listPasskeys(d1: D1Database, userId: string): Promise<Passkey[]> {
  const query = openPrimary(d1)
    .select()
    .from(passkey)
    .where(eq(passkey.userId, userId))
    .orderBy(asc(passkey.createdAt), asc(passkey.id))
    .all()
  return within('D1', readTimeoutMs, query)
}

/** @param userId null: of whomever it is */
export async function findPasskey(
  d1: D1Database,
  credentialId: string,
  userId: string | null,
): Promise<Passkey | null> {
  const isTheirs = userId === null ? undefined : eq(passkey.userId, userId)
  const is = and(eq(passkey.credentialId, credentialId), isTheirs)
  const query = openPrimary(d1).select().from(passkey).where(is).get()
  return (await within('D1', readTimeoutMs, query)) ?? null
}

export type NewPasskey = Omit<Passkey, 'createdAt' | 'lastUsedAt'>

/** `answered`: the challenge was spent before. */
export type PasskeyRefusal = 'answered' | 'full' | 'exists'
export type PasskeyInsertion = { kind: 'inserted'; codes: boolean } | { kind: PasskeyRefusal }

type Insertable = Pick<NewPasskey, 'userId' | 'credentialId'>

function insertableSql({ userId, credentialId }: Insertable, challenge: AnsweredChallenge) {
  const unspent = isUnspent(challenge)
  const exists = sql`exists (select 1 from ${passkey} where credential_id = ${credentialId})`
  const hasRoom = sql`(select count(*) from ${passkey} where user_id = ${userId}) < ${maxPasskeys}`
  return {
    where: sql`${unspent} and not ${exists} and ${hasRoom}`,
    state: sql`select ${unspent} as unspent, ${exists} as known, ${hasRoom} as room`,
  }
}

type State = { unspent: number; known: number; room: number }

function refusalOf({ unspent, known, room }: State): PasskeyRefusal | null {
  if (unspent === 0) return 'answered'
  if (known === 1) return 'exists'
  return room === 0 ? 'full' : null
}

/** Why a passkey would not be inserted; null: it would. Of two at once the insertion decides. */
export async function passkeyRefusal(
  d1: D1Database,
  row: Insertable,
  challenge: AnsweredChallenge,
): Promise<PasskeyRefusal | null> {
  const query = openPrimary(d1).get<State>(insertableSql(row, challenge).state)
  return refusalOf(await within('D1', readTimeoutMs, query))
}

/**
 * Spends the challenge.
 * @param digests of recovery codes, which become the person's with the first factor
 */
export async function insertPasskey(
  d1: D1Database,
  row: NewPasskey,
  challenge: AnsweredChallenge,
  { sessionId, digests }: { sessionId: string; digests: readonly string[] },
  effects: Effects,
  nowMs: number,
): Promise<PasskeyInsertion> {
  const { id, userId, credentialId, publicKey, signCount, transports, name } = row
  const [isBackedUp, verifiesUser] = [row.isBackedUp ? 1 : 0, row.verifiesUser ? 1 : 0]
  const { where, state } = insertableSql(row, challenge)
  const others = endStepUpOfOthers(userId, sessionId, where)
  const before = [state, ...effects(where), others, firstCodes(userId, digests, nowMs, where)]
  const results = await write(d1, [
    ...before,
    sql`insert into ${passkey}
      (id, user_id, credential_id, public_key, sign_count, transports, name, is_backed_up, verifies_user, created_at)
      select ${id}, ${userId}, ${credentialId}, ${publicKey}, ${signCount}, ${JSON.stringify(transports)}, ${name},
        ${isBackedUp}, ${verifiesUser}, ${nowMs} where ${where} returning id`,
    spend(challenge),
  ])
  const refused = refusalOf((results[0] as [State])[0])
  if (refused !== null) return { kind: refused }
  return { kind: 'inserted', codes: (results[before.length - 1]?.length ?? 0) > 0 }
}

/** @returns false where the person has no such passkey */
export async function renamePasskey(
  d1: D1Database,
  { userId, id, name }: { userId: string; id: string; name: string },
  effects: Effects,
): Promise<boolean> {
  const is = sql`id = ${id} and user_id = ${userId}`
  const before = effects(sql`exists (select 1 from ${passkey} where ${is} and name <> ${name})`)
  const rename = sql`update ${passkey} set name = ${name} where ${is} returning id`
  return (await write(d1, [...before, rename])).at(-1)?.length === 1
}

/**
 * @param issuers of the configuration: by links to others nobody signs in any more
 * @returns false where it is gone, or no other way to sign in would be left
 */
export async function removePasskey(
  d1: D1Database,
  { userId, id, issuers }: { userId: string; id: string; issuers: readonly string[] },
  effects: Effects,
): Promise<boolean> {
  const is = sql`id = ${id} and user_id = ${userId}`
  const isNotLast = sql`(exists (select 1 from ${passkey}
      where user_id = ${userId} and id <> ${id} and verifies_user = 1)
    or exists (select 1 from ${account} where user_id = ${userId} and (password is not null
      or provider_id in (select value from json_each(${JSON.stringify(issuers)})))))`
  const before = effects(sql`exists (select 1 from ${passkey} where ${is} and ${isNotLast})`)
  const removal = sql`delete from ${passkey} where ${is} and ${isNotLast} returning id`
  const results = await write(d1, [...before, removal, endCodes(userId)])
  return results[before.length]?.length === 1
}

export type PasskeyUse = Pick<Passkey, 'id' | 'signCount' | 'verifiesUser'>

/** An answer to a challenge, with the counter that it carries. */
export function spendAssertion(
  { id, signCount, verifiesUser }: PasskeyUse,
  challenge: AnsweredChallenge,
  nowMs: number,
): Spending {
  // WebAuthn 7.2, step 22: a counter that does not grow is of a copy of the passkey, where one counts at all.
  const grows = sql`id = ${id} and (sign_count < ${signCount} or (sign_count = 0 and ${signCount} = 0))`
  const unspent = sql`${isUnspent(challenge)} and exists (select 1 from ${passkey} where ${grows})`
  const use = sql`update ${passkey} set sign_count = ${signCount}, last_used_at = ${nowMs},
      verifies_user = max(verifies_user, ${verifiesUser ? 1 : 0})
    where ${grows} and ${isUnspent(challenge)} returning id`
  return { unspent, spend: [use, spend(challenge)] }
}

function isUnspent({ digest }: AnsweredChallenge): SQL {
  return sql`not exists (select 1 from ${spentChallenge} where digest = ${digest})`
}

function spend({ digest, expiresAtMs }: AnsweredChallenge): SQL {
  return sql`insert or ignore into ${spentChallenge} (digest, expires_at) values (${digest}, ${expiresAtMs})`
}

function write(d1: D1Database, statements: SQL[]): Promise<unknown[][]> {
  return within('D1', writeTimeoutMs, runWholeBatch(d1, statements))
}
