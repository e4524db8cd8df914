// Better Auth's endpoints that the dashboard uses, with the shapes it relies on. An "organization" is what
// our API calls an account.
import { fetchOrProblem } from './client.ts'

export const roles = ['owner', 'admin', 'member'] as const
export type Role = (typeof roles)[number]

export type User = { id: string; name: string; email: string }
export type Session = { user: User; session: { activeOrganizationId?: string | null } }
export type Account = { id: string; name: string }
export type Member = { id: string; userId: string; role: Role; createdAt: string; user: User }
export type Invitation = {
  id: string
  email: string
  role: Role
  status: string
  expiresAt: string
}
export type FullAccount = Account & { members: Member[]; invitations: Invitation[] }

async function get<T>(path: string): Promise<T> {
  const response = await fetchOrProblem(`/api/auth/${path}`)
  return (await response.json()) as T
}

async function post<T>(path: string, body: Record<string, unknown> = {}): Promise<T> {
  const response = await fetchOrProblem(`/api/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as T
}

export const people = {
  session: () => get<Session | null>('get-session'),
  signIn: (email: string, password: string) => post('sign-in/email', { email, password }),
  signOut: () => post('sign-out'),
  changePassword: (currentPassword: string, newPassword: string) =>
    post('change-password', { currentPassword, newPassword }),

  accounts: () => get<Account[]>('organization/list'),
  account: () => get<FullAccount | null>('organization/get-full-organization?membersLimit=1000'),
  enterAccount: (organizationId: string) => post('organization/set-active', { organizationId }),

  invite: (email: string, role: Role) =>
    post<Invitation>('organization/invite-member', { email, role, resend: true }),
  cancelInvitation: (invitationId: string) =>
    post('organization/cancel-invitation', { invitationId }),
  acceptInvitation: (invitationId: string) =>
    post<{ member: { organizationId: string } }>('organization/accept-invitation', {
      invitationId,
    }),

  changeRole: (memberId: string, role: Role) =>
    post('organization/update-member-role', { memberId, role }),
  remove: (memberIdOrEmail: string) => post('organization/remove-member', { memberIdOrEmail }),
  leave: (organizationId: string) => post('organization/leave', { organizationId }),
}
