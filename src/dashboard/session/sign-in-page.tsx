import { useQuery } from '@tanstack/react-query'
import { Redirect, useSearchParams } from 'wouter'
import { chunk } from '../ui/chunk.ts'
import { sessionQuery, setupNeededQuery } from './api.ts'
import { type FactorKind, factorKinds } from './factor-api.ts'
import { PasskeyButton } from './passkey-button.tsx'
import { ProviderButtons } from './provider-buttons.tsx'
import { ProviderError } from './provider-error.tsx'
import { SignInForm } from './sign-in-form.tsx'
import { QuietLink, SignInLayout } from './sign-in-layout.tsx'

const FactorStep = chunk(() => import('./factor-step.tsx'))

export function SignInPage() {
  const [search] = useSearchParams()
  const next = ownPath(search.get('next'))
  const { data: session } = useQuery(sessionQuery)
  const { data: isSetupNeeded } = useQuery(setupNeededQuery)
  if (isSetupNeeded) return <Redirect to="/setup" replace />
  if (session && !search.has('error')) return <Redirect to={next} replace />
  const [first, ...others] = awaited(search.get('awaits_factor'))
  if (first) return <FactorStep awaits={[first, ...others]} next={next} />
  return (
    <SignInLayout title="Sign in" description="Manage the API keys of your account.">
      <ProviderError title="Not signed in" />
      <SignInForm next={next} />
      <QuietLink path="/forgot-password">Forgot your password?</QuietLink>
      <PasskeyButton next={next} />
      <ProviderButtons next={next} />
    </SignInLayout>
  )
}

/** The second factors of which the sign-in awaits one. */
function awaited(names: string | null): FactorKind[] {
  const named = names?.split(',') ?? []
  return factorKinds.filter((kind) => named.includes(kind))
}

/** `next` if it is a path of this origin: otherwise the sign-in page would be an open redirect. */
function ownPath(next: string | null): string {
  if (next === null) return '/keys'
  const url = URL.canParse(next, location.origin) ? new URL(next, location.origin) : null
  return url?.origin === location.origin && next.startsWith('/') && !next.startsWith('//')
    ? url.pathname + url.search
    : '/keys'
}
