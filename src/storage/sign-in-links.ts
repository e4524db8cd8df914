// The identities of other providers by which people sign in: rows of Better Auth's `account`, whose `provider_id` is the
// issuer and whose `account_id` is the subject. No token of a provider is stored.
import { and, asc, eq, ne, type SQL, sql } from 'drizzle-orm'
import { openPrimary, runBatch } from './database.ts'
import { type Acting, noticesOf } from './factor-notice.ts'
import { passkey } from './factor-schema.ts'
import { account, accountControl, invitation, session, user } from './people-schema.ts'
import { within } from './unavailable.ts'

const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000
const maxLinks = 10

/** A person at an issuer. */
export type Subject = { issuer: string; subject: string }

// Spelled out, for the partial index of identities.
const notPassword = ne(account.providerId, sql`'credential'`)
const isSubject = ({ issuer, subject }: Subject) =>
  and(eq(account.providerId, issuer), eq(account.accountId, subject), notPassword) as SQL

/** Whose identity it is; null: nobody's. @throws StoreUnavailable */
export async function userIdOfSubject(d1: D1Database, of: Subject): Promise<string | null> {
  const query = openPrimary(d1).select({ id: account.userId }).from(account).where(isSubject(of))
  return (await within('D1', readTimeoutMs, query.get()))?.id ?? null
}

export type Newcomer = Subject & {
  userId: string
  name: string
  /** That the issuer has verified, in lower case. */
  verifiedEmails: readonly string[]
  /** From which they came: it goes before others. */
  invitationId: string | null
}

/**
 * Creates a user who is invited by one of the addresses, which no user has, with this way to sign in, in one transaction.
 * @returns the invitation; null, and changes nothing, where there is none. @throws StoreUnavailable
 */
export async function createInvited(
  d1: D1Database,
  newcomer: Newcomer,
  nowMs: number,
): Promise<string | null> {
  const invitationId = await invitationFor(d1, newcomer, nowMs)
  if (invitationId === null) return null
  const { userId, name, issuer, subject } = newcomer
  const statements = [
    sql`insert into ${user} (id, name, email, email_verified, created_at, updated_at)
      select ${userId}, ${name}, lower(${invitation.email}), 1, ${nowMs}, ${nowMs}
      from ${invitation} where ${invitation.id} = ${invitationId} and ${isOpen(nowMs)}`,
    sql`insert into ${account} (id, account_id, provider_id, user_id, created_at, updated_at)
      select ${crypto.randomUUID()}, ${subject}, ${issuer}, ${user.id}, ${nowMs}, ${nowMs}
      from ${user} where ${user.id} = ${userId}`,
    sql`select id from ${user} where ${user.id} = ${userId}`,
  ]
  try {
    const created = await within('D1', writeTimeoutMs, runBatch(d1, statements))
    return created.length > 0 ? invitationId : null
  } catch (error) {
    // A concurrent request made the user, or linked the identity.
    if (isConstraint(error)) return null
    throw error
  }
}

async function invitationFor(
  d1: D1Database,
  { verifiedEmails, invitationId }: Newcomer,
  nowMs: number,
): Promise<string | null> {
  const query = openPrimary(d1).get<{ id: string }>(
    sql`select ${invitation.id} from ${invitation}
      where ${invitation.email} in (select value from json_each(${JSON.stringify(verifiedEmails)}))
        and ${isOpen(nowMs)}
      order by ${invitation.id} = ${invitationId} desc, ${invitation.createdAt} desc, ${invitation.id} limit 1`,
  )
  return (await within('D1', readTimeoutMs, query))?.id ?? null
}

/** The invitation may be accepted, by somebody who is no user yet. */
const isOpen = (nowMs: number) => sql`${invitation.status} = 'pending'
  and ${invitation.expiresAt} > ${nowMs}
  and not exists (select 1 from ${user} as known where known.email = lower(${invitation.email}))
  and not exists (select 1 from ${accountControl}
    where ${accountControl.accountId} = ${invitation.organizationId}
      and ${accountControl.suspendedAt} is not null)`

/** Whose links change, and by which request. */
export type LinkRequest = { userId: string; email: string; hasMail: boolean; acting: Acting }

