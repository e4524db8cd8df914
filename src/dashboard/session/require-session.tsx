// Renders its children for signed-in members of the account in the address; redirects everyone else.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ComponentType, type ReactNode, useEffect, useRef, useState } from 'react'
import { Redirect } from 'wouter'
import { pathInAccount, rememberAccount, startingAccount } from '../api/account.ts'
import { ownDrafts } from '../ui/drafts.ts'
import { usePageHeld } from '../ui/held-page.ts'
import { PageLoader } from '../ui/page-loader.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { reloadPage } from '../ui/reload.ts'
import {
  type Account,
  accountQuery,
  accountsQuery,
  type Session,
  sessionQuery,
  standingQuery,
  type User,
} from './api.ts'
import { factorsQuery, hasFactor } from './factor-api.ts'
import { NoAccount } from './no-account.tsx'
import { SignInAgain } from './sign-in-again.tsx'
import { type SignedIn, SignedInProvider } from './signed-in.tsx'

export type EnrolmentProps = {
  user: User
  /** Of the address: it requires a second factor, and the user has none. */
  account: Account
  /** The other accounts of the user. */
  others: readonly Account[]
  /** Resolves once the account is read. */
  onEnrolled: () => Promise<void>
}

type RequireAccountProps = {
  id: string
  /** The page instead of `children` while the user lacks the second factor that the account requires. */
  enrolment: ComponentType<EnrolmentProps>
  children: ReactNode
}

/** For the pages of an account. */
export function RequireAccount({ children, ...props }: RequireAccountProps) {
  return (
    <RequireSession>
      {(session) => (
        <Membership session={session} {...props}>
          {children}
        </Membership>
      )}
    </RequireSession>
  )
}

/** For paths without an account: to the same page of the account that the user used last. */
export function ToOwnAccount() {
  return <RequireSession>{(session) => <Starting session={session} />}</RequireSession>
}

function RequireSession({ children }: { children: (session: Session) => ReactNode }) {
  const session = useQuery(sessionQuery)
  const isHeld = usePageHeld()
  // The person of the page for as long as it is loaded.
  const [first, setFirst] = useState<Session | null>(null)
  if (first === null && session.data) setFirst(session.data)
  const isOther = first !== null && session.data != null && session.data.user.id !== first.user.id
  useEffect(() => {
    if (isOther) void reloadPage()
  }, [isOther])
  const shown = isHeld && (isOther || session.data === null) ? first : session.data
  if (shown === null) {
    const next = location.pathname + location.search
    return <Redirect to={`~/sign-in?next=${encodeURIComponent(next)}`} replace />
  }
  if (shown === undefined) return <Waiting queries={[session]} />
  if (isOther && !isHeld) return <PageLoader />
  return (
    <>
      {children(shown)}
      <SignInAgain user={shown.user} />
    </>
  )
}

function Starting({ session: { user, session } }: { session: Session }) {
  const accounts = useQuery(accountsQuery)
  if (accounts.data === undefined) return <Waiting queries={[accounts]} />
  const account = startingAccount(accounts.data, session.activeOrganizationId)
  if (account === undefined) return <NoAccount user={user} accounts={[]} />
  const { pathname, search } = location
  const page = pathname === '/' ? '/keys' : pathname
  return <Redirect to={pathInAccount(account.id, page) + search} replace />
}

type MembershipProps = RequireAccountProps & { session: Session }

function Membership({ session: { user }, id, enrolment: Enrolment, children }: MembershipProps) {
  const queries = [
    useQuery(accountsQuery),
    useQuery(accountQuery),
    useQuery(standingQuery),
  ] as const
  const [accounts, account, standing] = queries
  const role = account.data?.members.find((member) => member.userId === user.id)?.role
  const isMember = role !== undefined
  ownDrafts(user.id, id)
  useEffect(() => {
    if (isMember) rememberAccount(id)
  }, [isMember, id])
  const isKnown = queries.every(({ data }) => data !== undefined)
  // Of another account nothing may be shown, whatever the server answered.
  const isOfAddress = account.data?.id === id && standing.data?.id === id
  const isOpen = isMember && isOfAddress
  const enrolling = useEnrolling(id, isKnown && !isOpen)
  // What is shown only once stays, whatever has become of the person meanwhile.
  const last = useRef<SignedIn | null>(null)
  if (usePageHeld() && last.current !== null && !isOpen) {
    return <SignedInProvider value={last.current}>{children}</SignedInProvider>
  }
  const others = accounts.data?.filter((each) => each.id !== id) ?? []
  if (enrolling.account !== null) {
    const { account, onEnrolled } = enrolling
    return <Enrolment {...{ user, account, others, onEnrolled }} />
  }
  if (!account.data || !standing.data || !isOpen) {
    if (!isKnown || enrolling.isPending) return <Waiting queries={queries} />
    return <NoAccount user={user} accounts={others} />
  }
  last.current = signedIn({ user, account: account.data, role, standing: standing.data })
  return <SignedInProvider value={last.current}>{children}</SignedInProvider>
}

/**
 * `account`: requires a second factor that the user does not have. It stays until the user goes on, so that recovery codes
 * that are shown once do not disappear when the account is read meanwhile.
 */
function useEnrolling(id: string, isClosed: boolean) {
  const client = useQueryClient()
  const [account, setAccount] = useState<Account | null>(null)
  const { data, isFetching } = useQuery({ ...factorsQuery, enabled: isClosed })
  const requiring = data?.required_by.find((each) => each.id === id)
  if (isClosed && account === null && requiring && data && !hasFactor(data)) setAccount(requiring)
  return {
    account,
    isPending: isClosed && isFetching,
    async onEnrolled() {
      await Promise.all(
        [accountQuery, standingQuery].map(({ queryKey }) => client.refetchQueries({ queryKey })),
      )
      setAccount(null)
    },
  }
}

function signedIn(known: Pick<SignedIn, 'user' | 'account' | 'role' | 'standing'>): SignedIn {
  const readOnlyReason = reasonOf(known)
  return { ...known, readOnlyReason, canChange: readOnlyReason === null }
}

function reasonOf({ role, standing }: Pick<SignedIn, 'role' | 'standing'>): string | null {
  if (standing.suspended_at !== null) return 'The account is suspended: it can only be read.'
  if (role === 'member') return 'Your role is Member. Ask an admin or an owner to make changes.'
  return null
}

type Query = { data: unknown; error: Error | null; refetch: () => unknown }

/** The failure of the first query that failed, else a loading state. */
function Waiting({ queries }: { queries: readonly Query[] }) {
  const failed = queries.find(({ data, error }) => data === undefined && error !== null)
  if (!failed) return <PageLoader />
  return (
    <main className="mx-auto max-w-lg p-6">
      <h1 className="sr-only">Latchkey</h1>
      <ProblemBanner problem={failed.error} onRetry={() => failed.refetch()} />
    </main>
  )
}
