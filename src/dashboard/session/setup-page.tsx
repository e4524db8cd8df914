// The first account and its owner, once, by whoever deployed Latchkey.
import { Button } from '@cloudflare/kumo/components/button'
import { Input } from '@cloudflare/kumo/components/input'
import { useQuery } from '@tanstack/react-query'
import { Redirect } from 'wouter'
import { answer, setup } from '../api/client.ts'
import { errorOf } from '../ui/error-prop.ts'
import { type Fields, submitted } from '../ui/handle-submit.ts'
import { Splash } from '../ui/page-loader.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { PasswordField } from './password-field.tsx'
import { DoorPage } from './sign-in-layout.tsx'
import { useSessionChanges } from './use-session-changes.ts'

export default function SetupPage() {
  const status = useQuery({
    queryKey: ['setup'],
    queryFn: async () => (await answer(setup.$get())).data.needed,
  })
  if (status.isPending) return <Splash />
  if (status.data === false) return <Redirect to="/sign-in" replace />
  return (
    <DoorPage
      title="Set up Latchkey"
      description="Makes the first account and you as its owner. Everybody else joins by invitation."
    >
      <ProblemBanner problem={status.error} onRetry={() => status.refetch()} />
      <SetupForm />
    </DoorPage>
  )
}

function SetupForm() {
  const { signIn } = useSessionChanges()
  const task = useTask(async ({ text, trimmed }: Fields) => {
    const json = {
      setup_token: trimmed('setup_token'),
      account: trimmed('account'),
      name: trimmed('name'),
      email: trimmed('email'),
      password: text('password'),
    }
    await answer(setup.$post({ json }))
    await signIn(json.email, json.password, '/keys')
  })
  const error = (path: string) => errorOf(task.problem?.of(path))
  return (
    <form className="flex flex-col gap-4" onSubmit={submitted(task.run)}>
      <Input
        label="Set-up token"
        name="setup_token"
        type="password"
        autoComplete="off"
        description="The secret SETUP_TOKEN of this deployment."
        required
        {...error('setup_token')}
      />
      <Input label="Account" name="account" placeholder="Acme Inc" required {...error('account')} />
      <Input label="Your name" name="name" autoComplete="name" required {...error('name')} />
      <Input
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        required
        {...error('email')}
      />
      <PasswordField problem={task.problem} />
      <ProblemBanner problem={task.problem} />
      <Button
        type="submit"
        variant="primary"
        size="lg"
        className="w-full justify-center"
        loading={task.isPending}
      >
        Make the account
      </Button>
    </form>
  )
}
