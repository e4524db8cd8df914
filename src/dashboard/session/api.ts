// The session, its user and account, and the first sign-in of a deployment. Better Auth's "organization" is
// our account.
import { queryOptions } from '@tanstack/react-query'
import { hc } from 'hono/client'
import type { createSetupRoutes } from '#worker/management/people/setup.ts'
import type { createSignInMethods } from '#worker/management/people/sign-in-methods.ts'
import type { createSignInWith } from '#worker/management/people/sign-in-with/begin.ts'
import { authGet, authPost } from '../api/better-auth.ts'
import { answer, clientOptions, type DataOf, management } from '../api/client.ts'
import { askEarly } from '../api/early.ts'
import { ApiProblem } from '../api/problem.ts'
import { signInAgain } from '../api/questions.ts'
import type { FactorKind } from './factor-api.ts'
import { type Role, roles } from './roles.ts'

export type User = { id: string; name: string; email: string; emailVerified: boolean }
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

/** null: there is none. */
export const readSession = () => authGet<Session | null>('get-session')

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  async queryFn() {
    const sentAtMs = Date.now()
    const session = await readSession()
    if (session === null) askEarly(null)
    return session === null && (await signInAgain.ask(sentAtMs)) ? readSession() : session
  },
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

export const requestReset = (email: string) => authPost('request-password-reset', { email })

/** By the token of a link. */
export const resetPassword = (token: string, password: string) =>
  authPost('reset-password', { token, password })

/** Mails a link to the user's address. */
export const sendConfirmation = () => authPost('send-confirmation')

/** By the token of a link. @param isRemoved whether what was set up with the address may go */
export const confirmAddress = async (token: string, isRemoved: boolean) =>
  (
    await authPost<{ data: { email: string } }>('confirm-address', {
      token,
      ...(isRemoved && { remove_credentials: true }),
    })
  ).data

export const signOut = () => authPost('sign-out')

const { setup } = hc<ReturnType<typeof createSetupRoutes>>('/', clientOptions).api

const { auth } = hc<ReturnType<typeof createSignInMethods>>('/', clientOptions).api

/** How people can sign in here. */
export const signInMethodsQuery = queryOptions({
  queryKey: ['sign-in-methods'],
  queryFn: async () => (await answer(auth['sign-in-methods'].$get())).data,
  staleTime: Number.POSITIVE_INFINITY,
})

const begin = hc<ReturnType<typeof createSignInWith>>('/', clientOptions).api.auth['sign-in']

/** Resolves with the address of another provider, which sends the browser back to `next`. */
export const beginSignIn = async (provider: string, next: string): Promise<string> =>
  (await answer(begin.provider.$post({ json: { provider, next } }))).data.url

/** Whether the deployment has no account yet. */
export const setupNeededQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: async () => (await answer(setup.$get())).data.needed,
})

type SetupFields = Parameters<typeof setup.$post>[0]['json']

export const createFirstAccount = (json: SetupFields) => answer(setup.$post({ json }))
