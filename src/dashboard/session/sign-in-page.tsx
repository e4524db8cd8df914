import { Button } from '@cloudflare/kumo/components/button'
import { Input } from '@cloudflare/kumo/components/input'
import { useQuery } from '@tanstack/react-query'
import { Redirect, useSearchParams } from 'wouter'
import { answer, setup } from '../api/client.ts'
import { sessionQuery } from '../api/queries.ts'
import { submitted } from '../ui/handle-submit.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { DoorPage } from './sign-in-layout.tsx'
import { useSessionChanges } from './use-session-changes.ts'

export function SignInPage() {
  const [search] = useSearchParams()
  const next = pathWithin(search.get('next'))
  const { data: session } = useQuery(sessionQuery)
  const { data: isNew } = useQuery({
    queryKey: ['setup'],
    queryFn: async () => (await answer(setup.$get())).data.needed,
  })
  if (isNew) return <Redirect to="/setup" replace />
  if (session) return <Redirect to={next} replace />
  return (
    <DoorPage title="Sign in" description="To the API keys of your account.">
      <SignInForm next={next} />
    </DoorPage>
  )
}

/** Also on the page of an invitation, for people who have a user already. */
export function SignInForm({ next, email }: { next: string; email?: string }) {
  const { signIn } = useSessionChanges()
  const task = useTask(signIn)
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={submitted(({ text }) => task.run(text('email'), text('password'), next))}
    >
      <ProblemBanner problem={task.problem} />
      <Input
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        required
        {...(email ? { defaultValue: email, readOnly: true } : { autoFocus: true })}
      />
      <Input
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
      />
      <Button
        type="submit"
        variant="primary"
        size="lg"
        className="w-full justify-center"
        loading={task.isPending}
      >
        Sign in
      </Button>
    </form>
  )
}

/** Only a path of our own: a link to the sign-in page must not be able to lead anywhere else. */
function pathWithin(next: string | null): string {
  if (next === null) return '/keys'
  const url = URL.canParse(next, location.origin) ? new URL(next, location.origin) : null
  return url?.origin === location.origin && next.startsWith('/') && !next.startsWith('//')
    ? url.pathname + url.search
    : '/keys'
}
