// Creates the first account of a deployment and its owner.
import { useQuery } from '@tanstack/react-query'
import { Redirect } from 'wouter'
import { Form } from '../ui/form.tsx'
import type { Fields } from '../ui/handle-submit.ts'
import { PageLoader } from '../ui/page-loader.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { TextInput } from '../ui/text-input.tsx'
import { useTask } from '../ui/use-task.ts'
import { createFirstAccount, setupNeededQuery } from './api.ts'
import { NewPasswordField } from './password-field.tsx'
import { SignInLayout, WideButton } from './sign-in-layout.tsx'
import { useSessionChanges } from './use-session-changes.ts'

export default function SetupPage() {
  const isNeeded = useQuery(setupNeededQuery)
  if (isNeeded.isPending) return <PageLoader />
  if (isNeeded.data === false) return <Redirect to="/sign-in" replace />
  return (
    <SignInLayout
      title="Set up Latchkey"
      description="Create the first account and become its owner. Everyone else joins by invitation."
    >
      <QueryProblem query={isNeeded} />
      <SetupForm />
    </SignInLayout>
  )
}

function SetupForm() {
  const { signIn } = useSessionChanges()
  const task = useTask(async ({ text, trimmed }: Fields) => {
    const fields = {
      setup_token: trimmed('setup_token'),
      account: trimmed('account'),
      name: trimmed('name'),
      email: trimmed('email'),
      password: text('password'),
    }
    await createFirstAccount(fields)
    await signIn(fields.email, fields.password, '/keys')
  })
  const field = (name: string) => ({ name, required: true, error: task.problem?.of(name) })
  return (
    <Form task={task} onFields={task.run}>
      <TextInput
        {...field('setup_token')}
        label="Set-up token"
        type="password"
        autoComplete="off"
        description="The SETUP_TOKEN secret of this deployment."
      />
      <TextInput {...field('account')} label="Account name" placeholder="Acme Inc" />
      <TextInput {...field('name')} label="Your name" autoComplete="name" />
      <TextInput {...field('email')} label="E-mail" type="email" autoComplete="username" />
      <NewPasswordField problem={task.problem} />
      <ProblemBanner problem={task.problem} />
      <WideButton isPending={task.isPending}>Create account</WideButton>
    </Form>
  )
}
