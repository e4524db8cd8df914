// Deleting the account: what happens now, what in 14 days, the name to type and the password.
import { Button } from '@cloudflare/kumo/components/button'
import { Input } from '@cloudflare/kumo/components/input'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useSignedIn } from '../session/signed-in.tsx'
import { submitted } from '../ui/handle-submit.ts'
import { Modal } from '../ui/modal.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ProgressNote } from '../ui/progress-note.tsx'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import { accountFactsQuery, deleteAccount } from './api.ts'

export function DeleteAccountDialog({ onClose }: { onClose: () => void }) {
  const { account } = useSignedIn()
  const client = useQueryClient()
  const announce = useAnnounce()
  const [name, setName] = useState('')
  const task = useTask(deleteAccount)
  const confirm = async (password: string) => {
    const done = await task.run(name, password)
    if (done === null) return
    announce('Every key is stopped', done.result)
    onClose()
    await client.invalidateQueries({ queryKey: accountFactsQuery.queryKey })
  }
  return (
    <Modal
      title={`Delete ${account.name}?`}
      onClose={task.isPending ? undefined : onClose}
      buttons={
        <Buttons
          isPending={task.isPending}
          isReady={name.trim() === account.name}
          onClose={onClose}
        />
      }
    >
      <form
        id="delete-account"
        className="flex flex-col gap-4 text-base"
        onSubmit={submitted(({ text }) => confirm(text('password')))}
      >
        <Consequences />
        <NameField {...{ name, setName }} isOff={task.isPending} />
        <Input
          label="Your password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          disabled={task.isPending}
        />
        <ProgressNote isShown={task.isPending}>
          Making sure no region lets a key through any more
        </ProgressNote>
        <ProblemBanner problem={task.problem} />
      </form>
    </Modal>
  )
}

function Consequences() {
  return (
    <p>
      Every key stops at once, everywhere. For 14 days an owner can take this back, and the keys go
      again as they were. Then members, names, usage and the audit log are deleted for good.
    </p>
  )
}

type ButtonsProps = { isPending: boolean; isReady: boolean; onClose: () => void }

function Buttons({ isPending, isReady, onClose }: ButtonsProps) {
  return (
    <>
      <Button onClick={onClose} disabled={isPending}>
        Cancel
      </Button>
      <Button
        type="submit"
        form="delete-account"
        variant="destructive"
        disabled={!isReady}
        loading={isPending}
      >
        Delete the account
      </Button>
    </>
  )
}

type NameProps = { name: string; setName: (name: string) => void; isOff: boolean }

function NameField({ name, setName, isOff }: NameProps) {
  const { account } = useSignedIn()
  return (
    <Input
      label={
        <>
          Type <strong className="font-mono break-all">{account.name}</strong> to confirm
        </>
      }
      value={name}
      onChange={(event) => setName(event.currentTarget.value)}
      autoComplete="off"
      spellCheck={false}
      disabled={isOff}
      passwordManagerIgnore
    />
  )
}
