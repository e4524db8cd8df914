// Revokes or disables the selected keys.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { focusTitle } from '../ui/page.tsx'
import { useNow } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import type { Key } from './api.ts'
import { type BulkAction, type BulkResult, disableAll, keysFor, revokeAll } from './bulk-actions.ts'
import { TokenHint } from './key-values.tsx'
import type { Selection } from './use-selection.ts'

type Props = { action: BulkAction; selection: Selection; onClose: () => void }

const waitingFor = 'Waiting for all regions to reject the keys'

export function BulkDialog({ action, selection, onClose }: Props) {
  const client = useQueryClient()
  const nowMs = useNow()
  const keys = keysFor(action, [...selection.keys.values()], nowMs)
  // Kept from when it was opened: what is done leaves the selection.
  const [count] = useState(keys.length)
  const task = useTask(() =>
    action === 'revoke' ? revokeAll(keys) : disableAll(keys, (done) => selection.set(done, false)),
  )
  const confirm = async () => {
    const done = await task.run()
    await client.invalidateQueries()
    if (done === null) return
    toast(doneText(action, keys.length, done.result), done.result)
    onClose()
    selection.clear()
    focusTitle()
  }
  const props = { task, waitingFor, onSubmit: confirm, onClose }
  if (action === 'disable') {
    return (
      <FormDialog {...props} title={`Disable ${keysText(count)}?`} submit="Disable keys">
        <p>Their tokens are rejected from the next request on, until the keys are enabled again.</p>
        {keys.length < count && (
          <p>{`${count - keys.length} of ${count} were disabled. These were not:`}</p>
        )}
        <KeyList keys={keys} />
      </FormDialog>
    )
  }
  return (
    <ConfirmDialog
      {...props}
      title={`Revoke ${keysText(count)}?`}
      submit="Revoke keys"
      expected={String(count)}
    >
      <p>
        Programs that use them are rejected from the next request on. This cannot be undone: the
        keys stay in the list as a record but never work again.
      </p>
      <KeyList keys={keys} />
    </ConfirmDialog>
  )
}

const maxShown = 10

function KeyList({ keys }: { keys: readonly Key[] }) {
  const more = keys.length - maxShown
  return (
    <ul className="flex flex-col gap-1">
      {keys.slice(0, maxShown).map((key) => (
        <li key={key.id} className="flex min-w-0 flex-wrap items-baseline gap-x-2">
          <bdi className="min-w-0 font-medium break-words">{key.name}</bdi>
          <TokenHint value={key} />
        </li>
      ))}
      {more > 0 && <li className="text-kumo-subtle">and {more} more</li>}
    </ul>
  )
}

const keysText = (count: number) => (count === 1 ? '1 key' : `${count} keys`)

/** Fewer are changed where somebody else was faster. */
function doneText(action: BulkAction, wanted: number, { changed }: BulkResult): string {
  const done = `${keysText(changed)} ${action}d`
  return changed < wanted ? `${done}: the others were ${action}d before` : done
}
