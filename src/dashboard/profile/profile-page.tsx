import { FactorCards } from '../factors/factor-cards.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { Page } from '../ui/page.tsx'
import { AddressCard } from './address-card.tsx'
import { CommandLineCard } from './command-line-card.tsx'
import { PasswordCard } from './password-form.tsx'
import { SessionList } from './session-list.tsx'
import { SignInMethods } from './sign-in-methods.tsx'

export default function ProfilePage() {
  const { user } = useSignedIn()
  return (
    <Page title="Profile" description={`${user.name}, ${user.email}`} isNarrow>
      <AddressCard />
      <FactorCards />
      <PasswordCard />
      <SignInMethods />
      <CommandLineCard />
      <SessionList />
    </Page>
  )
}
