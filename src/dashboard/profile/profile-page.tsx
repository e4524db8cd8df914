import { FactorCards } from '../factors/factor-cards.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { Page } from '../ui/page.tsx'
import { PasswordCard } from './password-form.tsx'
import { SessionList } from './session-list.tsx'

export default function ProfilePage() {
  const { user } = useSignedIn()
  return (
    <Page title="Profile" description={`${user.name}, ${user.email}`} isNarrow>
      <FactorCards />
      <PasswordCard />
      <SessionList />
    </Page>
  )
}
