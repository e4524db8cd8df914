// Accounts as the platform sees and changes them.
import { and, desc, eq, type SQL, sql } from 'drizzle-orm'
import type { AuditEntry } from '../core/audit.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { defaultQuotas, type Quotas } from '../core/quotas.ts'
import { insertEvent } from './account-store.ts'
import { openPrimary, runBatch } from './database.ts'
import { recordRequest } from './idempotency.ts'
import type { InvitationRow, NewInvitation } from './invitations.ts'
import { type Looked, maxLooked } from './look-through.ts'
import { insertMail, type NewMail } from './mail-outbox.ts'
import {
  accountControl,
  accountCount,
  invitation,
  member,
  memberIntent,
  organization,
} from './people-schema.ts'
import { standingColumns } from './standing.ts'
import { within } from './unavailable.ts'

export const accountStatuses = ['active', 'suspended', 'closing'] as const
export type AccountStatus = (typeof accountStatuses)[number]

export type PlatformAccount = {
  id: string
  name: string
  createdAt: number
  suspendedAt: number | null
  closesAt: number | null
  isPlatform: boolean
  hasOwner: boolean
  /** Of its people. */
  requiresFactor: boolean
  /** null: the platform, which has none. */
  quotas: Quotas | null
  counts: { keys: number; members: number; endpoints: number }
}

/** null: the quota of every account. */
export type QuotaChanges = { [Name in keyof Quotas]?: number | null | undefined }
export type AccountChanges = { name?: string | undefined; quotas?: QuotaChanges | undefined }

export type AccountFilter = {
  /** Part of the name in any case, or the id. */
  search?: string | undefined
  status?: AccountStatus | undefined
}

type Position = { createdAt: number; id: string }

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000

/** A closing account is that, also while it is suspended. */
export function statusOfAccount({
  closesAt,
  suspendedAt,
}: Pick<PlatformAccount, 'closesAt' | 'suspendedAt'>): AccountStatus {
  if (closesAt !== null) return 'closing'
  return suspendedAt === null ? 'active' : 'suspended'
}

const hasOwner = sql<number>`exists (select 1 from ${member}
  where ${member.organizationId} = ${organization.id} and ${member.role} like '%owner%')`

function selectAccounts(d1: D1Database) {
  const { id, name, createdAt, closesAt } = organization
  const { isPlatform } = standingColumns
  return openPrimary(d1)
    .select({
      ...{ id, name, createdAt, closesAt, isPlatform, hasOwner },
      control: accountControl,
      count: accountCount,
    })
    .from(organization)
    .leftJoin(accountControl, eq(accountControl.accountId, id))
    .leftJoin(accountCount, eq(accountCount.accountId, id))
}

type Row = Awaited<ReturnType<ReturnType<typeof selectAccounts>['all']>>[number]

function accountOf({ control, count, ...row }: Row): PlatformAccount {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.createdAt.getTime(),
    suspendedAt: control?.suspendedAt ?? null,
    closesAt: row.closesAt?.getTime() ?? null,
    isPlatform: row.isPlatform === 1,
    hasOwner: row.hasOwner === 1,
    requiresFactor: control?.requiresFactor ?? false,
    quotas: row.isPlatform === 1 ? null : quotasOf(control),
    counts: {
      keys: count?.keys ?? 0,
      members: count?.members ?? 0,
      endpoints: count?.endpoints ?? 0,
    },
  }
}

function quotasOf(control: typeof accountControl.$inferSelect | null): Quotas {
  return {
    keys: control?.maxKeys ?? defaultQuotas.keys,
    members: control?.maxMembers ?? defaultQuotas.members,
    endpoints: control?.maxEndpoints ?? defaultQuotas.endpoints,
    changesPerMinute: control?.maxChangesPerMinute ?? defaultQuotas.changesPerMinute,
  }
}

/** null: there is no such account. */
export async function findPlatformAccount(
  d1: D1Database,
  id: string,
): Promise<PlatformAccount | null> {
  const row = await within(
    'D1',
    readTimeoutMs,
    selectAccounts(d1).where(eq(organization.id, id)).get(),
  )
  return row === undefined ? null : accountOf(row)
}

/** Up to `limit` accounts, newest first. */
export async function listAccounts(
  d1: D1Database,
  filter: AccountFilter,
  { limit, after }: { limit: number; after: Position | null },
): Promise<Looked<PlatformAccount, Position>> {
  const isLater = after === null ? undefined : sql`${place} < (${after.createdAt}, ${after.id})`
  const conditions = conditionsOf(filter)
  const lookedTo = conditions.length === 0 ? null : await endOfLook(d1, isLater)
  const isLooked = lookedTo && sql`${place} >= (${lookedTo.createdAt}, ${lookedTo.id})`
  const query = selectAccounts(d1)
    .where(and(isLater, isLooked ?? undefined, ...conditions))
    .orderBy(desc(organization.createdAt), desc(organization.id))
    .limit(limit)
  return { rows: (await within('D1', readTimeoutMs, query.all())).map(accountOf), lookedTo }
}

