// The dialogs behind a key's actions, on the list and on its own page alike.
import { useQueryClient } from '@tanstack/react-query'
import type { Key } from '../api/queries.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import { revokeKey, updateKey } from './api.ts'
import type { KeyAction } from './key-actions.ts'
import { TokenHint } from './key-values.tsx'
import { RotateDialog } from './rotate-dialog.tsx'

type Props = { value: Key; onClose: () => void }

export default function KeyDialog({ action, ...props }: Props & { action: KeyAction }) {
  switch (action) {
    case 'rotate':
      return <RotateDialog {...props} />
    case 'disable':
    case 'enable':
      return <SwitchDialog {...props} isOn={action === 'enable'} />
    case 'revoke':
      return <RevokeDialog {...props} />
  }
}

const untilRefused = 'Making sure no region accepts it any more'
const untilInForce = 'Making sure every region knows'

function RevokeDialog({ value, onClose }: Props) {
  const client = useQueryClient()
  const announce = useAnnounce()
  const task = useTask(revokeKey)
  const confirm = async () => {
    const done = await task.run(value.id)
    await client.invalidateQueries()
    if (done === null) return
    announce(`${value.name} is revoked`, done.result)
    onClose()
  }
  return (
    <ConfirmDialog
      title={`Revoke ${value.name}?`}
      confirm="Revoke for good"
      typed={value.name}
      isDestructive
      isPending={task.isPending}
      waitingFor={untilRefused}
      problem={task.problem}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        Whatever uses <TokenHint value={value} /> fails with its very next request. This cannot be
        undone: a revoked key stays in the list as a record, and never works again.
      </p>
      <p className="text-kumo-subtle">Not sure? Disabling it can be taken back.</p>
    </ConfirmDialog>
  )
}

function SwitchDialog({ value, isOn, onClose }: Props & { isOn: boolean }) {
  const client = useQueryClient()
  const announce = useAnnounce()
  const task = useTask(updateKey)
  const confirm = async () => {
    const done = await task.run(value.id, { is_active: isOn })
    await client.invalidateQueries()
    if (done === null) return
    announce(`${value.name} is ${isOn ? 'enabled' : 'disabled'}`, done.result)
    onClose()
  }
  return (
    <ConfirmDialog
      title={`${isOn ? 'Enable' : 'Disable'} ${value.name}?`}
      confirm={isOn ? 'Enable' : 'Disable'}
      isPending={task.isPending}
      waitingFor={isOn ? untilInForce : untilRefused}
      problem={task.problem}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        {isOn
          ? 'Whoever holds its token can use it again, with the scopes it has.'
          : 'Whatever uses it is refused from the next request on, until somebody enables it again.'}
      </p>
    </ConfirmDialog>
  )
}
