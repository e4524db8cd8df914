import { Input } from '@cloudflare/kumo/components/input'
import { Form } from '../ui/form.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { CurrentPasswordField } from './password-field.tsx'
import { WideButton } from './sign-in-layout.tsx'
import { useSessionChanges } from './use-session-changes.ts'

/** What a code means at a sign-in by password. */
export const wrongPassword = {
  invalid_token: {
    title: 'E-mail or password is wrong',
    next: 'Check both and try again, or set a new password.',
  },
}

/** `email`: the fixed address of an invitation. */
export function SignInForm({ next, email }: { next: string; email?: string }) {
  const { signIn } = useSessionChanges()
  const task = useTask(signIn)
  return (
    <Form task={task} onFields={({ text }) => task.run(text('email'), text('password'), next)}>
      <ProblemBanner problem={task.problem} texts={wrongPassword} />
      <Input
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        required
        {...(email ? { defaultValue: email, readOnly: true } : { autoFocus: true })}
      />
      <CurrentPasswordField />
      <WideButton isPending={task.isPending}>Sign in</WideButton>
    </Form>
  )
}
