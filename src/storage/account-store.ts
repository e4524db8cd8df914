// Accounts: reading, scheduling their deletion, deleting and purging them.
import { asc, eq, type SQL, sql } from 'drizzle-orm'
import type { AuditEntry } from '../core/audit.ts'
import { build, openPrimary, runBatch } from './database.ts'
import { hasFactorSql } from './has-factor.ts'
import {
  accountControl,
  accountCount,
  accountLeaver,
  deletedAccount,
  invitation,
  member,
  organization,
  user,
} from './people-schema.ts'
import { portalSession } from './portal-schema.ts'
import { apiKey, auditEvent, idempotency } from './schema.ts'
import { within } from './unavailable.ts'
import { webhookDelivery, webhookEndpoint, webhookEvent } from './webhook-schema.ts'

export type Account = typeof organization.$inferSelect

const readTimeoutMs = 2_000
const writeTimeoutMs = 20_000

export async function findAccount(d1: D1Database, id: string): Promise<Account | null> {
  const query = openPrimary(d1).select().from(organization).where(eq(organization.id, id)).get()
  return (await within('D1', readTimeoutMs, query)) ?? null
}

export async function accountIdOfSlug(d1: D1Database, slug: string): Promise<string | null> {
  const query = openPrimary(d1)
    .select({ id: organization.id })
    .from(organization)
    .where(eq(organization.slug, slug))
    .get()
  return (await within('D1', readTimeoutMs, query))?.id ?? null
}

export async function accountIdOfInvitation(d1: D1Database, id: string): Promise<string | null> {
  const query = openPrimary(d1)
    .select({ accountId: invitation.organizationId })
    .from(invitation)
    .where(eq(invitation.id, id))
    .get()
  return (await within('D1', readTimeoutMs, query))?.accountId ?? null
}

export async function listMembers(d1: D1Database, accountId: string) {
  const query = openPrimary(d1)
    .select({
      userId: user.id,
      name: user.name,
      email: user.email,
      role: member.role,
      secondFactor: hasFactorSql(sql`${user.id}`),
      createdAt: member.createdAt,
    })
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .where(eq(member.organizationId, accountId))
    .orderBy(asc(member.createdAt), asc(member.id))
    .all()
  return within('D1', readTimeoutMs, query)
}

/** Schedules the deletion of an account, or cancels it (null), with the audit event. A repeated call writes nothing. */
export async function setClosing(
  d1: D1Database,
  accountId: string,
  closesAt: number | null,
  audit: AuditEntry,
  nowMs: number,
): Promise<void> {
  const condition =
    closesAt === null
      ? sql`id = ${accountId} and closes_at > ${nowMs}`
      : sql`id = ${accountId} and closes_at is null`
  const statements = [
    sql`${insertEvent(accountId, audit, nowMs)} from ${organization} where ${condition}`,
    sql`update ${organization} set closes_at = ${closesAt} where ${condition}`,
  ]
  await within('D1', writeTimeoutMs, runBatch(d1, statements))
}

/**
 * Whether the people of the account need a second factor. What stays as it is leaves no event.
 * @param ownerId who requires it, and must have one
 */
export async function requireFactor(
  d1: D1Database,
  { accountId, ownerId, isRequired }: { accountId: string; ownerId: string; isRequired: boolean },
  audit: AuditEntry,
  nowMs: number,
): Promise<boolean> {
  const control = sql`select 1 from ${accountControl} where account_id = ${accountId}`
  const value = isRequired ? 1 : 0
  const mayRequire = isRequired ? hasFactorSql(ownerId) : sql`1`
  const differs = sql`exists (${control} and requires_factor <> ${value}) and ${mayRequire}`
  const statements = [
    sql`insert into ${accountControl} (account_id)
      select ${accountId} where not exists (${control}) and ${mayRequire}`,
    sql`${insertEvent(accountId, audit, nowMs)} where ${differs}`,
    sql`update ${accountControl} set requires_factor = ${value}
      where account_id = ${accountId} and ${mayRequire} returning account_id`,
  ]
  return (await within('D1', writeTimeoutMs, runBatch(d1, statements))).length > 0
}

export async function recordEvent(
  d1: D1Database,
  accountId: string,
  audit: AuditEntry,
  nowMs: number,
): Promise<void> {
  await within('D1', writeTimeoutMs, runBatch(d1, [insertEvent(accountId, audit, nowMs)]))
}

export function insertEvent(accountId: string, audit: AuditEntry, nowMs: number): SQL {
  const detail = audit.detail === null ? null : JSON.stringify(audit.detail)
  return sql`insert into ${auditEvent}
    (id, account_id, action, actor_kind, actor_id, detail, request_id, created_at)
    select ${crypto.randomUUID()}, ${accountId}, ${audit.action}, ${audit.actorKind},
      ${audit.actorId}, ${detail}, ${audit.requestId}, ${nowMs}`
}

/** Accounts whose deletion is due, in random order: some that always fail must not keep out the others. */
export async function dueAccounts(d1: D1Database, nowMs: number, limit: number): Promise<string[]> {
  const query = openPrimary(d1)
    .select({ id: organization.id })
    .from(organization)
    .where(sql`closes_at <= ${nowMs}`)
    .orderBy(sql`random()`)
    .limit(limit)
    .all()
  return (await within('D1', readTimeoutMs, query)).map(({ id }) => id)
}

