// The dialogs of what the platform does to an account.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Progress } from '../api/progress.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { TextInput } from '../ui/text-input.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import {
  type Account,
  accountsKey,
  deleteAccount,
  inviteOwner,
  type OwnerInvitation,
  resumeAccount,
  suspendAccount,
} from './api.ts'
import { EditAccountDialog } from './edit-account-dialog.tsx'
import { OwnerLinkDialog } from './owner-link-dialog.tsx'

export type AccountAction = 'edit' | 'suspend' | 'resume' | 'delete' | 'invite-owner'

type DialogProps = { value: Account; onClose: () => void }

export function AccountDialogs({
  action,
  ...props
}: DialogProps & { action: AccountAction | null }) {
  switch (action) {
    case 'edit':
      return <EditAccountDialog {...props} />
    case 'suspend':
      return <SuspendDialog {...props} />
    case 'resume':
      return <ResumeDialog {...props} />
    case 'delete':
      return <DeleteDialog {...props} />
    case 'invite-owner':
      return <InviteOwnerDialog {...props} />
    case null:
      return null
  }
}

const untilRejected = 'Waiting for all regions to reject the keys'

/** An act that takes the account alone; `done`: what a toast says of it. */
function useAct(
  act: (id: string) => Promise<Progress>,
  done: string,
  { value, onClose }: DialogProps,
) {
  const client = useQueryClient()
  const task = useTask(act)
  const confirm = async () => {
    const finished = await task.run(value.id)
    await client.invalidateQueries({ queryKey: accountsKey })
    if (finished === null) return
    toast(`${value.name} ${done}`, finished.result)
    onClose()
  }
  return { task, confirm }
}

function SuspendDialog(props: DialogProps) {
  const { value, onClose } = props
  const { task, confirm } = useAct(suspendAccount, 'suspended', props)
  return (
    <FormDialog
      title={`Suspend ${value.name}?`}
      subject={value.name}
      submit="Suspend account"
      isDestructive
      task={task}
      waitingFor={untilRejected}
      onSubmit={confirm}
      onClose={onClose}
    >
      <p>Until you resume the account:</p>
      <ul className="flex list-disc flex-col gap-1 rounded-md bg-kumo-recessed py-2.5 pr-3 pl-8">
        <li>Every key of it is rejected from the next request on, everywhere.</li>
        <li>Its people can sign in and read, but change nothing.</li>
        <li>Its webhook endpoints stay, and nothing is deleted.</li>
      </ul>
    </FormDialog>
  )
}

function ResumeDialog(props: DialogProps) {
  const { value, onClose } = props
  const { task, confirm } = useAct(resumeAccount, 'resumed', props)
  return (
    <FormDialog
      title={`Resume ${value.name}?`}
      subject={value.name}
      submit="Resume account"
      task={task}
      waitingFor="Waiting for all regions to apply the change"
      onSubmit={confirm}
      onClose={onClose}
    >
      <p>
        Its keys work again as before, and its people can make changes.
        {value.status === 'closing' && ' The deletion is cancelled.'}
      </p>
    </FormDialog>
  )
}

function DeleteDialog(props: DialogProps) {
  const { value, onClose } = props
  const { task, confirm } = useAct(deleteAccount, 'will be deleted in 14 days', props)
  return (
    <ConfirmDialog
      title={`Delete ${value.name}?`}
      subject={value.name}
      submit="Delete account"
      expected={value.name}
      task={task}
      waitingFor={untilRejected}
      onSubmit={confirm}
      onClose={onClose}
    >
      <p>
        Every key stops working immediately, everywhere, and its people can only read. For 14 days
        you can resume the account, and it works again as before. After that its members, names,
        usage and audit log are permanently deleted.
      </p>
    </ConfirmDialog>
  )
}

function InviteOwnerDialog({ value, onClose }: DialogProps) {
  const client = useQueryClient()
  const [invitation, setInvitation] = useState<OwnerInvitation | null>(null)
  const task = useTask(inviteOwner)
  const invite = async (email: string) => {
    const done = await task.run(value.id, email)
    await client.invalidateQueries({ queryKey: accountsKey })
    if (done !== null) setInvitation(done.result)
  }
  if (invitation !== null) return <OwnerLinkDialog invitation={invitation} onClose={onClose} />
  return (
    <FormDialog
      title={`Invite the owner of ${value.name}`}
      subject={value.name}
      submit="Create invitation"
      task={task}
      onSubmit={({ trimmed }) => invite(trimmed('owner_email'))}
      onClose={onClose}
    >
      <p>An earlier invitation of an owner to this account stops working.</p>
      <TextInput
        label="E-mail"
        name="owner_email"
        type="email"
        autoComplete="off"
        required
        passwordManagerIgnore
        error={task.problem?.of('owner_email')}
      />
    </FormDialog>
  )
}
