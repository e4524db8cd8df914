// Members and invitations (Better Auth), and the keys of a member.
import { queryOptions } from '@tanstack/react-query'
import { hc } from 'hono/client'
import type { createInvitationRoutes } from '#worker/management/people/invitations.ts'
import { authPost } from '../api/better-auth.ts'
import { answer, clientOptions, type DataOf, management } from '../api/client.ts'
import type { Progress } from '../api/progress.ts'
import type { Invitation } from '../session/api.ts'
import type { Role } from '../session/roles.ts'

export const invite = (email: string, role: Role) =>
  authPost<Invitation>('organization/invite-member', { email, role, resend: true })

export const cancelInvitation = (invitationId: string) =>
  authPost('organization/cancel-invitation', { invitationId })

export const changeRole = (memberId: string, role: Role) =>
  authPost('organization/update-member-role', { memberId, role })

export const removeMember = (memberIdOrEmail: string) =>
  authPost('organization/remove-member', { memberIdOrEmail })

export const leaveAccount = (organizationId: string) =>
  authPost('organization/leave', { organizationId })

/** `token`: of a mailed link. */
export const acceptInvitation = (invitationId: string, token: string | undefined) =>
  authPost<{ member: { organizationId: string } }>('organization/accept-invitation', {
    invitationId,
    token,
  })

const resetLink = management.members[':user_id']['reset-link']

export type ResetLink = DataOf<typeof resetLink.$post>

/** A new link with each call: one that was lost is not shown again. */
export async function makeResetLink(userId: string): Promise<ResetLink> {
  return (await answer(resetLink.$post({ param: { user_id: userId } }))).data
}

const invitation = hc<ReturnType<typeof createInvitationRoutes>>('/', clientOptions).api
  .invitations[':id']

/** An invitation as its recipient sees it. */
export type ReceivedInvitation = DataOf<typeof invitation.$get>

export function invitationQuery(id: string) {
  return queryOptions({
    queryKey: ['invitation', id],
    queryFn: async () => (await answer(invitation.$get({ param: { id } }))).data,
  })
}

type NewUser = { name: string; password: string; token: string | undefined }

/** Creates the user and accepts. */
export const acceptAsNewUser = (id: string, json: NewUser) =>
  answer(invitation.accept.$post({ param: { id }, json }))

const keys = management['api-keys']
type Key = DataOf<typeof keys.$get>[number]

/** Up to 500 keys are counted: an exact larger number would not help. */
const maxPages = 5

/** The working keys of a member: `own` have scopes of their own. */
export type MemberKeys = { inheriting: number; own: number; isMore: boolean }

export function memberKeysQuery(userId: string) {
  return queryOptions({
    queryKey: ['keys', 'of-member', userId],
    queryFn: () => countMemberKeys(userId),
    staleTime: 0,
  })
}

async function countMemberKeys(userId: string): Promise<MemberKeys> {
  const found: Key[] = []
  let cursor: string | null = null
  for (let page = 0; page < maxPages; page++) {
    const query = { created_by: userId, limit: '100', ...(cursor && { cursor }) }
    const list: { data: Key[]; next_cursor: string | null } = await answer(keys.$get({ query }))
    found.push(...list.data)
    cursor = list.next_cursor
    if (cursor === null) break
  }
  const working = found.filter(({ status }) => status === 'active' || status === 'disabled')
  const inheriting = working.filter(({ scopes }) => scopes === null).length
  return { inheriting, own: working.length - inheriting, isMore: cursor !== null }
}

export async function revokeMemberKeys(userId: string): Promise<Progress & { revoked: number }> {
  return (await answer(keys.revoke.$post({ json: { created_by: userId } }))).data
}
