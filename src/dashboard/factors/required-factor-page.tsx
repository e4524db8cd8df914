// All that a member without a second factor sees of an account that requires one: they add a factor here and go on, or
// leave for another account.
import { Button, LinkButton } from '@cloudflare/kumo/components/button'
import { useQuery } from '@tanstack/react-query'
import { pathInAccount } from '../api/account.ts'
import type { Account, User } from '../session/api.ts'
import { factorsQuery, hasFactor } from '../session/factor-api.ts'
import type { EnrolmentProps } from '../session/require-session.tsx'
import { useSessionChanges } from '../session/use-session-changes.ts'
import { Logo } from '../ui/logo.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { PasskeyCard } from './passkey-card.tsx'
import { TotpCard } from './totp-card.tsx'

export default function RequiredFactorPage({ user, account, others, onEnrolled }: EnrolmentProps) {
  const { data, error, refetch } = useQuery(factorsQuery)
  const goingOn = useTask(onEnrolled)
  const isEnrolled = data !== undefined && hasFactor(data)
  return (
    <main className="min-h-dvh bg-kumo-canvas text-kumo-default">
      <Page
        isNarrow
        title={`${account.name} requires a second factor`}
        description={isEnrolled ? enrolledText : textFor(user)}
        above={
          <div className="mb-8">
            <Logo />
          </div>
        }
        actions={
          isEnrolled && (
            <Button
              variant="primary"
              loading={goingOn.isPending}
              onClick={() => goingOn.run()}
            >{`Continue to ${account.name}`}</Button>
          )
        }
      >
        <ProblemBanner problem={error} onRetry={() => refetch()} />
        {data && <PasskeyCard factors={data} />}
        {data && <TotpCard factors={data} />}
        <Elsewhere others={others} />
      </Page>
    </main>
  )
}

const textFor = ({ email }: User) =>
  `You are signed in as ${email} and have none. Add a passkey or an authenticator app: from then on, you are asked for it at every sign-in.`

const enrolledText =
  'You have one now. You can add another one, so that you can sign in when you do not have it with you.'

/** Another account, or the end of the session. */
function Elsewhere({ others }: { others: readonly Account[] }) {
  const { signOut } = useSessionChanges()
  const task = useTask(signOut)
  return (
    <div className="flex flex-col gap-3 border-t border-kumo-hairline pt-6">
      <ProblemBanner problem={task.problem} />
      <div className="flex flex-wrap gap-2">
        {others.map(({ id, name }) => (
          <LinkButton key={id} variant="secondary" href={`~${pathInAccount(id)}`}>
            {`Go to ${name}`}
          </LinkButton>
        ))}
        <Button loading={task.isPending} onClick={() => task.run()}>
          Sign out
        </Button>
      </div>
    </div>
  )
}
