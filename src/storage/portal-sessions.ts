// Portal sessions: opened by a key, exchanged once from a code, read with each request of their customer.
import { and, eq, gt, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { MayGrant } from '../core/actor.ts'
import type { AuditEntry } from '../core/audit.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import type { AccountStanding } from '../core/standing.ts'
import { insertEvent } from './account-store.ts'
import { openPrimary, runBatch } from './database.ts'
import { recordRequest } from './idempotency.ts'
import type { Reach } from './key-reach.ts'
import type { Selection } from './key-selection.ts'
import { accountControl, organization } from './people-schema.ts'
import { keysOf } from './portal-conditions.ts'
import { portalSession } from './portal-schema.ts'
import { apiKey } from './schema.ts'
import { standingColumns, standingOfRow } from './standing.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000

export type PortalSession = typeof portalSession.$inferSelect

/** The key that opened a session, while it is in force. */
export type Opener = {
  scopes: readonly string[]
  mayGrant: MayGrant | null
  createdBy: string | null
  /** The first key of its rotations. */
  rootId: string
}

export type OpenSession = {
  session: PortalSession
  opener: Opener
  accountName: string
  standing: AccountStanding
}

/** @throws StoreUnavailable */
export async function insertPortalSession(
  d1: D1Database,
  session: PortalSession,
  audit: AuditEntry,
  request: IdempotentRequest | null,
): Promise<void> {
  const { accountId, createdAt } = session
  const row = sql`insert into ${portalSession} (id, digest, account_id, key_id, external_id, scopes, environments,
      rate_limit, max_lifetime, max_keys, origin, created_at, expires_at)
    values (${session.id}, ${session.digest}, ${accountId}, ${session.keyId}, ${session.externalId},
      ${JSON.stringify(session.scopes)}, ${JSON.stringify(session.environments)},
      ${session.rateLimit && JSON.stringify(session.rateLimit)}, ${session.maxLifetime}, ${session.maxKeys},
      ${session.origin}, ${createdAt}, ${session.expiresAt})`
  const statements = [
    row,
    insertEvent(accountId, audit, createdAt),
    ...recordRequest(request, session.id, createdAt),
  ]
  await within('D1', writeTimeoutMs, runBatch(d1, statements))
}

/** Asked first, so that a code that is refused runs no statement that writes: the exchange decides. */
async function isUnused(d1: D1Database, digest: string, nowMs: number): Promise<boolean> {
  const query = openPrimary(d1).all(sql`select 1 from ${portalSession}
    where digest = ${digest} and opened_at is null and expires_at > ${nowMs}`)
  return (await within('D1', readTimeoutMs, query)).length > 0
}

/** Exchanges a code for a token: of two exchanges one wins. @returns whether it was exchanged. @throws StoreUnavailable */
export async function exchangeCode(
  d1: D1Database,
  code: { digest: string },
  token: { digest: string; expiresAt: number },
  nowMs: number,
): Promise<boolean> {
  if (!(await isUnused(d1, code.digest, nowMs))) return false
  const exchange = sql`update ${portalSession}
    set digest = ${token.digest}, opened_at = ${nowMs}, expires_at = ${token.expiresAt}
    where digest = ${code.digest} and opened_at is null and expires_at > ${nowMs} returning id`
  return (await within('D1', writeTimeoutMs, runBatch(d1, [exchange]))).length > 0
}

/**
 * The session of a token with the key that opened it, as both are now; null where either has ended, or the account is
 * suspended or closes. @throws StoreUnavailable
 */
export async function findOpenSession(
  d1: D1Database,
  digest: string,
  nowMs: number,
): Promise<OpenSession | null> {
  const query = openPrimary(d1)
    .select({
      session: portalSession,
      key: openerColumns,
      account: accountColumns,
      standing: standingColumns,
    })
    .from(portalSession)
    .innerJoin(apiKey, eq(apiKey.id, portalSession.keyId))
    .innerJoin(organization, eq(organization.id, portalSession.accountId))
    .leftJoin(accountControl, eq(accountControl.accountId, organization.id))
    .where(
      and(
        eq(portalSession.digest, digest),
        isNotNull(portalSession.openedAt),
        gt(portalSession.expiresAt, nowMs),
      ),
    )
    .get()
  const row = await within('D1', readTimeoutMs, query)
  if (row === undefined) return null
  const { session, key, account } = row
  const standing = standingOfRow(row.standing)
  const isOver = key.revokedAt !== null || key.disabled || (key.expiresAt ?? Infinity) <= nowMs
  if (isOver || account.closesAt !== null || standing.isSuspended) return null
  const { mayGrant, createdBy } = key
  const opener = { scopes: key.scopes ?? [], mayGrant, createdBy, rootId: key.meterId ?? key.id }
  return { session, opener, accountName: account.name, standing }
}

const openerColumns = {
  id: apiKey.id,
  scopes: apiKey.scopes,
  mayGrant: apiKey.mayGrant,
  createdBy: apiKey.createdBy,
  meterId: apiKey.meterId,
  disabled: apiKey.disabled,
  expiresAt: apiKey.expiresAt,
  revokedAt: apiKey.revokedAt,
}
const accountColumns = { name: organization.name, closesAt: organization.closesAt }

/** A session that has ended meanwhile stays so. @throws StoreUnavailable */
export async function renewSession(
  d1: D1Database,
  id: string,
  expiresAt: number,
  nowMs: number,
): Promise<void> {
  const renewal = sql`update ${portalSession} set expires_at = ${expiresAt} where id = ${id} and expires_at > ${nowMs}`
  await within('D1', writeTimeoutMs, runBatch(d1, [renewal]))
}

/** @throws StoreUnavailable */
export async function endSession(d1: D1Database, id: string): Promise<void> {
  await within(
    'D1',
    writeTimeoutMs,
    runBatch(d1, [sql`delete from ${portalSession} where id = ${id}`]),
  )
}

/** How many keys a customer has, counted up to a number. @throws StoreUnavailable */
export async function countKeys(
  d1: D1Database,
  { accountId, externalId }: Pick<PortalSession, 'accountId' | 'externalId'>,
  atMost: number,
): Promise<number> {
  const query = openPrimary(d1).get<{ keys: number }>(
    sql`select ${keysOf(accountId, externalId, atMost)} as keys`,
  )
  return (await within('D1', readTimeoutMs, query)).keys
}

/** Revoking all keys of a customer ends their sessions, in the same batch: what they make until then is revoked too. */
export function endingSessions({
  accountId,
  selection,
  reach,
}: {
  accountId: string
  selection: Selection
  reach?: Reach
}): SQL[] {
  if (selection.by !== 'externalId') return []
  const reached = reach?.manager?.bounds?.externalIds ?? null
  if (reached !== null && !reached.includes(selection.externalId)) return []
  return [
    sql`delete from ${portalSession}
      where account_id = ${accountId} and external_id = ${selection.externalId}`,
  ]
}
