// Sign-in over a page whose session has ended, for the person of the page.
import { Button } from '@cloudflare/kumo/components/button'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { hasPasskeys } from '../api/passkey.ts'
import { hearTabs, tellTabs } from '../api/tabs.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Modal } from '../ui/modal.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { reloadPage } from '../ui/reload.ts'
import { TextInput } from '../ui/text-input.tsx'
import { useTask } from '../ui/use-task.ts'
import { readSession, sessionQuery, signIn, type User } from './api.ts'
import { type FactorKind, signInByPasskey } from './factor-api.ts'
import { Proofs } from './factor-step.tsx'
import { CurrentPasswordField } from './password-field.tsx'
import { wrongPassword } from './sign-in-form.tsx'

type Props = { user: User; onClose: (isDone: boolean) => void }

const title = 'Your session has ended'

export default function SignInAgainDialog({ user, onClose }: Props) {
  const enter = useEnter(user, onClose)
  const [awaits, setAwaits] = useState<readonly FactorKind[]>([])
  const task = useTask(async (password: string) => {
    const { awaits_factor = [] } = await signIn(user.email, password)
    if (awaits_factor.length === 0) await enter()
    setAwaits(awaits_factor)
  })
  const [first, ...others] = awaits
  const close = () => onClose(false)
  if (first !== undefined) {
    return (
      <Modal
        title={title}
        onClose={close}
        buttons={<Button onClick={close}>Leave this page</Button>}
      >
        <Proofs awaits={[first, ...others]} onDone={enter} />
      </Modal>
    )
  }
  return (
    <FormDialog
      title={title}
      submit="Sign in"
      cancel="Leave this page"
      task={task}
      texts={wrongPassword}
      onSubmit={({ text }) => task.run(text('password'))}
      onClose={close}
    >
      <p>Sign in again to go on. Nothing that you have entered on this page is lost.</p>
      <TextInput label="E-mail" type="email" autoComplete="username" value={user.email} readOnly />
      <CurrentPasswordField autoFocus isDisabled={task.isPending} />
      <OtherWays onEntered={enter} />
    </FormDialog>
  )
}

/** @returns what goes on after a sign-in, also one in another tab. */
function useEnter(user: User, onClose: Props['onClose']) {
  const client = useQueryClient()
  const enter = async () => {
    const session = await readSession()
    if (session === null) return
    // Nothing of the page is of somebody else.
    if (session.user.id !== user.id) return reloadPage()
    client.setQueryData(sessionQuery.queryKey, session)
    onClose(true)
    await client.invalidateQueries()
  }
  useEffect(() => hearTabs(({ kind }) => void (kind === 'signed-in' && enter())))
  return async () => {
    await enter()
    tellTabs({ kind: 'signed-in' })
  }
}

function OtherWays({ onEntered }: { onEntered: () => Promise<void> }) {
  const task = useTask(() => signInByPasskey().then(onEntered))
  return (
    <div className="flex flex-col items-start gap-3">
      {hasPasskeys() && (
        <Button loading={task.isPending} onClick={() => task.run()}>
          Use a passkey
        </Button>
      )}
      <a
        href="/sign-in"
        target="_blank"
        rel="noreferrer"
        className="rounded text-kumo-link underline outline-none focus-visible:ring-2 focus-visible:ring-kumo-focus"
      >
        Sign in another way, in a new tab
      </a>
      <ProblemBanner problem={task.problem} />
    </div>
  )
}