export type NewLink = Subject & {
  /** `github`, `google`, `oidc:ID`. */
  signedInWith: string
  /** Of the provider. */
  name: string
  /** In which the person began it. */
  sessionId: string
}

export type Linking =
  | 'linked'
  | 'linked_elsewhere'
  /** The session has ended, or the person has too many. */
  | 'refused'

/** Linking what is linked changes nothing. @throws StoreUnavailable */
export async function linkSubject(
  d1: D1Database,
  request: LinkRequest,
  link: NewLink,
): Promise<Linking> {
  const { issuer, subject, signedInWith, name, sessionId } = link
  const { userId } = request
  const { nowMs } = request.acting
  const id = crypto.randomUUID()
  const told = { action: 'sign_in_method_linked', signedInWith, name } as const
  const statements = [
    sql`insert into ${account} (id, account_id, provider_id, user_id, created_at, updated_at)
      select ${id}, ${subject}, ${issuer}, ${userId}, ${nowMs}, ${nowMs}
      where exists (select 1 from ${session} where id = ${sessionId} and user_id = ${userId}
          and awaits_factor = 0 and expires_at > ${nowMs})
        and (select count(*) from ${account} where user_id = ${userId}) < ${maxLinks}
        and not exists (select 1 from ${account} where ${isSubject(link)})`,
    ...notices(request, told, sql`exists (select 1 from ${account} where id = ${id})`),
    sql`select ${account.userId} as userId from ${account} where ${isSubject(link)}`,
  ]
  const [row] = await within('D1', writeTimeoutMs, runBatch<{ userId: string }>(d1, statements))
  if (row === undefined) return 'refused'
  return row.userId === userId ? 'linked' : 'linked_elsewhere'
}

export type StoredLink = { id: string; issuer: string; createdAt: Date }

/** Oldest first. @throws StoreUnavailable */
export async function listLinks(d1: D1Database, userId: string): Promise<StoredLink[]> {
  const { id, providerId: issuer, createdAt } = account
  const query = openPrimary(d1)
    .select({ id, issuer, createdAt })
    .from(account)
    .where(and(eq(account.userId, userId), notPassword))
    .orderBy(asc(account.createdAt), asc(account.id))
  return within('D1', readTimeoutMs, query.all())
}

/**
 * @param issuers of the configuration: by others nobody signs in any more
 * @returns false, and changes nothing, where no other way to sign in would be left. @throws StoreUnavailable
 */
export async function unlink(
  d1: D1Database,
  request: LinkRequest,
  link: { id: string; signedInWith: string; name: string },
  issuers: readonly string[],
): Promise<boolean> {
  const { id, signedInWith, name } = link
  const { userId } = request
  const isRemovable = sql`exists (select 1 from ${account}
      where id = ${id} and user_id = ${userId} and provider_id <> 'credential')
    and (exists (select 1 from ${account} where user_id = ${userId} and id <> ${id}
        and (password is not null
          or provider_id in (select value from json_each(${JSON.stringify(issuers)}))))
      or exists (select 1 from ${passkey} where user_id = ${userId} and verifies_user = 1))`
  const told = { action: 'sign_in_method_unlinked', signedInWith, name } as const
  const statements = [
    ...notices(request, told, isRemovable),
    sql`delete from ${account} where id = ${id} and ${isRemovable} returning id`,
  ]
  return (await within('D1', writeTimeoutMs, runBatch(d1, statements))).length > 0
}

type Told = {
  action: 'sign_in_method_linked' | 'sign_in_method_unlinked'
  signedInWith: string
  name: string
}

/** The event in each account of the person, and a message to them where there is mail. */
function notices(
  { userId, email: to, hasMail, acting }: LinkRequest,
  { action, signedInWith, name }: Told,
  where: SQL,
): SQL[] {
  const mail = hasMail ? { to, change: action, name } : null
  const detail = { method: signedInWith }
  return noticesOf(userId, [{ action: `person.${action}`, detail, mail }], acting)(where)
}

function isConstraint(error: unknown): boolean {
  for (let next = error; next instanceof Error; next = next.cause) {
    if (next.message.includes('constraint failed')) return true
  }
  return false
}
