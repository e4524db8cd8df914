// Renders its children for signed-in members of the account in the address; redirects everyone else.
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { Redirect } from 'wouter'
import { pathInAccount, rememberAccount, startingAccount } from '../api/account.ts'
import { PageLoader } from '../ui/page-loader.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { accountQuery, accountsQuery, type Session, sessionQuery, standingQuery } from './api.ts'
import { NoAccount } from './no-account.tsx'
import { type SignedIn, SignedInProvider } from './signed-in.tsx'

/** For the pages of an account. */
export function RequireAccount({ id, children }: { id: string; children: ReactNode }) {
  return (
    <RequireSession>
      {(session) => (
        <Membership session={session} id={id}>
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
  if (session.data === null) {
    const next = location.pathname + location.search
    return <Redirect to={`~/sign-in?next=${encodeURIComponent(next)}`} replace />
  }
  if (session.data !== undefined) return children(session.data)
  return <Waiting queries={[session]} />
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

type MembershipProps = { session: Session; id: string; children: ReactNode }

function Membership({ session: { user }, id, children }: MembershipProps) {
  const queries = [
    useQuery(accountsQuery),
    useQuery(accountQuery),
    useQuery(standingQuery),
  ] as const
  const [accounts, account, standing] = queries
  const role = account.data?.members.find((member) => member.userId === user.id)?.role
  const isMember = role !== undefined
  useEffect(() => {
    if (isMember) rememberAccount(id)
  }, [isMember, id])
  // Of another account nothing may be shown, whatever the server answered.
  const isOfAddress = account.data?.id === id && standing.data?.id === id
  if (!account.data || !standing.data || role === undefined || !isOfAddress) {
    const isKnown = queries.every(({ data }) => data !== undefined)
    if (!isKnown) return <Waiting queries={queries} />
    const others = accounts.data?.filter((each) => each.id !== id)
    return <NoAccount user={user} accounts={others ?? []} />
  }
  const value = signedIn({ user, account: account.data, role, standing: standing.data })
  return <SignedInProvider value={value}>{children}</SignedInProvider>
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
