// Who is signed in, into which account and as what: handed to every page behind the gate.
import { createContext, type ReactNode, useContext } from 'react'
import type { FullAccount, Member, Role, User } from '../api/people.ts'

export type SignedIn = {
  user: User
  account: FullAccount
  role: Role
  /** Members of the role `member` see everything and change nothing. */
  canChange: boolean
}

const Context = createContext<SignedIn | null>(null)

export function SignedInProvider({ value, children }: { value: SignedIn; children: ReactNode }) {
  return <Context value={value}>{children}</Context>
}

export function useSignedIn(): SignedIn {
  const signedIn = useContext(Context)
  if (signedIn === null) throw new Error('This page is behind the sign-in gate.')
  return signedIn
}

export function useMember(userId: string | null): Member | undefined {
  const { account } = useSignedIn()
  return account.members.find((member) => member.userId === userId)
}
