// Joining an account by an invitation. Each is one batch, whose statements check that the invitation is open: it may be
// cancelled, accepted or sent anew concurrently.
import { eq, type SQL, sql } from 'drizzle-orm'
import { type Role, strongestRole } from '../core/role.ts'
import { openPrimary, runBatch } from './database.ts'
import type { Acting } from './factor-notice.ts'
import { intendAnswer } from './member-intents.ts'
import { account, accountControl, invitation, member, organization, user } from './people-schema.ts'
import type { NewPerson } from './people-store.ts'
import { insertPersonEvent } from './person-audit.ts'
import { takeOverAddress, unprovedOf } from './proved-address.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000

export type InvitationView = {
  email: string
  accountName: string
  role: Role
  status: 'pending' | 'accepted' | 'rejected' | 'canceled' | 'expired'
  /** Of the token of its mailed link; null: its id is the secret of its link. */
  tokenDigest: string | null
  /** Who has the address. */
  user: { id: string; isProved: boolean } | null
  /** The account takes nobody in. */
  isSuspended: boolean
}

export async function invitationView(
  d1: D1Database,
  id: string,
  now: number,
): Promise<InvitationView | null> {
  const query = openPrimary(d1)
    .select({
      ...{ email: invitation.email, role: invitation.role, status: invitation.status },
      ...{ expiresAt: invitation.expiresAt, tokenDigest: invitation.tokenDigest },
      ...{ accountName: organization.name, userId: user.id, isProved: user.emailVerified },
      suspendedAt: sql<number | null>`${accountControl.suspendedAt}`,
    })
    .from(invitation)
    .innerJoin(organization, eq(organization.id, invitation.organizationId))
    .leftJoin(accountControl, eq(accountControl.accountId, organization.id))
    .leftJoin(user, eq(user.email, sql`lower(${invitation.email})`))
    .where(eq(invitation.id, id))
    .get()
  const row = await within('D1', readTimeoutMs, query)
  if (row === undefined) return null
  const { email, accountName, tokenDigest, userId, isProved } = row
  const isLate = row.status === 'pending' && row.expiresAt.getTime() <= now
  return {
    ...{ email, accountName, tokenDigest, role: strongestRole(row.role) ?? 'member' },
    status: isLate ? 'expired' : (row.status as InvitationView['status']),
    user: userId === null ? null : { id: userId, isProved: isProved === true },
    isSuspended: row.suspendedAt !== null,
  }
}

/** `digest`: of the token that was presented; null where the invitation was not mailed. */
export type Joining = { invitationId: string; digest: string | null; person: NewPerson }

const isOpen = ({ invitationId, digest }: Joining, now: number): SQL => sql`
  id = ${invitationId} and status = 'pending' and expires_at > ${now} and token_digest is ${digest}
  and not exists (select 1 from ${accountControl}
    where account_id = ${invitation.organizationId} and suspended_at is not null)`

/** Creates the person. A mailed token also proves the address. */
export async function joinAsNewUser(
  d1: D1Database,
  joining: Joining,
  acting: Acting,
): Promise<'joined' | 'refused'> {
  const { invitationId, person, digest } = joining
  const { nowMs: now } = acting
  const isMade = sql`exists (select 1 from ${user} where id = ${person.userId})`
  const open = isOpen(joining, now)
  const isProved = digest === null ? 0 : 1
  return decide(d1, [
    sql`insert into ${user} (id, name, email, email_verified, created_at, updated_at)
      select ${person.userId}, ${person.name}, lower(email), ${isProved}, ${now}, ${now}
      from ${invitation} where ${open}`,
    insertPassword(person, sql`id = ${person.userId}`, now),
    insertMember(joining, sql`1`, now),
    intendAnswer(invitationId, person.userId, acting, isMade),
    sql`update ${invitation} set status = 'accepted' where ${open} returning id`,
  ])
}

/** The holder of an address takes the place of a user who never proved it, by the token of a mailed invitation. */
export async function joinByProof(
  d1: D1Database,
  joining: Joining,
  acting: Acting,
): Promise<'joined' | 'refused'> {
  const { invitationId, person } = joining
  const { client, requestId, nowMs: now } = acting
  const userId = sql`${person.userId}`
  const memberId = crypto.randomUUID()
  const isMade = sql`exists (select 1 from ${member} where id = ${memberId})`
  const taken = sql`(select user_id from ${member} where id = ${memberId})`
  const event = { userId: taken, action: 'person.address_confirmed', client, requestId } as const
  return decide(d1, [
    insertMember(joining, sql`exists ${unprovedOf(userId)}`, now, memberId),
    insertPersonEvent({ ...event, detail: { kept: false }, nowMs: now }),
    ...takeOverAddress(taken, now),
    sql`update ${user} set name = ${person.name} where id = ${taken}`,
    insertPassword(person, sql`id = ${taken}`, now),
    intendAnswer(invitationId, person.userId, acting, isMade),
    sql`update ${invitation} set status = 'accepted' where ${isOpen(joining, now)} and ${isMade} returning id`,
  ])
}

function insertPassword({ passwordHash }: NewPerson, who: SQL, now: number): SQL {
  return sql`insert into ${account} (id, account_id, provider_id, user_id, password, created_at, updated_at)
    select ${crypto.randomUUID()}, id, 'credential', id, ${passwordHash}, ${now}, ${now}
    from ${user} where ${who}`
}

function insertMember(
  joining: Joining,
  condition: SQL,
  now: number,
  memberId: string = crypto.randomUUID(),
): SQL {
  return sql`insert into ${member} (id, organization_id, user_id, role, created_at)
    select ${memberId}, organization_id, ${joining.person.userId}, coalesce(role, 'member'), ${now}
    from ${invitation} where ${isOpen(joining, now)} and ${condition}`
}

/** The last statement returns a row where the person has joined. A constraint refuses what another request has done. */
async function decide(d1: D1Database, statements: SQL[]): Promise<'joined' | 'refused'> {
  try {
    const rows = await within('D1', writeTimeoutMs, runBatch(d1, statements))
    return rows.length > 0 ? 'joined' : 'refused'
  } catch (error) {
    if (error instanceof Error && error.message.includes('UNIQUE constraint failed'))
      return 'refused'
    throw error
  }
}
