// Shown to a signed-in user who is not a member of the session's account: removed, or not yet invited.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery } from '@tanstack/react-query'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { accountsQuery, type User } from './api.ts'
import { SignInLayout } from './sign-in-layout.tsx'
import { useSessionChanges } from './use-session-changes.ts'

export function NoAccount({ user }: { user: User }) {
  const { data: accounts = [] } = useQuery(accountsQuery)
  const { switchAccount, signOut } = useSessionChanges()
  const switching = useTask(switchAccount)
  const signingOut = useTask(signOut)
  return (
    <SignInLayout
      title="No access to this account"
      description={`You are signed in as ${user.email}, but you are not a member of this account. ${
        accounts.length > 0 ? 'Continue with another account:' : 'Ask an owner for an invitation.'
      }`}
    >
      <ProblemBanner problem={switching.problem ?? signingOut.problem} />
      {accounts.map(({ id, name }) => (
        <Button
          key={id}
          variant="primary"
          loading={switching.isPending}
          onClick={() => switching.run(id)}
        >
          {`Switch to ${name}`}
        </Button>
      ))}
      <Button loading={signingOut.isPending} onClick={() => signingOut.run()}>
        Sign out
      </Button>
    </SignInLayout>
  )
}
