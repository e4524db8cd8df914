// Before an endpoint of Better Auth runs: its input is read, guesses are counted, and what it names must be the person's.
import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api'
import type { Role } from '../core/role.ts'
import type { Acting } from '../storage/factor-notice.ts'
import { type MemberIntents, memberIdOf } from '../storage/member-intents.ts'
import { acceptingPaths, requireProvedAddress } from './accept.ts'
import { refuseWithoutFactor } from './account-factor.ts'
import { answerPasswordChange, type PasswordBody } from './change-password.ts'
import { type Guesses, isLimited } from './guesses.ts'
import { type AuthInput, needsSession, readAuthInput } from './inputs.ts'
import { type InvitationBody, inviteMember } from './invite.ts'
import {
  accountChanges,
  actInNamedAccount,
  isRenaming,
  type OnChange,
  refuseAccounts,
} from './other-accounts.ts'
import { serverOnly } from './session-endpoints.ts'
import { provedAtOf } from './session-fields.ts'
import type { PeopleSettings } from './settings.ts'
import { refuseUnproved, refuseUnprovedFactor } from './strong-roles.ts'

export type Client = {
  /** Where the request came from, shown with a session that it starts. */
  place: string | null
  /** The known browser of the e-mail address that signs in. */
  device: string | null
  /** The account that the request names, in place of that of the session. */
  accountId: string | null
  /** The request, as events tell it. */
  acting: Acting
  /** Before a person changes an account or its members. @throws where it has made too many changes. */
  onChange: OnChange
}

type OfRequest = { intents: MemberIntents; guesses: Guesses; client: Client; now: () => number }

/**
 * The input of an endpoint, valid. Authentication precedes it.
 * @throws APIError 400 with `errors`, 401 without a session where one is needed.
 */
async function validInput(
  path: string,
  given: { body?: unknown; query?: unknown },
  session: () => Promise<unknown>,
): Promise<AuthInput> {
  const reading = readAuthInput(path, given)
  if ('input' in reading) return reading.input
  if (needsSession(path) && (await session()) === null) throw new APIError('UNAUTHORIZED')
  const { errors } = reading
  const message = errors.map(({ path, message }) => `${path}: ${message}`).join('; ')
  throw new APIError('BAD_REQUEST', { message, errors })
}

const memberPaths = [
  '/organization/update-member-role',
  '/organization/remove-member',
  '/organization/leave',
]

/** Better Auth refuses an absent body before it asks who sends it, also where every field is optional. */
function edited({ method }: { method: string }, { body, query }: AuthInput) {
  return { context: { body: method === 'POST' ? (body ?? {}) : body, query } }
}

/** Claims a member before Better Auth changes it. Its hooks get the member without the actor, which is kept here. */
export function memberChanges(
  settings: PeopleSettings,
  { intents, guesses, client, now }: OfRequest,
) {
  const { db } = settings
  let actorId: string | null = null
  let provedAt: number | null = null
  const claim = async (memberId: string, role: Role = 'member') => {
    refuseUnproved(provedAt, role)
    if (actorId !== null && (await intents.claim(memberId, actorId))) return
    throw new APIError('CONFLICT', { message: 'Another request is changing this. Try again.' })
  }
  const before = createAuthMiddleware(async (ctx) => {
    if (ctx.path === serverOnly) return
    const read = await validInput(ctx.path, ctx, () => getSessionFromCtx(ctx))
    await actInNamedAccount(db, client.accountId, ctx)
    const context = edited(ctx, read)
    const input: Record<string, unknown> = { ...read.query, ...read.body }
    await refuseWithoutFactor(db, ctx, input)
    const isOfAccount = input.organizationId !== undefined || input.organizationSlug !== undefined
    if (!accountChanges.includes(ctx.path) && !isOfAccount && !isLimited(ctx.path)) return context
    const session = needsSession(ctx.path) ? await getSessionFromCtx(ctx) : null
    actorId = session?.user.id ?? null
    provedAt = session && provedAtOf(session.session)
    if (actorId !== null && ctx.path === '/change-password')
      await refuseUnprovedFactor(db, actorId, provedAt)
    const by = { userId: actorId, device: client.device }
    await guesses.count(ctx.path, { headers: ctx.headers, body: read.body, ...by })
    if (session === null || actorId === null) return context
    if (ctx.path === '/change-password')
      return answerPasswordChange(settings, ctx, session, read.body as PasswordBody, client.acting)
    const accountId: unknown = input.organizationId || session.session.activeOrganizationId
    const { path } = ctx
    const request = { path, userId: actorId, header: client.accountId, accountId, input }
    await refuseAccounts(db, request, client.onChange)
    if (await isRenaming(db, request)) await claim(String(accountId))
    const acting = { ...client.acting, nowMs: now() }
    const inviter = { userId: actorId, accountId, provedAt }
    if (path === '/organization/invite-member')
      return inviteMember(settings, inviter, read.body as InvitationBody, ctx.headers, acting)
    await endInvitation({ db, intents, acting }, path, session.user, input)
    const memberId = await changedMember(db, actorId, accountId, path, input)
    // Better Auth 1.7 has no hook for leaving.
    if (memberId !== null && path === '/organization/leave') await claim(memberId)
    return context
  })
  return { before, claim }
}

/** Says who cancels, accepts or rejects an invitation, before Better Auth does. @throws APIError 403 */
async function endInvitation(
  { db, intents, acting }: { db: D1Database; intents: MemberIntents; acting: Acting },
  path: string,
  user: { id: string; email: string; emailVerified: boolean },
  input: Record<string, unknown>,
): Promise<void> {
  // One that is not pending is left to Better Auth to refuse.
  if (path === '/organization/cancel-invitation')
    await intents.claim(String(input.invitationId), user.id)
  if (!acceptingPaths.includes(path)) return
  await requireProvedAddress(db, user, input, acting)
  await intents.answer(String(input.invitationId), user.id)
}

/** The member whom a request would change; null: none, or Better Auth refuses it. @throws APIError 404 */
async function changedMember(
  db: D1Database,
  actorId: string,
  accountId: unknown,
  path: string,
  input: Record<string, unknown>,
): Promise<string | null> {
  if (!memberPaths.includes(path)) return null
  const isLeaving = path === '/organization/leave'
  const target: unknown = isLeaving ? actorId : (input.memberId ?? input.memberIdOrEmail)
  if (typeof accountId !== 'string' || typeof target !== 'string' || target.includes('@'))
    return null
  const memberId = await memberIdOf(db, accountId, target)
  if (memberId === null) throw new APIError('NOT_FOUND', { message: 'Member not found' })
  return memberId
}
