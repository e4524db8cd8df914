// Better Auth's endpoints of accounts, where an account requires a second factor that the person does not have.
import { APIError, getSessionFromCtx } from 'better-auth/api'
import { accountIdOfInvitation, accountIdOfSlug } from '../storage/account-store.ts'
import { membershipsOf } from '../storage/people-store.ts'
import { needsSession } from './inputs.ts'
import { requiredFactorDetail } from './required-factor.ts'

/** Of a person and not of an account, or of one to which they do not belong yet. */
const ofPerson = [
  '/organization/list',
  '/organization/accept-invitation',
  '/organization/reject-invitation',
]

/** @throws APIError 403 */
export async function refuseWithoutFactor(
  db: D1Database,
  ctx: Parameters<typeof getSessionFromCtx>[0],
  input: Record<string, unknown>,
): Promise<void> {
  const { path } = ctx
  const isOfAccount = path.startsWith('/organization/') && !ofPerson.includes(path)
  if ((path !== '/token' && !isOfAccount) || !needsSession(path)) return
  const session = await getSessionFromCtx(ctx)
  if (session === null) return
  const named = await namedAccounts(db, input)
  // Whoever leaves an account for another one does nothing in the first.
  const isLeft = path === '/organization/set-active'
  const accounts = isLeft ? named : [...named, session.session.activeOrganizationId]
  if (accounts.every((id) => typeof id !== 'string')) return
  const lacking = (await membershipsOf(db, session.user.id)).filter((each) => each.lacksFactor)
  if (!lacking.some(({ accountId }) => accounts.includes(accountId))) return
  throw new APIError('FORBIDDEN', { message: requiredFactorDetail })
}

async function namedAccounts(
  db: D1Database,
  { organizationId, organizationSlug, invitationId }: Record<string, unknown>,
): Promise<unknown[]> {
  return [
    organizationId,
    typeof organizationSlug === 'string' ? await accountIdOfSlug(db, organizationSlug) : null,
    typeof invitationId === 'string' ? await accountIdOfInvitation(db, invitationId) : null,
  ]
}
