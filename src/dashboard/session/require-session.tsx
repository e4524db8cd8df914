// Renders its children for signed-in members of an account, and redirects everyone else to the sign-in page.
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Redirect, useLocation, useSearch } from 'wouter'
import { PageLoader } from '../ui/page-loader.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { accountQuery, type FullAccount, sessionQuery, type User } from './api.ts'
import { NoAccount } from './no-account.tsx'
import { SignedInProvider } from './signed-in.tsx'

export function RequireSession({ children }: { children: ReactNode }) {
  const session = useQuery(sessionQuery)
  const account = useQuery({ ...accountQuery, enabled: Boolean(session.data) })
  const [path] = useLocation()
  const search = useSearch()

  if (session.data === null) {
    const next = search === '' ? path : `${path}?${search}`
    return <Redirect to={`/sign-in?next=${encodeURIComponent(next)}`} replace />
  }
  const failed = [session, account].find((query) => query.isError && query.data === undefined)
  if (failed?.error) return <Failed problem={failed.error} onRetry={() => failed.refetch()} />
  if (session.data === undefined || account.data === undefined) return <PageLoader />
  return (
    <RequireAccount user={session.data.user} account={account.data}>
      {children}
    </RequireAccount>
  )
}

type AccountProps = { user: User; account: FullAccount | null; children: ReactNode }

function RequireAccount({ user, account, children }: AccountProps) {
  const role = account?.members.find((member) => member.userId === user.id)?.role
  if (account === null || role === undefined) return <NoAccount user={user} />
  return (
    <SignedInProvider value={{ user, account, role, canChange: role !== 'member' }}>
      {children}
    </SignedInProvider>
  )
}

function Failed({ problem, onRetry }: { problem: Error; onRetry: () => void }) {
  return (
    <main className="mx-auto max-w-lg p-6">
      <h1 className="sr-only">Latchkey</h1>
      <ProblemBanner problem={problem} onRetry={onRetry} />
    </main>
  )
}
