// Asks for a link by mail. What it says is the same for every address.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CodeBlock } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Form } from '../ui/form.tsx'
import { PageLoader } from '../ui/page-loader.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { TextInput } from '../ui/text-input.tsx'
import { useTask } from '../ui/use-task.ts'
import { requestReset, signInMethodsQuery } from './api.ts'
import { QuietLink, SignInLayout, WideButton } from './sign-in-layout.tsx'

const title = 'Forgot your password?'

export default function ForgotPasswordPage() {
  const { data, error, isPending, refetch } = useQuery(signInMethodsQuery)
  const [askedFor, setAskedFor] = useState<string | null>(null)
  if (isPending) return <PageLoader />
  if (askedFor !== null) return <Asked email={askedFor} onAgain={() => setAskedFor(null)} />
  if (data?.mail === false) return <WithoutMail />
  return (
    <SignInLayout title={title} description="We send you a link by which you set a new password.">
      <ProblemBanner problem={error} onRetry={() => refetch()} />
      <AskForm onAsked={setAskedFor} />
      <QuietLink path="/sign-in">Back to sign-in</QuietLink>
    </SignInLayout>
  )
}

function AskForm({ onAsked }: { onAsked: (email: string) => void }) {
  const task = useTask(requestReset)
  const ask = async (email: string) => {
    if ((await task.run(email)) !== null) onAsked(email)
  }
  return (
    <Form task={task} onFields={({ trimmed }) => ask(trimmed('email'))}>
      <TextInput
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        required
        autoFocus
        error={task.problem?.of('email')}
      />
      <ProblemBanner problem={task.problem} />
      <WideButton isPending={task.isPending}>Send the link</WideButton>
    </Form>
  )
}

function Asked({ email, onAgain }: { email: string; onAgain: () => void }) {
  return (
    <SignInLayout
      title="Check your mail"
      description={
        <>
          If somebody signs in here as <strong className="break-words">{email}</strong>, a link is
          on its way. It works once, within 30 minutes.
        </>
      }
    >
      <p className="text-base text-kumo-default">
        Nothing came? Look among the spam, and whether it is the address with which you sign in.
      </p>
      <p className="flex flex-wrap gap-x-6 gap-y-2">
        <QuietLink path="/forgot-password" onClick={onAgain}>
          Use another address
        </QuietLink>
        <QuietLink path="/sign-in">Back to sign-in</QuietLink>
      </p>
    </SignInLayout>
  )
}

const command = 'npm run person -- reset EMAIL'

function WithoutMail() {
  return (
    <SignInLayout
      title={title}
      description="This Latchkey sends no mail, so somebody makes a link by which you set a new password."
    >
      <ul className="flex list-disc flex-col gap-4 pl-5 text-base text-kumo-default">
        <li>
          <strong>An owner of your account</strong> can make a link for you: on the page Members, in
          the menu beside your name.
        </li>
        <li>
          <strong>The operator of this Latchkey</strong> can make one for everybody, also for owners
          and for people in several accounts:
        </li>
      </ul>
      <CodeBlock title="Command" buttons={<CopyButton text={command} what="command" />}>
        {command}
      </CodeBlock>
      <QuietLink path="/sign-in">Back to sign-in</QuietLink>
    </SignInLayout>
  )
}