/** Deletes the endpoints, so that the deletion of the account sends no webhooks. */
export async function endWebhooks(d1: D1Database, accountId: string): Promise<void> {
  const deletion = build.delete(webhookEndpoint).where(eq(webhookEndpoint.accountId, accountId))
  const due = sql`delete from expiry_due where account_id = ${accountId}`
  await within('D1', writeTimeoutMs, runBatch(d1, [deletion, due]))
}

/**
 * Deletes the account, its memberships and invitations, and the people who belong to no other account. A row of
 * `deleted_account` stays.
 */
export async function deleteAccount(
  d1: D1Database,
  accountId: string,
  audit: AuditEntry,
  nowMs: number,
): Promise<void> {
  // The account goes before its people: a trigger refuses to delete a last owner. A batch has no variables, so a
  // table keeps the people to delete.
  const leavers = sql`${accountLeaver} where account_id = ${accountId}`
  const statements = [
    sql`insert or ignore into ${deletedAccount} (account_id, deleted_at) values (${accountId}, ${nowMs})`,
    sql`insert into ${accountLeaver} (account_id, user_id)
      select ${accountId}, user_id from ${member} where organization_id = ${accountId} and user_id not in (
        select user_id from ${member} where organization_id <> ${accountId})`,
    sql`delete from ${organization} where id = ${accountId}`,
    sql`delete from ${user} where id in (select user_id from ${leavers})`,
    sql`delete from ${leavers}`,
    ...[idempotency, portalSession, accountControl, accountCount].map(
      (table) => sql`delete from ${table} where account_id = ${accountId}`,
    ),
    insertEvent(accountId, audit, nowMs),
  ]
  await within('D1', writeTimeoutMs, runBatch(d1, statements))
}

/** Deleted accounts that left something, in random order as well. */
export async function accountsToPurge(d1: D1Database, limit: number): Promise<string[]> {
  const query = openPrimary(d1)
    .select({ id: deletedAccount.accountId })
    .from(deletedAccount)
    .where(sql`purged_at is null`)
    .orderBy(sql`random()`)
    .limit(limit)
    .all()
  return (await within('D1', readTimeoutMs, query)).map(({ id }) => id)
}

const maxPurged = 2_000
/** Each with a delivery for every endpoint. */
const maxPurgedEvents = 200

/** The rowids of the first keys of a deleted account that are not erased yet: none is created any more. */
function nextKeys(accountId: string, limit: number): SQL {
  const erased = sql`select created_at, rowid from ${apiKey}
    where id = (select erased_to from ${deletedAccount} where account_id = ${accountId})`
  return sql`select rowid from ${apiKey} indexed by api_key_by_account
    where account_id = ${accountId} and (created_at, rowid) > (${erased} union all select -9e15, 0 limit 1)
    order by created_at, rowid limit ${limit}`
}

/**
 * Purges a part of what a deleted account left: webhooks, the audit trail except `account.*` events, and the
 * attributes of its keys except the digest. It is purged when nothing is left, of its usage either.
 * @returns whether it is purged.
 */
export async function purgeAccount(
  d1: D1Database,
  accountId: string,
  nowMs: number,
  { isUsageForgotten }: { isUsageForgotten: boolean },
) {
  const some = (table: SQL, where: SQL) =>
    sql`delete from ${table} where rowid in (select rowid from ${table} where ${where} limit ${maxPurged})`
  const remains = sql`${isUsageForgotten ? 0 : 1}
    or exists (select 1 from ${auditEvent} where account_id = ${accountId} and action not like 'account.%')
    or exists (${nextKeys(accountId, 1)})
    or exists (select 1 from ${webhookEvent} where account_id = ${accountId})`
  const events = (
    column: SQL,
  ) => sql`(select ${column} from ${webhookEvent} indexed by webhook_event_by_account
    where account_id = ${accountId} order by rowid limit ${maxPurgedEvents})`
  const rows = await within(
    'D1',
    writeTimeoutMs,
    runBatch<{ purged_at: number | null }>(d1, [
      sql`delete from ${webhookDelivery} where event_id in ${events(sql`id`)}`,
      sql`delete from ${webhookEvent} where rowid in ${events(sql`rowid`)}`,
      some(sql`${auditEvent}`, sql`account_id = ${accountId} and action not like 'account.%'`),
      sql`update ${apiKey} set name = '', name_folded = '', key_prefix = '', created_by = null, revoked_by = null,
        may_grant = null, made_by = null, granted_by = null, external_id = null, metadata = null, allowed_ips = null
        where rowid in (${nextKeys(accountId, maxPurged)})`,
      sql`update ${deletedAccount} set erased_to = (select id from ${apiKey}
          where rowid in (${nextKeys(accountId, maxPurged)}) order by created_at desc, rowid desc limit 1)
        where account_id = ${accountId} and exists (${nextKeys(accountId, 1)})`,
      sql`update ${deletedAccount} set purged_at = ${nowMs}
        where account_id = ${accountId} and not (${remains}) returning purged_at`,
    ]),
  )
  return rows.length > 0
}
