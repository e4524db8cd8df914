// Why a sign-in with another provider, or a link, ended: `?error=` of the page to which it led.
import { Banner } from '@cloudflare/kumo/components/banner'
import { WarningCircleIcon } from '@phosphor-icons/react'
import { useSearchParams } from 'wouter'
import type { SignInError } from '#worker/management/people/sign-in-with/callback.ts'

const texts: Record<SignInError, string> = {
  denied: 'The sign-in was cancelled at the provider.',
  expired: 'The sign-in took too long, or began in another browser. Try again.',
  failed:
    'The answer of the provider was not valid. Try again, or ask who operates this deployment.',
  linked_elsewhere: 'Somebody else here already signs in with this identity.',
  not_proved: 'The provider did not say that you have just signed in there. Try again.',
  signed_out:
    'Your session ended, or you have too many linked sign-in methods. Sign in and try again.',
  too_many: 'Too many requests from your network. Try again in a minute.',
  unavailable: 'The provider or the database did not answer. Try again in a minute.',
  unknown_person:
    'Nobody here signs in with this identity. If you have an account, sign in another way and link it in your profile. Otherwise ask for an invitation to an address that the provider has verified.',
}

export function ProviderError({ title }: { title: string }) {
  const [search] = useSearchParams()
  const error = search.get('error')
  if (error === null || !Object.hasOwn(texts, error)) return null
  return (
    <div role="alert">
      <Banner
        variant="error"
        icon={<WarningCircleIcon weight="fill" />}
        title={title}
        description={texts[error as SignInError]}
      />
    </div>
  )
}
