// The person's own sign-in: sessions and password.
import { useSignedIn } from '../api/signed-in.tsx'
import { Page } from '../components/page.tsx'
import { PasswordForm } from '../components/password-form.tsx'
import { SessionList } from '../components/session-list.tsx'

export default function ProfilePage() {
  const { user } = useSignedIn()
  return (
    <Page title="Your sign-in" description={`${user.name}, ${user.email}`} isNarrow>
      <SessionList />
      <PasswordForm />
    </Page>
  )
}
