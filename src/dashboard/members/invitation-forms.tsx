// What accepts an invitation: a new user, or the signed-in user whom it names.
import { Input } from '@cloudflare/kumo/components/input'
import { useQueryClient } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { pathInAccount } from '../api/account.ts'
import { NewPasswordField } from '../session/password-field.tsx'
import { WideButton } from '../session/sign-in-layout.tsx'
import { useSessionChanges } from '../session/use-session-changes.ts'
import { Form } from '../ui/form.tsx'
import type { Fields } from '../ui/handle-submit.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { TextInput } from '../ui/text-input.tsx'
import { useTask } from '../ui/use-task.ts'
import { acceptAsNewUser, acceptInvitation, type ReceivedInvitation } from './api.ts'
import { tokenOf } from './invitation-token.ts'

type Props = { id: string; invitation: ReceivedInvitation }

export function NewUserForm({ id, invitation: { email, account } }: Props) {
  const { signIn } = useSessionChanges()
  const task = useTask(async ({ text, trimmed }: Fields) => {
    const password = text('password')
    await acceptAsNewUser(id, { name: trimmed('name'), password, token: tokenOf(id) })
    await signIn(email, password, '/keys')
  })
  return (
    <Form task={task} onFields={task.run}>
      <Input label="E-mail" value={email} type="email" autoComplete="username" readOnly />
      <TextInput
        label="Your name"
        name="name"
        autoComplete="name"
        maxLength={80}
        required
        error={task.problem?.of('name')}
      />
      <NewPasswordField problem={task.problem} />
      <ProblemBanner problem={task.problem} />
      <WideButton isPending={task.isPending}>{`Join ${account}`}</WideButton>
    </Form>
  )
}

export function AcceptButton({ id, invitation: { account } }: Props) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const task = useTask(async () => {
    const { member } = await acceptInvitation(id, tokenOf(id))
    await client.resetQueries()
    navigate(pathInAccount(member.organizationId))
  })
  return (
    <>
      <ProblemBanner problem={task.problem} />
      <WideButton isPending={task.isPending} onClick={() => task.run()}>
        {`Join ${account}`}
      </WideButton>
    </>
  )
}
