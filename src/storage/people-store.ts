// People and memberships: who belongs to which account in which role, and the writes that Better Auth cannot make in
// one transaction. Roles come from the D1 primary, so that a removed member is refused at once.
import { and, asc, eq, sql } from 'drizzle-orm'
import type { JWK } from 'jose'
import { type Role, roles, strongestRole } from '../core/role.ts'
import type { AccountStanding } from '../core/standing.ts'
import { openPrimary } from './database.ts'
import { hasFactorSql } from './has-factor.ts'
import { hasSessionSql, provedAtSql, type SessionNow } from './has-session.ts'
import {
  account,
  accountControl,
  jwks,
  member,
  organization,
  setupLock,
  user,
} from './people-schema.ts'
import { standingColumns, standingOfRow } from './standing.ts'
import { within } from './unavailable.ts'

export type Membership = {
  accountId: string
  accountName: string
  role: Role
  standing: AccountStanding
  /** The account requires a second factor. */
  requiresFactor: boolean
  /** It does, and the person has none: they do nothing here but enrol one. */
  lacksFactor: boolean
  /** When the session that was asked for last proved its person (ms); null: never, or none was. */
  provedAt: number | null
}

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000

/** The present role of a person in an account; null when they are not a member. */
export async function roleOf(
  d1: D1Database,
  userId: string,
  accountId: string,
): Promise<Role | null> {
  const query = openPrimary(d1)
    .select({ role: member.role })
    .from(member)
    .where(and(eq(member.userId, userId), eq(member.organizationId, accountId)))
    .get()
  return strongestRole((await within('D1', readTimeoutMs, query))?.role ?? null)
}

/** The members of an account, and whether they have a second factor. */
export async function membersWithFactors(
  d1: D1Database,
  accountId: string,
): Promise<{ userId: string; hasFactor: boolean }[]> {
  const query = openPrimary(d1)
    .select({ userId: member.userId, hasFactor: hasFactorSql(sql`${member.userId}`) })
    .from(member)
    // Without a join, Drizzle names columns without their table, which the inner statements would take for their own.
    .innerJoin(user, eq(user.id, member.userId))
    .where(eq(member.organizationId, accountId))
    .orderBy(asc(member.createdAt), asc(member.id))
  const rows = await within('D1', readTimeoutMs, query)
  return rows.map(({ userId, hasFactor }) => ({ userId, hasFactor: hasFactor === 1 }))
}

/**
 * The memberships of a person, of all accounts or of one: strongest role first, then the oldest.
 * @param session none, where this session of theirs is over
 */
export async function membershipsOf(
  d1: D1Database,
  userId: string,
  accountId?: string,
  session: SessionNow | null = null,
): Promise<Membership[]> {
  const query = openPrimary(d1)
    .select({
      accountId: member.organizationId,
      accountName: organization.name,
      role: member.role,
      standing: standingColumns,
      requiresFactor: sql<number | null>`${accountControl.requiresFactor}`,
      hasFactor: hasFactorSql(sql`${member.userId}`),
      provedAt: session === null ? sql<null>`null` : provedAtSql(session),
    })
    .from(member)
    .innerJoin(organization, eq(organization.id, member.organizationId))
    .leftJoin(accountControl, eq(accountControl.accountId, member.organizationId))
    .where(
      and(
        eq(member.userId, userId),
        accountId === undefined ? undefined : eq(member.organizationId, accountId),
        session === null ? undefined : hasSessionSql(sql`${member.userId}`, session),
      ),
    )
    .orderBy(asc(member.createdAt), asc(member.id))
  const rows = await within('D1', readTimeoutMs, query)
  return rows
    .flatMap(({ role: stored, standing: row, requiresFactor: required, hasFactor, ...account }) => {
      const role = strongestRole(stored)
      if (role === null) return []
      const requiresFactor = required === 1
      const lacksFactor = requiresFactor && hasFactor !== 1
      return [{ ...account, role, standing: standingOfRow(row), requiresFactor, lacksFactor }]
    })
    .sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role))
}

/**
 * The user that the JWT of an external issuer names, by an address that is proved here too: whoever has claimed it without
 * a proof would otherwise be the person of the JWT. Its subject is an id of the issuer, never of ours.
 * @param verifiedEmail as the issuer has verified it
 */
