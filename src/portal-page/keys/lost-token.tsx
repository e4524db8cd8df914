// A key was made, and the answer with its token did not arrive. Tokens are shown once: a lost one is replaced.
import { useState } from 'preact/hooks'
import { callPortal } from '../session/portal.ts'
import type { MintedKey } from '../session/types.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogButtons } from '../ui/dialog.tsx'
import { Problem } from '../ui/problem.tsx'
import { useTask } from '../ui/use-task.ts'

type Props = {
  keyId: string
  onMade: (key: MintedKey) => void
  onClose: (id: string) => void
}

export function LostToken({ keyId, onMade, onClose }: Props) {
  const [id, setId] = useState(keyId)
  const task = useTask((of: string) => {
    const options = { method: 'POST', body: { overlap_seconds: 0 }, isOnce: true } as const
    return callPortal<MintedKey>(`/keys/${of}/rotate`, options)
  })
  // This answer can be lost, too.
  const next = task.failure?.key_id ?? null
  if (next !== null && next !== id) setId(next)
  const replace = async () => {
    const made = await task.run(id)
    if (made !== null) onMade(made.data)
  }
  return (
    <Dialog
      title="The key was made, its token was lost"
      isHeld={task.isPending}
      onClose={() => onClose(id)}
    >
      <p>
        The answer with the token did not arrive here. A token is shown only once, so it cannot be
        shown again. A new one takes its place, and the lost one stops working.
      </p>
      {next !== null && <p>The new token was lost on its way, too. Make another one.</p>}
      {next === null && <Problem failure={task.failure} />}
      <DialogButtons>
        <Button onClick={() => !task.isPending && onClose(id)}>Not now</Button>
        <Button kind="primary" isPending={task.isPending} onClick={replace}>
          {task.isPending ? 'Making a new token …' : 'Make a new token'}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