const place = sql`(${organization.createdAt}, ${organization.id})`

/** The last account that a page looks at; null: the list ends before. */
async function endOfLook(d1: D1Database, isLater: SQL | undefined): Promise<Position | null> {
  const query = openPrimary(d1).get<Position | undefined>(sql`
    select created_at as createdAt, id from ${organization} where ${isLater ?? sql`1`}
    order by created_at desc, id desc limit 1 offset ${maxLooked - 1}`)
  return (await within('D1', readTimeoutMs, query)) ?? null
}

function conditionsOf({ search, status }: AccountFilter): SQL[] {
  return [
    ...(search === undefined ? [] : [matches(search)]),
    ...(status === undefined ? [] : [hasStatus(status)]),
  ]
}

/** SQLite's `lower` folds ASCII only. */
function matches(search: string): SQL {
  const text = search.toLowerCase()
  return sql`(${organization.id} = ${text} or instr(lower(${organization.name}), ${text}) > 0
    or instr(${organization.name}, ${search}) > 0)`
}

function hasStatus(status: AccountStatus): SQL {
  const { closesAt } = organization
  const { suspendedAt } = accountControl
  switch (status) {
    case 'closing':
      return sql`${closesAt} is not null`
    case 'suspended':
      return sql`${closesAt} is null and ${suspendedAt} is not null`
    case 'active':
      return sql`${closesAt} is null and ${suspendedAt} is null`
  }
}

export type NewAccount = { id: string; name: string }

/** The invitation of an owner, with its message where there is mail. */
export type OwnerInvitation = { invitation: NewInvitation; mail: NewMail | null }

/** With the invitation of its owner, if there is one to invite. */
export async function insertAccount(
  d1: D1Database,
  { id, name }: NewAccount,
  owner: OwnerInvitation | null,
  audit: AuditEntry,
  nowMs: number,
  request: IdempotentRequest | null,
): Promise<void> {
  await write(d1, [
    sql`insert into ${organization} (id, name, slug, created_at) values (${id}, ${name}, ${id}, ${nowMs})`,
    insertEvent(id, audit, nowMs),
    ...(owner === null ? [] : invite(owner, audit, nowMs)),
    ...recordRequest(request, id, nowMs),
  ])
}

/** @returns false, and changes nothing, where the account has an owner. Pending invitations of owners are void. */
export async function inviteOwner(
  d1: D1Database,
  owner: OwnerInvitation,
  audit: AuditEntry,
  nowMs: number,
  request: IdempotentRequest | null,
): Promise<boolean> {
  const { id, email, organizationId: accountId } = owner.invitation
  const isOrphan = sql`not exists (select 1 from ${member}
    where organization_id = ${accountId} and role like '%owner%')`
  const others = sql`${invitation} where organization_id = ${accountId} and status = 'pending'
    and (role like '%owner%' or email = ${email}) and ${isOrphan}`
  const isStored = sql`exists (select 1 from ${invitation} where id = ${id})`
  const rows = await write(d1, [
    sql`insert or replace into ${memberIntent} (member_id, actor_id, actor_kind, at)
      select id, ${audit.actorId}, 'platform', ${nowMs} from ${others}`,
    sql`update ${invitation} set status = 'canceled' where id in (select id from ${others})`,
    ...invite(owner, audit, nowMs, isOrphan),
    ...recordRequest(request, id, nowMs, isStored),
    sql`select id from ${invitation} where id = ${id}`,
  ])
  return rows.length > 0
}

/** The trigger that writes the event reads who invites, and deletes the intent. */
function invite(
  { invitation: row, mail }: OwnerInvitation,
  { actorId }: AuditEntry,
  nowMs: number,
  condition = sql`1`,
): SQL[] {
  const { id, organizationId, email, role, inviterId, expiresAt, tokenDigest } = row
  return [
    sql`insert into ${memberIntent} (member_id, actor_id, actor_kind, at)
      select ${id}, ${actorId}, 'platform', ${nowMs} where ${condition}`,
    sql`insert into ${invitation}
        (id, organization_id, email, role, status, inviter_id, expires_at, created_at, token_digest,
          mailed)
      select ${id}, ${organizationId}, ${email}, ${role}, 'pending', ${inviterId}, ${expiresAt.getTime()}, ${nowMs},
        ${tokenDigest}, ${tokenDigest === null ? 0 : 1} where ${condition}`,
    ...(mail === null ? [] : [insertMail(mail, nowMs, condition)]),
  ]
}

