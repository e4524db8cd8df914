// Invitations in D1. Triggers write their audit events.
import { and, eq, gt, type SQL, sql } from 'drizzle-orm'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { build, openPrimary, runBatch } from './database.ts'
import type { Acting } from './factor-notice.ts'
import { recordRequest } from './idempotency.ts'
import { insertMail, type NewMail } from './mail-outbox.ts'
import { mail as mailTable } from './mail-schema.ts'
import { intendInvitation } from './member-intents.ts'
import { invitation, member, organization, user } from './people-schema.ts'
import { within } from './unavailable.ts'

export type InvitationRow = typeof invitation.$inferSelect
export type NewInvitation = Omit<InvitationRow, 'mailed'>

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000
const maxPending = 100

export async function findInvitation(
  d1: D1Database,
  accountId: string,
  id: string,
): Promise<InvitationRow | null> {
  const is = and(eq(invitation.id, id), eq(invitation.organizationId, accountId))
  const query = openPrimary(d1).select().from(invitation).where(is).get()
  return (await within('D1', readTimeoutMs, query)) ?? null
}

export async function pendingInvitation(
  d1: D1Database,
  accountId: string,
  email: string,
  nowMs: number,
): Promise<InvitationRow | null> {
  const is = isPending(accountId, email, nowMs)
  const query = openPrimary(d1).select().from(invitation).where(is).get()
  return (await within('D1', readTimeoutMs, query)) ?? null
}

export async function isMemberByEmail(
  d1: D1Database,
  accountId: string,
  email: string,
): Promise<boolean> {
  const query = openPrimary(d1)
    .select({ id: member.id })
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .where(and(eq(member.organizationId, accountId), eq(user.email, email)))
    .get()
  return (await within('D1', readTimeoutMs, query)) !== undefined
}

/** How a message names the account and who invites. */
export async function namesOf(
  d1: D1Database,
  accountId: string,
  userId: string,
): Promise<{ account: string; inviter: string }> {
  const query = openPrimary(d1).get<{ account: string; inviter: string }>(sql`select
    (select name from ${organization} where id = ${accountId}) as account,
    (select name from ${user} where id = ${userId}) as inviter`)
  return within('D1', readTimeoutMs, query)
}

/** Whether the inviter has the power at the time of the statement: it may have ended since it was checked. */
function mayInvite({ organizationId, inviterId, role }: NewInvitation): SQL {
  const isStrong = role === 'owner' ? sql`role like '%owner%'` : sql`role <> 'member'`
  return sql`exists (select 1 from ${member}
    where organization_id = ${organizationId} and user_id = ${inviterId} and ${isStrong})`
}

/** `refused`, and nothing is changed: the account has as many pending invitations as it may, or the inviter no power. */
export async function insertInvitation(
  d1: D1Database,
  row: NewInvitation,
  mail: NewMail | null,
  request: IdempotentRequest | null,
  acting: Acting,
): Promise<'stored' | 'refused'> {
  const { nowMs } = acting
  const { id, organizationId, email, role, inviterId, expiresAt, tokenDigest } = row
  const others = sql`(select count(*) from ${invitation} where organization_id = ${organizationId}
    and status = 'pending' and expires_at > ${nowMs} and email <> ${email})`
  const room = sql`${others} < ${maxPending} and ${mayInvite(row)}`
  const voided = sql`${isPending(organizationId, email, nowMs)} and ${room}`
  const isStored = sql`exists (select 1 from ${invitation} where id = ${id})`
  const rows = await within(
    'D1',
    writeTimeoutMs,
    runBatch(d1, [
      // The triggers that write the events read who acts, and delete these rows.
      intendInvitation(sql`select id from ${invitation} where ${voided}`, inviterId, acting),
      sql`update ${invitation} set status = 'canceled' where ${voided}`,
      intendInvitation(sql`select ${id} as id where ${room}`, inviterId, acting),
      sql`insert into ${invitation}
          (id, organization_id, email, role, status, inviter_id, expires_at, created_at, token_digest,
          mailed)
        select ${id}, ${organizationId}, ${email}, ${role}, 'pending', ${inviterId}, ${expiresAt.getTime()}, ${nowMs},
          ${tokenDigest}, ${tokenDigest === null ? 0 : 1} where ${room}`,
      ...(mail === null ? [] : [insertMail(mail, nowMs, isStored)]),
      ...recordRequest(request, id, nowMs, isStored),
      build.select({ id: invitation.id }).from(invitation).where(eq(invitation.id, id)),
    ]),
  )
  return rows.length > 0 ? 'stored' : 'refused'
}

/** With the token of its new message: that of an earlier one joins nobody any more. @returns false where it has ended. */
export async function extendInvitation(
  d1: D1Database,
  { id, expiresAt, tokenDigest }: NewInvitation,
  mail: NewMail | null,
  request: IdempotentRequest | null,
  actorId: string,
  acting: Acting,
): Promise<boolean> {
  const { nowMs } = acting
  const isOpen = sql`exists (select 1 from ${invitation} where id = ${id} and status = 'pending')`
  const extending = runBatch(d1, [
    intendInvitation(sql`select ${id} as id where ${isOpen}`, actorId, acting),
    sql`update ${invitation} set expires_at = ${expiresAt.getTime()}, token_digest = ${tokenDigest},
        mailed = ${tokenDigest === null ? 0 : 1}
      where id = ${id} and status = 'pending'`,
    ...(mail === null ? [] : [dropMailOf(id), insertMail(mail, nowMs, isOpen)]),
    ...recordRequest(request, id, nowMs, isOpen),
    sql`select 1 from ${invitation} where id = ${id} and status = 'pending'`,
  ])
  return (await within('D1', writeTimeoutMs, extending)).length > 0
}

/** What waits to be sent of an invitation, and would bring a token that joins nobody. */
function dropMailOf(id: string): SQL {
  return sql`delete from ${mailTable} where status = 'pending' and account_id =
    (select organization_id from ${invitation} where id = ${id}) and data ->> 'invitation_id' = ${id}`
}

function isPending(accountId: string, email: string, nowMs: number): SQL | undefined {
  return and(
    eq(invitation.organizationId, accountId),
    eq(invitation.email, email),
    eq(invitation.status, 'pending'),
    gt(invitation.expiresAt, new Date(nowMs)),
  )
}