export async function userIdOf(d1: D1Database, verifiedEmail: string): Promise<string | null> {
  const query = openPrimary(d1)
    .select({ id: user.id })
    .from(user)
    .where(and(eq(user.email, verifiedEmail.toLowerCase()), eq(user.emailVerified, true)))
    .get()
  return (await within('D1', readTimeoutMs, query))?.id ?? null
}

/** The password hash of a person; null when they have no password. */
export async function passwordHashOf(d1: D1Database, userId: string): Promise<string | null> {
  const query = openPrimary(d1)
    .select({ password: account.password })
    .from(account)
    .where(and(eq(account.userId, userId), eq(account.providerId, 'credential')))
    .get()
  return (await within('D1', readTimeoutMs, query))?.password ?? null
}

/** The public keys that verify our JWTs (JWKs, RFC 7517), and until when: null for good. */
export async function publicJwks(
  d1: D1Database,
): Promise<{ jwk: JWK & { kid: string }; expiresAt: number | null }[]> {
  const query = openPrimary(d1)
    .select({ id: jwks.id, alg: jwks.alg, publicKey: jwks.publicKey, expiresAt: jwks.expiresAt })
    .from(jwks)
  const rows = await within('D1', readTimeoutMs, query)
  return rows.map(({ id, alg, publicKey, expiresAt }) => ({
    jwk: { ...JSON.parse(publicKey), kid: id, ...(alg && { alg }) },
    expiresAt: expiresAt?.getTime() ?? null,
  }))
}

/** A new person who signs in with a password. */
export type NewPerson = { userId: string; name: string; passwordHash: string }

/** Whether there is no owner yet, so that the set-up token may create one. */
export async function needsFirstOwner(d1: D1Database): Promise<boolean> {
  const query = openPrimary(d1).get<{ taken: number }>(
    sql`select exists (select 1 from ${setupLock}) or exists (select 1 from ${member}) as taken`,
  )
  return (await within('D1', readTimeoutMs, query)).taken === 0
}

/**
 * Creates the first account, which is the platform, and its owner in one transaction. The lock row decides between concurrent attempts: its
 * id must be 1, and becomes 2 (which the CHECK of the table refuses) when members exist.
 */
export async function createFirstOwner(
  d1: D1Database,
  owner: NewPerson & { email: string; accountId: string; accountName: string },
  now: number,
): Promise<'created' | 'taken'> {
  const { userId, accountId } = owner
  const lock = d1
    .prepare(
      `INSERT INTO setup_lock (id, at) SELECT CASE WHEN EXISTS (SELECT 1 FROM member) THEN 2 ELSE 1 END, ?`,
    )
    .bind(now)
  // email_verified = 1: possession of the set-up token suffices as proof of the address.
  const person = d1
    .prepare(
      `INSERT INTO user (id, name, email, email_verified, created_at, updated_at) VALUES (?1, ?2, ?3, 1, ?4, ?4)`,
    )
    .bind(userId, owner.name, owner.email, now)
  const account = d1
    .prepare(`INSERT INTO organization (id, name, slug, created_at) VALUES (?1, ?2, ?1, ?3)`)
    .bind(accountId, owner.accountName, now)
  const membership = d1
    .prepare(
      `INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, 'owner', ?)`,
    )
    .bind(crypto.randomUUID(), accountId, userId, now)
  const platform = d1.prepare(`INSERT INTO platform (id, account_id) VALUES (1, ?)`).bind(accountId)
  const statements = [lock, person, credential(d1, owner, now), account, platform, membership]
  return (await inOneBatch(d1, statements)) === null ? 'taken' : 'created'
}

/** Inserts the password of a user that the same batch inserted; no row when it did not. */
function credential(d1: D1Database, person: NewPerson, now: number): D1PreparedStatement {
  return d1
    .prepare(
      `INSERT INTO account (id, account_id, provider_id, user_id, password, created_at, updated_at)
       SELECT ?1, id, 'credential', id, ?2, ?3, ?3 FROM user WHERE id = ?4`,
    )
    .bind(crypto.randomUUID(), person.passwordHash, now, person.userId)
}

/** @returns null when a UNIQUE or CHECK constraint rolled the batch back: a concurrent request was first. */
async function inOneBatch(
  d1: D1Database,
  statements: D1PreparedStatement[],
): Promise<D1Result[] | null> {
  try {
    return await within('D1', writeTimeoutMs, d1.batch(statements))
  } catch (error) {
    if (error instanceof Error && error.message.includes('constraint failed')) return null
    throw error
  }
}
