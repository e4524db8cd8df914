// The dialogs of a key's actions.
import { useQueryClient } from '@tanstack/react-query'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { useTask } from '../ui/use-task.ts'
import { useToast } from '../ui/use-toast.ts'
import { type Key, revokeKey, updateKey } from './api.ts'
import type { KeyAction } from './key-actions.ts'
import { TokenHint } from './key-values.tsx'
import { RotateDialog } from './rotate-dialog.tsx'

type Props = { value: Key; onClose: () => void }

export default function KeyActionDialog({ action, ...props }: Props & { action: KeyAction }) {
  switch (action) {
    case 'rotate':
      return <RotateDialog {...props} />
    case 'disable':
    case 'enable':
      return <SetActiveDialog {...props} isActive={action === 'enable'} />
    case 'revoke':
      return <RevokeDialog {...props} />
  }
}

const untilRejected = 'Waiting for all regions to reject the key'
const untilInForce = 'Waiting for all regions to apply the change'

function RevokeDialog({ value, onClose }: Props) {
  const client = useQueryClient()
  const toast = useToast()
  const task = useTask(revokeKey)
  const confirm = async () => {
    const done = await task.run(value.id)
    await client.invalidateQueries()
    if (done === null) return
    toast(`${value.name} revoked`, done.result)
    onClose()
  }
  return (
    <ConfirmDialog
      title={`Revoke ${value.name}?`}
      submit="Revoke key"
      expected={value.name}
      task={task}
      waitingFor={untilRejected}
      onSubmit={confirm}
      onClose={onClose}
    >
      <p>
        Programs that use <TokenHint value={value} /> are rejected from the next request on. This
        cannot be undone: the key stays in the list as a record but never works again.
      </p>
      <p className="text-kumo-subtle">Not sure? You can disable the key and enable it again.</p>
    </ConfirmDialog>
  )
}

function SetActiveDialog({ value, isActive, onClose }: Props & { isActive: boolean }) {
  const client = useQueryClient()
  const toast = useToast()
  const task = useTask(updateKey)
  const confirm = async () => {
    const done = await task.run(value.id, { is_active: isActive })
    await client.invalidateQueries()
    if (done === null) return
    toast(`${value.name} ${isActive ? 'enabled' : 'disabled'}`, done.result)
    onClose()
  }
  return (
    <FormDialog
      title={`${isActive ? 'Enable' : 'Disable'} ${value.name}?`}
      submit={isActive ? 'Enable key' : 'Disable key'}
      task={task}
      waitingFor={isActive ? untilInForce : untilRejected}
      onSubmit={confirm}
      onClose={onClose}
    >
      <p>
        {isActive
          ? 'The token of the key works again, with the same scopes as before.'
          : 'The token of the key is rejected from the next request on, until the key is enabled again.'}
      </p>
    </FormDialog>
  )
}
