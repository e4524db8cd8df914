// Sets a new password by the link of a message, of an owner, or of the operator.
import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiProblem } from '../api/problem.ts'
import { Form } from '../ui/form.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { resetPassword, signInMethodsQuery } from './api.ts'
import { NewPasswordField } from './password-field.tsx'
import { QuietLink, SignInLayout, WideButton, WideLink } from './sign-in-layout.tsx'
import { useLinkToken } from './use-link-token.ts'

export default function ResetPasswordPage() {
  const token = useLinkToken()
  // Another link starts anew.
  return <ResetPassword key={token} token={token} />
}

function ResetPassword({ token }: { token: string }) {
  const [isDone, setIsDone] = useState(false)
  const task = useTask(resetPassword)
  const reset = async (password: string) => {
    if ((await task.run(token, password)) !== null) setIsDone(true)
  }
  if (isDone) return <Done />
  if (token === '') return <NoLink title="This link is not complete" reason={incomplete} />
  if (task.problem?.of('token')) return <NoLink title="This link no longer works" reason={ended} />
  return (
    <SignInLayout
      title="Set a new password"
      description="Setting it signs you out in every browser."
    >
      <Form task={task} onFields={({ text }) => reset(text('password'))}>
        <ShownPasswordField problem={task.problem} />
        <ProblemBanner problem={task.problem} />
        <WideButton isPending={task.isPending}>Set password</WideButton>
      </Form>
    </SignInLayout>
  )
}

/** Typed once, since it can be looked at. */
function ShownPasswordField({ problem }: { problem: ApiProblem | null }) {
  const [isShown, setIsShown] = useState(false)
  return (
    <>
      <NewPasswordField label="New password" problem={problem} isShown={isShown} autoFocus />
      <Checkbox
        label="Show password"
        checked={isShown}
        onCheckedChange={(isOn) => setIsShown(isOn === true)}
      />
    </>
  )
}

function Done() {
  return (
    <SignInLayout
      title="Your password is set"
      description="All your sessions have ended. Sign in with the new password; a second factor is asked as before."
    >
      <WideLink path="/sign-in">Go to sign-in</WideLink>
    </SignInLayout>
  )
}

const incomplete = 'Open it as it stands in the message, or copy all of it, to its end.'
const ended =
  'It was used before, it is older than 30 minutes, or your password was changed meanwhile.'

function NoLink({ title, reason }: { title: string; reason: string }) {
  const { data } = useQuery(signInMethodsQuery)
  return (
    <SignInLayout title={title} description={reason}>
      <WideLink path="/forgot-password">
        {data?.mail === false ? 'How to get a new link' : 'Ask for a new link'}
      </WideLink>
      <QuietLink path="/sign-in">Back to sign-in</QuietLink>
    </SignInLayout>
  )
}
