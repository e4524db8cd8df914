// Invites a person by e-mail, in place of Better Auth's own endpoint: one batch voids pending invitations of the address, inserts
// the new one and records its Idempotency-Key, so that a race leaves one invitation and a crash none by half.
import { APIError } from 'better-auth/api'
import {
  type IdempotentRequest,
  idempotencyKeyError,
  idempotentRequest,
  readIdempotencyKey,
} from '../core/idempotency.ts'
import { isRole, type Role, strongestRole } from '../core/role.ts'
import type { Acting } from '../storage/factor-notice.ts'
import { findRequest, isExecuted } from '../storage/idempotency.ts'
import {
  extendInvitation,
  findInvitation,
  type InvitationRow,
  insertInvitation,
  isMemberByEmail,
  type NewInvitation,
  namesOf,
  pendingInvitation,
} from '../storage/invitations.ts'
import { roleOf } from '../storage/people-store.ts'
import { type Mailed, withMail } from './mail/invitation.ts'
import type { PeopleSettings } from './settings.ts'
import { refuseUnproved } from './strong-roles.ts'

const lifetimeMs = 7 * 24 * 60 * 60 * 1000

/** As `inputs.ts` validates it. */
export type InvitationBody = {
  email: string
  role: string | string[]
  organizationId?: string
  resend?: boolean
}

type Inviter = { userId: string; accountId: string; provedAt: number | null }

/** `mailed`: its link is in a message; else it is /invitations/ID, to be passed on. */
export type InvitationAnswer = Omit<InvitationRow, 'tokenDigest'>

const answerOf = ({ tokenDigest, ...shown }: NewInvitation): InvitationAnswer => ({
  ...shown,
  mailed: tokenDigest !== null,
})

/**
 * Answers POST /organization/invite-member.
 * @param accountId that the body names, else of the session
 * @throws APIError with the codes of Better Auth.
 */
export async function inviteMember(
  settings: PeopleSettings,
  { userId, accountId, provedAt }: Omit<Inviter, 'accountId'> & { accountId: unknown },
  body: InvitationBody,
  headers: Headers | undefined,
  acting: Acting,
): Promise<InvitationAnswer> {
  if (typeof accountId !== 'string') throw refused('BAD_REQUEST', 'NO_ACTIVE_ORGANIZATION')
  const inviter = { userId, accountId, provedAt }
  const request = await requestOf(inviter, body, headers)
  return answerOf(await invite(settings, inviter, body, request, acting))
}

async function requestOf(
  { userId, accountId }: Inviter,
  body: InvitationBody,
  headers: Headers | undefined,
) {
  const header = headers?.get('idempotency-key') ?? null
  if (header === null) return null
  const key = readIdempotencyKey(header)
  if (key === null) {
    const errors = [{ path: 'header.idempotency-key', message: idempotencyKeyError }]
    throw new APIError('BAD_REQUEST', {
      message: `Idempotency-Key: ${idempotencyKeyError}`,
      errors,
    })
  }
  const actor = { kind: 'person', id: userId } as const
  const route = '/api/auth/organization/invite-member'
  return idempotentRequest({ accountId, actor, method: 'post', route, ids: [], key }, body)
}

async function invite(
  settings: PeopleSettings,
  inviter: Inviter,
  input: InvitationBody,
  request: IdempotentRequest | null,
  acting: Acting,
): Promise<NewInvitation> {
  const { db } = settings
  const { nowMs } = acting
  const role = await grantedRole(db, inviter, input.role)
  const before = request && (await repeated(db, inviter, request, nowMs))
  if (before !== null) return before
  try {
    const { email, resend = false } = input
    return await inviteOnce(settings, inviter, { email, role, resend }, request, acting)
  } catch (error) {
    const isOfState = error instanceof APIError && request !== null
    if (!isExecuted(error) && !isOfState) throw error
    // The same request was first.
    const first = request && (await repeated(db, inviter, request, nowMs))
    if (first === null) throw error
    return first
  }
}

/** The role to store: one, so that SQL (audit triggers, inherited roles) need not read lists. */
async function grantedRole(
  db: D1Database,
  { userId, accountId, provedAt }: Inviter,
  given: string | string[],
): Promise<Role> {
  const own = await roleOf(db, userId, accountId)
  if (own === null) throw refused('BAD_REQUEST', 'MEMBER_NOT_FOUND')
  if (own === 'member') {
    throw refused('FORBIDDEN', 'YOU_ARE_NOT_ALLOWED_TO_INVITE_USERS_TO_THIS_ORGANIZATION')
  }
  const names = [given].flat().flatMap((list) => list.split(','))
  const wanted = names.map((name) => name.trim()).filter(Boolean)
  if (wanted.length === 0 || !wanted.every(isRole)) throw refused('BAD_REQUEST', 'ROLE_NOT_FOUND')
  if (wanted.includes('owner') && own !== 'owner') throw mayNotInvite()
  const role = strongestRole(wanted.join(',')) ?? 'member'
  refuseUnproved(provedAt, role)
  return role
}

