// A key was made, and the answer with its token did not arrive. Tokens are shown once: a lost one is replaced.
import { useState } from 'react'
import { FormDialog } from '../ui/form-dialog.tsx'
import { useHoldPage } from '../ui/held-page.ts'
import { useTask } from '../ui/use-task.ts'
import { type MintedKey, rotateKey } from './api.ts'

type Props = {
  keyId: string
  onReplaced: (key: MintedKey) => void
  /** With the key whose token is not replaced now. */
  onClose: (keyId: string) => void
}

export default function LostTokenDialog({ keyId, onReplaced, onClose }: Props) {
  const [id, setId] = useState(keyId)
  const task = useTask((of: string) => rotateKey(of, { overlap_seconds: 0 }))
  useHoldPage(task.isPending)
  // This answer can be lost, too.
  const next = task.problem?.keyId ?? null
  if (next !== null && next !== id) setId(next)
  const replace = async () => {
    const done = await task.run(id)
    if (done !== null) onReplaced(done.result.data)
  }
  return (
    <FormDialog
      title="The key was made, its token was lost"
      submit="Make a new token"
      cancel="Open the key"
      task={{ isPending: task.isPending, problem: next === null ? task.problem : null }}
      waitingFor="Waiting for all regions to reject the lost token"
      onSubmit={replace}
      onClose={() => onClose(id)}
    >
      <p>
        The answer with the token did not arrive here. A token is shown only once, so it cannot be
        shown again. A new one takes its place, and the lost one stops working.
      </p>
      {next !== null && <p>The new token was lost on its way, too. Make another one.</p>}
    </FormDialog>
  )
}
