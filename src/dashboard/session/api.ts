// The session, its user and account, and the first sign-in of a deployment. Better Auth's "organization" is
// our account.
import { queryOptions } from '@tanstack/react-query'
import { hc } from 'hono/client'
import type { createSetupRoutes } from '#worker/management/people/setup.ts'
import { authGet, authPost } from '../api/better-auth.ts'
import { answer, clientOptions, type DataOf, management } from '../api/client.ts'
import { ApiProblem } from '../api/problem.ts'
import type { FactorKind } from './factor-api.ts'
import { type Role, roles } from './roles.ts'

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
  /** Its link was mailed, and is not shown. */
  mailed: boolean
}
export type FullAccount = Account & { members: Member[]; invitations: Invitation[] }

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => authGet<Session | null>('get-session'),
  staleTime: 60_000,
})

export const accountsQuery = queryOptions({
  queryKey: ['accounts'],
  queryFn: () => authGet<Account[]>('organization/list'),
  staleTime: 60_000,
})

const accountPath = 'organization/get-full-organization?membersLimit=1000'

export const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: async () => {
    const account = await authGet<FullAccount | null>(accountPath).catch(nullIfForeign)
    return account && { ...account, members: account.members.toSorted(byRoleAndName) }
  },
  staleTime: 30_000,
})

export type Standing = DataOf<typeof management.account.$get>

/** What the deployment holds of the account: whether it is suspended or closing, its quotas, its counts. */
export const standingQuery = queryOptions({
  queryKey: ['standing'],
  queryFn: () =>
    answer(management.account.$get()).then((success): Standing => success.data, nullIfForeign),
  staleTime: 30_000,
})

/** The account in the address may be one of which the user is no member. */
function nullIfForeign(error: unknown): null {
  if (error instanceof ApiProblem && (error.status === 403 || error.status === 404)) return null
  throw error
}

function byRoleAndName(a: Member, b: Member): number {
  return roles.indexOf(a.role) - roles.indexOf(b.role) || a.user.name.localeCompare(b.user.name)
}

/** With `awaits_factor`, the session is none before one of these is proved. */
export const signIn = (email: string, password: string) =>
  authPost<{ awaits_factor?: FactorKind[] }>('sign-in/email', { email, password })

export type SignInMethods = {
  mail: boolean
  passkey: boolean
  providers: { id: string; name: string }[]
}

/** What the page for signing in offers. */
export const signInMethodsQuery = queryOptions({
  queryKey: ['sign-in-methods'],
  queryFn: async () => (await authGet<{ data: SignInMethods }>('sign-in-methods')).data,
  staleTime: 300_000,
})

export const requestReset = (email: string) => authPost('request-password-reset', { email })

/** By the token of a link. */
export const resetPassword = (token: string, password: string) =>
  authPost('reset-password', { token, password })

export const signOut = () => authPost('sign-out')

const { setup } = hc<ReturnType<typeof createSetupRoutes>>('/', clientOptions).api

/** Whether the deployment has no account yet. */
export const setupNeededQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: async () => (await answer(setup.$get())).data.needed,
})

type SetupFields = Parameters<typeof setup.$post>[0]['json']

export const createFirstAccount = (json: SetupFields) => answer(setup.$post({ json }))
