// Asks for the strongest proof that the signed-in user has, before what a stolen session must not suffice for.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Modal } from '../ui/modal.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { CodeField, wrongCode } from './code-field.tsx'
import { factorsQuery, stepUp, stepUpByPasskey } from './factor-api.ts'
import { CurrentPasswordField } from './password-field.tsx'
import { useSessionChanges } from './use-session-changes.ts'

type Props = { onClose: (isProved: boolean) => void }

const title = 'Confirm it is you'
const reason = 'You signed in more than ten minutes ago.'

export default function StepUpDialog({ onClose }: Props) {
  const { data, error, refetch } = useQuery({ ...factorsQuery, staleTime: 0 })
  if (error) return <Unknown problem={error} onRetry={refetch} onClose={onClose} />
  switch (data?.step_up) {
    case undefined:
      return null
    case 'passkey':
      return <ByPasskey onClose={onClose} />
    case 'totp':
      return <ByCode onClose={onClose} />
    case 'password':
      return <ByPassword onClose={onClose} />
    case null:
      return <BySignIn onClose={onClose} />
  }
}

function ByPasskey({ onClose }: Props) {
  const task = useTask(stepUpByPasskey)
  const confirm = async () => {
    if ((await task.run()) !== null) onClose(true)
  }
  return (
    <FormDialog
      title={title}
      submit="Use passkey"
      task={task}
      onSubmit={confirm}
      onClose={() => onClose(false)}
    >
      <p>{reason} Use one of your passkeys to go on.</p>
    </FormDialog>
  )
}

function ByCode({ onClose }: Props) {
  const { task, isWrong, confirm } = useProof(onClose)
  return (
    <FormDialog
      title={title}
      submit="Confirm"
      task={{ isPending: task.isPending, problem: isWrong ? null : task.problem }}
      onSubmit={({ trimmed }) => confirm({ code: trimmed('code') })}
      onClose={() => onClose(false)}
    >
      <p>{reason} Enter the code that your authenticator app shows now.</p>
      <CodeField isPending={task.isPending} error={isWrong ? wrongCode : undefined} />
    </FormDialog>
  )
}

function ByPassword({ onClose }: Props) {
  const { task, isWrong, confirm } = useProof(onClose)
  return (
    <FormDialog
      title={title}
      submit="Confirm"
      task={{ isPending: task.isPending, problem: isWrong ? null : task.problem }}
      onSubmit={({ text }) => confirm({ password: text('password') })}
      onClose={() => onClose(false)}
    >
      <p>{reason} Enter your password to go on.</p>
      <CurrentPasswordField
        label="Your password"
        autoFocus
        isDisabled={task.isPending}
        error={isWrong ? 'The password is wrong.' : undefined}
      />
    </FormDialog>
  )
}

function useProof(onClose: Props['onClose']) {
  const client = useQueryClient()
  const task = useTask(stepUp)
  const confirm = async (...proof: Parameters<typeof stepUp>) => {
    if ((await task.run(...proof)) !== null) return onClose(true)
    // Something stronger may have been added meanwhile, which is then asked for.
    await client.invalidateQueries({ queryKey: factorsQuery.queryKey })
  }
  return { task, isWrong: task.problem?.code === 'forbidden', confirm }
}

/** Who has neither a password nor a factor. */
function BySignIn({ onClose }: Props) {
  const { signOut } = useSessionChanges()
  const task = useTask(signOut)
  const next = location.pathname + location.search
  return (
    <FormDialog
      title={title}
      submit="Sign in again"
      task={task}
      onSubmit={() => task.run(`/sign-in?next=${encodeURIComponent(next)}`)}
      onClose={() => onClose(false)}
    >
      <p>{reason} Sign in again to go on.</p>
    </FormDialog>
  )
}

type UnknownProps = Props & { problem: Error; onRetry: () => void }

function Unknown({ problem, onRetry, onClose }: UnknownProps) {
  return (
    <Modal
      title={title}
      onClose={() => onClose(false)}
      buttons={<Button onClick={() => onClose(false)}>Cancel</Button>}
    >
      <ProblemBanner problem={problem} onRetry={onRetry} />
    </Modal>
  )
}
