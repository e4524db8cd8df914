// The dialogs of a key's actions.
import { Button } from '@cloudflare/kumo/components/button'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMember } from '../session/signed-in.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Modal } from '../ui/modal.tsx'
import { useNow } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { type Key, revokeKey, updateKey } from './api.ts'
import { type KeyAction, keyActions } from './key-actions.ts'
import { TokenHint } from './key-values.tsx'
import { RotateDialog } from './rotate-dialog.tsx'
import { statusNow } from './shown-status.ts'
import { statusName } from './status-badge.tsx'

type Props = { value: Key; onClose: () => void }

export default function KeyActionDialog({ action, ...props }: Props & { action: KeyAction }) {
  // Kept from when it was opened: after the action itself, the key is another one too.
  const [before] = useState(props.value)
  const isPossible = keyActions(props.value, useNow()).includes(action)
  const wasChanged = before.status !== props.value.status
  if (!isPossible && wasChanged) return <ChangedMeanwhile {...props} />
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

/** By somebody else, while the dialog was open. */
function ChangedMeanwhile({ value, onClose }: Props) {
  const revoker = useMember(value.revoked_by)
  const by = revoker ? ` by ${revoker.user.name}` : ''
  const status = statusName(statusNow(value, useNow())).toLowerCase()
  return (
    <Modal
      title={`${value.name} is ${status}`}
      subject={value.name}
      onClose={onClose}
      buttons={<Button onClick={onClose}>Close</Button>}
    >
      <p>{`The key was changed while this dialog was open: it is ${status}${by}.`}</p>
    </Modal>
  )
}

const untilRejected = 'Waiting for all regions to reject the key'
const untilInForce = 'Waiting for all regions to apply the change'

function RevokeDialog({ value, onClose }: Props) {
  const client = useQueryClient()
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
      subject={value.name}
      submit="Revoke key"
      expected={value.key_prefix}
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
      subject={value.name}
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
