import { Input } from '@cloudflare/kumo/components/input'
import { handleSubmit } from '../ui/handle-submit.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { WideButton } from './sign-in-layout.tsx'
import { useSessionChanges } from './use-session-changes.ts'

/** `email`: the fixed address of an invitation. */
export function SignInForm({ next, email }: { next: string; email?: string }) {
  const { signIn } = useSessionChanges()
  const task = useTask(signIn)
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={handleSubmit(({ text }) => task.run(text('email'), text('password'), next))}
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
      <WideButton isPending={task.isPending}>Sign in</WideButton>
    </form>
  )
}
