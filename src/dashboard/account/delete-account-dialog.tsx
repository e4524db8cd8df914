// Starts the deletion of the account. It needs the name of the account.
import { useQueryClient } from '@tanstack/react-query'
import { standingQuery } from '../session/api.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { deleteAccount } from './api.ts'

export function DeleteAccountDialog({ onClose }: { onClose: () => void }) {
  const { account } = useSignedIn()
  const client = useQueryClient()
  const task = useTask(deleteAccount)
  const confirm = async () => {
    const done = await task.run(account.name)
    if (done === null) return
    toast('All keys have stopped working', done.result)
    onClose()
    await client.invalidateQueries({ queryKey: standingQuery.queryKey })
  }
  return (
    <ConfirmDialog
      title={`Delete ${account.name}?`}
      subject={account.name}
      submit="Delete account"
      expected={account.name}
      task={task}
      waitingFor="Waiting for all regions to reject the keys"
      onSubmit={confirm}
      onClose={onClose}
    >
      <p>
        Every key stops working immediately, everywhere. For 14 days, an owner can cancel the
        deletion, and the keys work again as before. After that, members, names, usage and the audit
        log are permanently deleted.
      </p>
    </ConfirmDialog>
  )
}
