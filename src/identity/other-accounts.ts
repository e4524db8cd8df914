// What a request to Better Auth names must belong to an account of the person: of any other account it is not found.
import { APIError, getSessionFromCtx } from 'better-auth/api'
import { accountIdOfInvitation, accountIdOfSlug } from '../storage/account-store.ts'
import { roleOf } from '../storage/people-store.ts'
import { standingOf } from '../storage/standing.ts'
import { needsSession } from './inputs.ts'
import { suspendedDetail } from './suspended.ts'

/** Endpoints that change an account, or who belongs to it. */
export const accountChanges = [
  '/organization/update',
  '/organization/invite-member',
  '/organization/cancel-invitation',
  '/organization/accept-invitation',
  '/organization/remove-member',
  '/organization/update-member-role',
  '/organization/leave',
]

/** Before a person changes an account. @throws where the account has made too many changes */
export type OnChange = (userId: string, accountId: string) => Promise<void>

type Named = { organizationId?: unknown; organizationSlug?: unknown }

/** From here on Better Auth takes the named account for that of the session, whatever the endpoint. */
export async function actInNamedAccount(
  db: D1Database,
  accountId: string | null,
  ctx: Parameters<typeof getSessionFromCtx>[0],
) {
  if (accountId === null || !needsSession(ctx.path)) return
  const found = await getSessionFromCtx(ctx)
  if (found === null) return
  await refuseOtherAccount(db, found.user.id, { organizationId: accountId })
  const session = { ...found.session, activeOrganizationId: accountId }
  ctx.context.session = { ...found, session }
}

/**
 * Before an endpoint that names an account, or changes one.
 * @param header the account that Latchkey-Account names
 * @param accountId the one in which the person acts
 */
export async function refuseAccounts(
  db: D1Database,
  request: {
    path: string
    userId: string
    header: string | null
    accountId: unknown
    input: Named & { invitationId?: unknown }
  },
  onChange: OnChange,
) {
  const { path, userId, header, accountId, input } = request
  if (path !== '/organization/set-active') refuseTwoAccounts(header, input)
  await refuseOtherAccount(db, userId, input)
  if (path === '/organization/cancel-invitation') {
    await refuseOtherInvitation(db, userId, input.invitationId)
  }
  if (!accountChanges.includes(path)) return
  const { invitationId } = input
  const changed =
    typeof invitationId === 'string' ? await accountIdOfInvitation(db, invitationId) : accountId
  if (typeof changed !== 'string') return
  await refuseSuspended(db, changed)
  // Who accepts an invitation is not of the account yet, and is counted as who guesses.
  if (path !== '/organization/accept-invitation') await onChange(userId, changed)
}

/** A request acts in one account. */
function refuseTwoAccounts(header: string | null, { organizationId, organizationSlug }: Named) {
  const path = organizationId === undefined ? 'organizationSlug' : 'organizationId'
  const given = organizationId ?? organizationSlug
  if (header === null || given === undefined || given === header) return
  const message = 'Names another account than Latchkey-Account'
  throw new APIError('BAD_REQUEST', { message: `${path}: ${message}`, errors: [{ path, message }] })
}

/** What would be changed belongs to an account whose people only read. */
async function refuseSuspended(db: D1Database, accountId: string) {
  if (!(await standingOf(db, accountId))?.isSuspended) return
  throw new APIError('FORBIDDEN', { message: suspendedDetail })
}

/** Other accounts look unknown: the 403 of Better Auth would disclose that they exist. */
export async function refuseOtherAccount(
  db: D1Database,
  userId: string,
  { organizationId, organizationSlug }: Named,
) {
  const named: (string | null)[] = []
  if (typeof organizationId === 'string') named.push(organizationId)
  if (typeof organizationSlug === 'string') named.push(await accountIdOfSlug(db, organizationSlug))
  for (const accountId of named) {
    if (accountId !== null && (await roleOf(db, userId, accountId)) !== null) continue
    throw new APIError('NOT_FOUND', { message: 'There is no such account' })
  }
}

/** So do their invitations. */
async function refuseOtherInvitation(db: D1Database, userId: string, invitationId: unknown) {
  if (typeof invitationId !== 'string') return
  const accountId = await accountIdOfInvitation(db, invitationId)
  if (accountId !== null && (await roleOf(db, userId, accountId)) !== null) return
  throw new APIError('NOT_FOUND', { message: 'Invitation not found' })
}

/** A member's wish is refused by Better Auth: a claim of theirs would name them for the change of another. */
export async function isRenaming(
  db: D1Database,
  { path, userId, accountId }: { path: string; userId: string; accountId: unknown },
): Promise<boolean> {
  if (path !== '/organization/update' || typeof accountId !== 'string') return false
  const role = await roleOf(db, userId, accountId)
  return role === 'owner' || role === 'admin'
}
