// Signed in, and in no account: removed from the one the session was in, or not yet invited.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery } from '@tanstack/react-query'
import type { User } from '../api/people.ts'
import { accountsQuery } from '../api/queries.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { DoorPage } from './sign-in-layout.tsx'
import { useSessionChanges } from './use-session-changes.ts'

export function NoAccount({ user }: { user: User }) {
  const { data: accounts = [] } = useQuery(accountsQuery)
  const { enterAccount, signOut } = useSessionChanges()
  const entering = useTask(enterAccount)
  const leaving = useTask(signOut)
  return (
    <DoorPage
      title="You are not in this account"
      description={`You are signed in as ${user.email}, and not (or no longer) a member here. ${
        accounts.length > 0 ? 'Go on in another account:' : 'Ask an owner for an invitation.'
      }`}
    >
      <ProblemBanner problem={entering.problem ?? leaving.problem} />
      {accounts.map(({ id, name }) => (
        <Button
          key={id}
          variant="primary"
          loading={entering.isPending}
          onClick={() => entering.run(id)}
        >
          {`Open ${name}`}
        </Button>
      ))}
      <Button loading={leaving.isPending} onClick={() => leaving.run()}>
        Sign out
      </Button>
    </DoorPage>
  )
}
