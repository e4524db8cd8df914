import { useSignedIn } from '../session/signed-in.tsx'
import { Page } from '../ui/page.tsx'
import { PasswordForm } from './password-form.tsx'
import { SessionList } from './session-list.tsx'
import { SignInMethods } from './sign-in-methods.tsx'

export default function ProfilePage() {
  const { user } = useSignedIn()
  return (
    <Page title="Profile" description={`${user.name}, ${user.email}`} isNarrow>
      <SessionList />
      <PasswordForm />
      <SignInMethods />
    </Page>
  )
}
