// Shown to a signed-in user where the address names an account of which they are no member, or who has no account.
import { pathInAccount } from '../api/account.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import type { Account, User } from './api.ts'
import { SignInLayout, WideButton, WideLink } from './sign-in-layout.tsx'
import { useSessionChanges } from './use-session-changes.ts'

type Props = { user: User; accounts: readonly Account[] }

export function NoAccount({ user, accounts }: Props) {
  const { signOut } = useSessionChanges()
  const task = useTask(signOut)
  const [title, description] = texts(user, accounts)
  return (
    <SignInLayout title={title} description={description}>
      <ProblemBanner problem={task.problem} />
      {accounts.map(({ id, name }) => (
        <WideLink key={id} path={`~${pathInAccount(id)}`}>
          {`Go to ${name}`}
        </WideLink>
      ))}
      <WideButton variant="secondary" isPending={task.isPending} onClick={() => task.run()}>
        Sign out
      </WideButton>
    </SignInLayout>
  )
}

function texts({ email }: User, accounts: readonly Account[]): [title: string, text: string] {
  if (accounts.length === 0) {
    const text = `You are signed in as ${email}, but you are not a member of any account. Ask an owner for an invitation.`
    return ['No account', text]
  }
  const text = `You are signed in as ${email}, and no account of yours has this address. Go to one of your accounts:`
  return ['Account not found', text]
}
