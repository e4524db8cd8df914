import { useQuery } from '@tanstack/react-query'
import { Redirect, useSearchParams } from 'wouter'
import { sessionQuery, setupNeededQuery } from './api.ts'
import { ProviderButtons } from './provider-buttons.tsx'
import { ProviderError } from './provider-error.tsx'
import { SignInForm } from './sign-in-form.tsx'
import { SignInLayout } from './sign-in-layout.tsx'

export function SignInPage() {
  const [search] = useSearchParams()
  const next = ownPath(search.get('next'))
  const { data: session } = useQuery(sessionQuery)
  const { data: isSetupNeeded } = useQuery(setupNeededQuery)
  if (isSetupNeeded) return <Redirect to="/setup" replace />
  if (session && !search.has('error')) return <Redirect to={next} replace />
  return (
    <SignInLayout title="Sign in" description="Manage the API keys of your account.">
      <ProviderError title="Not signed in" />
      <SignInForm next={next} />
      <ProviderButtons next={next} />
    </SignInLayout>
  )
}

/** `next` if it is a path of this origin: otherwise the sign-in page would be an open redirect. */
function ownPath(next: string | null): string {
  if (next === null) return '/keys'
  const url = URL.canParse(next, location.origin) ? new URL(next, location.origin) : null
  return url?.origin === location.origin && next.startsWith('/') && !next.startsWith('//')
    ? url.pathname + url.search
    : '/keys'
}
