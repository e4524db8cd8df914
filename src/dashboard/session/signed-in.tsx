// The signed-in user, the account of the page and the user's role in it, for every page that requires a session.
import { createContext, type ReactNode, useContext } from 'react'
import type { FullAccount, Member, Standing, User } from './api.ts'
import type { Role } from './roles.ts'

export type SignedIn = {
  user: User
  account: FullAccount
  role: Role
  standing: Standing
  /** Why nothing can be changed; null: it can. */
  readOnlyReason: string | null
  canChange: boolean
}

const Context = createContext<SignedIn | null>(null)

export function SignedInProvider({ value, children }: { value: SignedIn; children: ReactNode }) {
  return <Context value={value}>{children}</Context>
}

export function useSignedIn(): SignedIn {
  const signedIn = useContext(Context)
  if (signedIn === null) throw new Error('useSignedIn needs a parent RequireSession.')
  return signedIn
}

export function useMember(userId: string | null): Member | undefined {
  const { account } = useSignedIn()
  return account.members.find((member) => member.userId === userId)
}
