// What a request to Better Auth names must belong to an account of the person: of any other account it is not found.
import { APIError } from 'better-auth/api'
import { accountIdOfInvitation, accountIdOfSlug } from '../storage/account-store.ts'
import { roleOf } from '../storage/people-store.ts'

type Named = { organizationId?: unknown; organizationSlug?: unknown }

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
export async function refuseOtherInvitation(db: D1Database, userId: string, invitationId: unknown) {
  if (typeof invitationId !== 'string') return
  const accountId = await accountIdOfInvitation(db, invitationId)
  if (accountId !== null && (await roleOf(db, userId, accountId)) !== null) return
  throw new APIError('NOT_FOUND', { message: 'Invitation not found' })
}
