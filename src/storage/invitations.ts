// Invitations in D1. Triggers write their audit events.
import { and, eq, gt, type SQL, sql } from 'drizzle-orm'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { build, openPrimary, runBatch } from './database.ts'
import { recordRequest } from './idempotency.ts'
import { invitation, member, memberIntent, user } from './people-schema.ts'
import { within } from './unavailable.ts'

export type InvitationRow = typeof invitation.$inferSelect

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

/** @returns false, and changes nothing, when the account has as many pending invitations as it may. */
export async function insertInvitation(
  d1: D1Database,
  row: InvitationRow,
  request: IdempotentRequest | null,
  nowMs: number,
): Promise<boolean> {
  const { id, organizationId, email, role, inviterId, expiresAt } = row
  const others = sql`(select count(*) from ${invitation} where organization_id = ${organizationId}
    and status = 'pending' and expires_at > ${nowMs} and email <> ${email})`
  const room = sql`${others} < ${maxPending}`
  const voided = sql`${isPending(organizationId, email, nowMs)} and ${room}`
  const isStored = sql`exists (select 1 from ${invitation} where id = ${id})`
  const rows = await within(
    'D1',
    writeTimeoutMs,
    runBatch(d1, [
      // The trigger that writes the event of a cancelled invitation reads who cancels it, and deletes this row.
      sql`insert or replace into ${memberIntent} (member_id, actor_id, at)
        select id, ${inviterId}, ${nowMs} from ${invitation} where ${voided}`,
      sql`update ${invitation} set status = 'canceled' where ${voided}`,
      sql`insert into ${invitation} (id, organization_id, email, role, status, inviter_id, expires_at, created_at)
        select ${id}, ${organizationId}, ${email}, ${role}, 'pending', ${inviterId}, ${expiresAt.getTime()}, ${nowMs}
        where ${room}`,
      ...recordRequest(request, id, nowMs, isStored),
      build.select({ id: invitation.id }).from(invitation).where(eq(invitation.id, id)),
    ]),
  )
  return rows.length > 0
}

export async function extendInvitation(
  d1: D1Database,
  { id }: Pick<InvitationRow, 'id'>,
  expiresAt: Date,
  request: IdempotentRequest | null,
  nowMs: number,
): Promise<void> {
  const update = build.update(invitation).set({ expiresAt }).where(eq(invitation.id, id))
  const extending = runBatch(d1, [update, ...recordRequest(request, id, nowMs)])
  await within('D1', writeTimeoutMs, extending)
}

function isPending(accountId: string, email: string, nowMs: number): SQL | undefined {
  return and(
    eq(invitation.organizationId, accountId),
    eq(invitation.email, email),
    eq(invitation.status, 'pending'),
    gt(invitation.expiresAt, new Date(nowMs)),
  )
}
