// Links by which a person sets a new password. Each use is one batch, whose last statement deletes the link: of two uses one wins.
import { type SQL, sql } from 'drizzle-orm'
import type { AuditEntry } from '../core/audit.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { openPrimary, runBatch } from './database.ts'
import type { Acting } from './factor-notice.ts'
import { recordRequest } from './idempotency.ts'
import { insertMail } from './mail-outbox.ts'
import { type Replacement, told } from './passwords.ts'
import { account, accountControl, member, session, user } from './people-schema.ts'
import { insertPersonEvent } from './person-audit.ts'
import { proveAddress } from './proved-address.ts'
import { resetLink } from './reset-schema.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000

export type NewResetLink = { id: string; digest: string; expiresAt: number }

export type MailedReset = Acting & {
  /** As it was typed, in lower case: nobody need have it. */
  email: string
  link: NewResetLink
  mail: { id: string; sealedToken: string; minutes: number }
}

/** The same statements for every address; each writes a row, also where nobody has it. @throws StoreUnavailable */
export async function insertMailedLink(
  d1: D1Database,
  { email, link, mail, client, requestId, nowMs }: MailedReset,
): Promise<void> {
  const userId = sql`(select id from ${user} where email = ${email})`
  const actor = { kind: 'system', id: null } as const
  const detail = { origin: 'mail' }
  const { id, sealedToken, minutes } = mail
  const content = { template: 'reset_password', data: { minutes } } as const
  const message = { ...content, id, to: email, userId, sealedToken, expiresAt: link.expiresAt }
  const statements = [
    sql`insert into ${resetLink} (id, digest, user_id, origin, expires_at, created_at)
      values (${link.id}, ${link.digest}, ${userId}, 'mail', ${link.expiresAt}, ${nowMs})`,
    insertPersonEvent({
      ...{ userId, action: 'reset_link.created', actor, client, detail, requestId, nowMs },
    }),
    insertMail(message, nowMs, sql`${userId} is not null`),
  ]
  await within('D1', writeTimeoutMs, runBatch(d1, statements))
}

export type OwnersReset = Acting & {
  userId: string
  accountId: string
  owner: { kind: AuditEntry['actorKind']; id: string }
  link: NewResetLink
  request: IdempotentRequest | null
}

/** @returns false where the owner may make none for this person. @throws StoreUnavailable */
export async function insertOwnersLink(
  d1: D1Database,
  { userId, accountId, owner, link, request, client, requestId, nowMs }: OwnersReset,
): Promise<boolean> {
  const isStored = sql`exists (select 1 from ${resetLink} where id = ${link.id})`
  const action = 'reset_link.created'
  const detail = { origin: 'owner' }
  const event = { userId, action, actor: owner, client, detail, requestId, nowMs } as const
  const statements = [
    sql`insert into ${resetLink} (id, digest, user_id, origin, account_id, made_by, expires_at, created_at)
      select ${link.id}, ${link.digest}, ${userId}, 'owner', ${accountId}, ${owner.id}, ${link.expiresAt}, ${nowMs}
      where ${withinBounds(sql`${userId}`, sql`${accountId}`, sql`${owner.id}`)}`,
    insertPersonEvent(event, isStored),
    ...recordRequest(request, link.id, nowMs, isStored),
    sql`select id from ${resetLink} where id = ${link.id}`,
  ]
  return (await within('D1', writeTimeoutMs, runBatch(d1, statements))).length > 0
}

/** An owner's power over a person: a member of this account alone, and no owner. A suspended account's owners only read. */
function withinBounds(userId: SQL, accountId: SQL, ownerId: SQL): SQL {
  const ofAccount = (id: SQL) => sql`user_id = ${id} and organization_id = ${accountId}`
  return sql`(select count(*) from ${member} where user_id = ${userId}) = 1
    and exists (select 1 from ${member} where ${ofAccount(userId)} and role not like '%owner%')
    and exists (select 1 from ${member} where ${ofAccount(ownerId)} and role like '%owner%')
    and not exists (select 1 from ${accountControl}
      where account_id = ${accountId} and suspended_at is not null)`
}

/** The rows of links that may be used now: one, or none. */
function usable(digest: string, nowMs: number): SQL {
  const { userId, accountId, madeBy, origin } = resetLink
  return sql`${resetLink} where ${resetLink.digest} = ${digest} and ${resetLink.expiresAt} > ${nowMs}
    and (${origin} <> 'owner' or (${withinBounds(sql`${userId}`, sql`${accountId}`, sql`${madeBy}`)}))`
}

/** Whether a link may be used now, before the password is hashed: the use decides. @throws StoreUnavailable */
export async function isUsable(d1: D1Database, digest: string, nowMs: number): Promise<boolean> {
  const query = sql`select ${resetLink.id} from ${usable(digest, nowMs)} and ${resetLink.userId} is not null`
  const reading = openPrimary(d1).all(query)
  return (await within('D1', readTimeoutMs, reading)).length > 0
}

/**
 * Sets the password, ends all sessions and links of the person, and tells. Second factors stay, and nobody is signed in.
 * @returns false, and changes nothing, where the link may not be used. @throws StoreUnavailable
 */
export async function spendResetLink(
  d1: D1Database,
  digest: string,
  replacement: Replacement,
): Promise<boolean> {
  const { hash, nowMs } = replacement
  const userId = sql`(select ${resetLink.userId} from ${usable(digest, nowMs)})`
  const mailed = sql`(select ${resetLink.userId} from ${usable(digest, nowMs)} and ${resetLink.origin} = 'mail')`
  const hasPassword = sql`exists (select 1 from ${account} as known
    where known.user_id = ${user.id} and known.provider_id = 'credential')`
  const event = { action: 'person.password_reset', userId, by: 'reset' } as const
  const statements = [
    ...proveAddress(mailed, nowMs),
    sql`update ${account} set password = ${hash}, updated_at = ${nowMs}
      where user_id = ${userId} and provider_id = 'credential'`,
    sql`insert into ${account} (id, account_id, provider_id, user_id, password, created_at, updated_at)
      select ${crypto.randomUUID()}, ${user.id}, 'credential', ${user.id}, ${hash}, ${nowMs}, ${nowMs}
      from ${user} where ${user.id} = ${userId} and not ${hasPassword}`,
    ...told(replacement, event, sql`${userId} is not null`),
    sql`delete from ${session} where user_id = ${userId}`,
    sql`delete from ${resetLink} where user_id = ${userId} returning id`,
  ]
  return (await within('D1', writeTimeoutMs, runBatch(d1, statements))).length > 0
}