/** The invitation of a request that was executed before, as it is now. */
async function repeated(
  db: D1Database,
  { accountId }: Inviter,
  request: IdempotentRequest,
  nowMs: number,
): Promise<InvitationRow | null> {
  const before = await findRequest(db, request, nowMs)
  if (before === null) return null
  if (before.payload !== request.payload)
    throw refused('UNPROCESSABLE_ENTITY', 'IDEMPOTENCY_KEY_REUSED')
  const found = await findInvitation(db, accountId, before.made)
  if (found === null) throw new APIError('NOT_FOUND', { message: 'Invitation not found' })
  return found
}

type Wanted = { email: string; role: Role; resend: boolean }

async function inviteOnce(
  settings: PeopleSettings,
  inviter: Inviter,
  { email, role, resend }: Wanted,
  request: IdempotentRequest | null,
  acting: Acting,
): Promise<NewInvitation> {
  const { db } = settings
  const { accountId, userId } = inviter
  const { nowMs } = acting
  if (await isMemberByEmail(db, accountId, email)) {
    throw refused('BAD_REQUEST', 'USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION')
  }
  const expiresAt = new Date(nowMs + lifetimeMs)
  const pending = resend ? await pendingInvitation(db, accountId, email, nowMs) : null
  if (pending !== null) {
    await grantedRole(db, inviter, pending.role ?? 'member')
    const { mailed: _, ...known } = pending
    const again = await mailTo(settings, inviter, { ...known, expiresAt })
    if (await extendInvitation(db, again.invitation, again.mail, request, userId, acting)) {
      return again.invitation
    }
  }
  const made = await mailTo(settings, inviter, {
    ...{ id: crypto.randomUUID(), organizationId: accountId, inviterId: userId, email, role },
    ...{ status: 'pending', expiresAt, createdAt: new Date(nowMs), tokenDigest: null },
  })
  const outcome = await insertInvitation(db, made.invitation, made.mail, request, acting)
  if (outcome === 'stored') return made.invitation
  // Their power may have ended meanwhile.
  await grantedRole(db, inviter, role)
  throw refused('FORBIDDEN', 'INVITATION_LIMIT_REACHED')
}

async function mailTo(
  settings: PeopleSettings,
  { userId, accountId }: Inviter,
  invitation: NewInvitation,
): Promise<Mailed> {
  if (!settings.hasMail) return { invitation: { ...invitation, tokenDigest: null }, mail: null }
  const names = await namesOf(settings.db, accountId, userId)
  const { id: invitation_id, role, expiresAt } = invitation
  const data = {
    ...{ ...names, invitation_id, expires_at: expiresAt.getTime() },
    role: strongestRole(role) ?? 'member',
  }
  return withMail(settings, invitation, { template: 'invitation', data })
}

function mayNotInvite(): APIError {
  return refused('FORBIDDEN', 'YOU_ARE_NOT_ALLOWED_TO_INVITE_USER_WITH_THIS_ROLE')
}

const messages = {
  NO_ACTIVE_ORGANIZATION: 'No active organization',
  MEMBER_NOT_FOUND: 'Member not found',
  ROLE_NOT_FOUND: 'Role not found',
  YOU_ARE_NOT_ALLOWED_TO_INVITE_USERS_TO_THIS_ORGANIZATION:
    'You are not allowed to invite users to this organization',
  YOU_ARE_NOT_ALLOWED_TO_INVITE_USER_WITH_THIS_ROLE:
    'You are not allowed to invite a user with this role',
  USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION: 'User is already a member of this organization',
  INVITATION_LIMIT_REACHED: 'Invitation limit reached',
  IDEMPOTENCY_KEY_REUSED: 'This Idempotency-Key was used with another payload within 24 hours.',
}

function refused(
  status: 'BAD_REQUEST' | 'FORBIDDEN' | 'UNPROCESSABLE_ENTITY',
  code: keyof typeof messages,
): APIError {
  return new APIError(status, { code, message: messages[code] })
}