/** The invitation with which an account was made, while it is pending: later ones are of its own owners. */
export async function invitationOfNew(
  d1: D1Database,
  accountId: string,
  nowMs: number,
): Promise<InvitationRow | null> {
  const is = sql`${invitation.organizationId} = ${accountId} and ${invitation.status} = 'pending'
    and ${invitation.expiresAt} > ${nowMs} and ${invitation.createdAt} =
      (select created_at from ${organization} where id = ${accountId})`
  const query = openPrimary(d1).select().from(invitation).where(is).get()
  return (await within('D1', readTimeoutMs, query)) ?? null
}

/** Renames the account, sets quotas, or both; what stays as it is leaves no event. */
export async function changeAccount(
  d1: D1Database,
  id: string,
  { name, quotas }: AccountChanges,
  audit: AuditEntry,
  nowMs: number,
): Promise<void> {
  const renaming =
    name === undefined
      ? []
      : [
          sql`insert or replace into ${memberIntent} (member_id, actor_id, actor_kind, at)
            values (${id}, ${audit.actorId}, ${audit.actorKind}, ${nowMs})`,
          sql`update ${organization} set name = ${name} where id = ${id} and name <> ${name}`,
          sql`delete from ${memberIntent} where member_id = ${id}`,
        ]
  const setting = quotas === undefined ? [] : settingQuotas(id, quotas, audit, nowMs)
  if (renaming.length + setting.length > 0) await write(d1, [...renaming, ...setting])
}

const quotaColumns = {
  keys: 'max_keys',
  members: 'max_members',
  endpoints: 'max_endpoints',
  changesPerMinute: 'max_changes_per_minute',
} as const satisfies Record<keyof Quotas, string>

function settingQuotas(id: string, quotas: QuotaChanges, audit: AuditEntry, nowMs: number): SQL[] {
  const names = (Object.keys(quotaColumns) as (keyof Quotas)[]).filter(
    (name) => quotas[name] !== undefined,
  )
  if (names.length === 0) return []
  const control = sql`select 1 from ${accountControl} where account_id = ${id}`
  const differs = names.map((name) => sql`${sql.raw(quotaColumns[name])} is not ${quotas[name]}`)
  const sets = names.map((name) => sql`${sql.raw(quotaColumns[name])} = ${quotas[name]}`)
  return [
    sql`insert into ${accountControl} (account_id) select ${id} where not exists (${control})`,
    sql`${insertEvent(id, audit, nowMs)} where exists (${control} and (${sql.join(differs, sql` or `)}))`,
    sql`update ${accountControl} set ${sql.join(sets, sql`, `)} where account_id = ${id}`,
  ]
}

/** Suspends the account, with `closesAt` its deletion is scheduled too. A repeated call writes no second event. */
export async function suspend(
  d1: D1Database,
  id: string,
  closesAt: number | null,
  audit: AuditEntry,
  nowMs: number,
): Promise<void> {
  const suspended = sql`select 1 from ${accountControl} where account_id = ${id} and suspended_at is not null`
  const open = sql`exists (select 1 from ${organization} where id = ${id} and closes_at is null)`
  const isDone = closesAt === null ? suspended : sql`${suspended} and not ${open}`
  const isDeleted = closesAt === null ? sql`0` : open
  await write(d1, [
    sql`${insertEvent(id, audit, nowMs)} where not exists (${isDone})`,
    sql`insert into ${accountControl} (account_id, suspended_at, deleted_by_platform)
      values (${id}, ${nowMs}, ${isDeleted}) on conflict (account_id) do update
      set suspended_at = coalesce(suspended_at, ${nowMs}),
        deleted_by_platform = max(deleted_by_platform, excluded.deleted_by_platform)`,
    ...(closesAt === null
      ? []
      : [
          sql`update ${organization} set closes_at = ${closesAt} where id = ${id} and closes_at is null`,
        ]),
  ])
}

/** Takes back what `suspend` did: a deletion that the owner of the account scheduled stays. */
export async function resume(
  d1: D1Database,
  id: string,
  audit: AuditEntry,
  nowMs: number,
): Promise<void> {
  const suspended = sql`${accountControl} where account_id = ${id} and suspended_at is not null`
  await write(d1, [
    sql`${insertEvent(id, audit, nowMs)} where exists (select 1 from ${suspended})`,
    sql`update ${organization} set closes_at = null where id = ${id} and closes_at > ${nowMs}
      and exists (select 1 from ${suspended} and deleted_by_platform = 1)`,
    sql`update ${accountControl} set suspended_at = null, deleted_by_platform = 0 where account_id = ${id}`,
  ])
}

function write(d1: D1Database, statements: SQL[]) {
  return within('D1', writeTimeoutMs, runBatch<{ id: string }>(d1, statements))
}
