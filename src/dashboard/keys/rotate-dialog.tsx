// Creates a successor with the same permissions, and with another expiry where one is chosen. Both tokens work during
// the overlap, so that the new one can be deployed.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { progressOf } from '../api/progress.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { defaultOverlap } from '../ui/overlap-select.tsx'
import { useTask } from '../ui/use-task.ts'
import { progressText } from '../ui/use-toast.ts'
import { type Key, type MintedKey, rotateKey } from './api.ts'
import { type RotationDraft, rotationOf } from './rotation-draft.ts'
import { overlapOptions, RotationFields } from './rotation-fields.tsx'
import { TokenDialog } from './token-dialog.tsx'

const start: RotationDraft = { overlap: defaultOverlap, lifetime: 'keep' }

type Props = { value: Key; onClose: () => void }

export function RotateDialog({ value, onClose }: Props) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const [draft, setDraft] = useState(start)
  const [minted, setMinted] = useState<MintedKey | null>(null)
  const task = useTask(rotateKey)
  const confirm = async () => {
    const done = await task.run(value.id, rotationOf(draft, Date.now()))
    if (done !== null) setMinted(done.result.data)
  }
  const onStored = (id: string) => {
    setMinted(null)
    onClose()
    navigate(`/keys/${id}`)
    return client.invalidateQueries()
  }
  if (minted !== null) {
    const hint = progressText(progressOf(minted)) ?? oldTokenText(draft.overlap)
    return <TokenDialog minted={minted} hint={hint} onStored={() => onStored(minted.id)} />
  }
  return (
    <FormDialog
      title={`Rotate ${value.name}?`}
      submit="Create new token"
      task={task}
      waitingFor={
        draft.overlap === '0'
          ? 'Waiting for all regions to reject the old token'
          : 'Waiting for all regions to apply the change'
      }
      onSubmit={confirm}
      onClose={onClose}
    >
      <p>
        Creates a new key with the same name, scopes and restrictions. Replace the old token with
        the new one before the old one expires.
      </p>
      <RotationFields of={value} draft={draft} isDisabled={task.isPending} onChange={setDraft} />
    </FormDialog>
  )
}

function oldTokenText(overlap: string): string {
  if (overlap === '0') return 'The old token no longer works.'
  return `The old token still works and expires ${overlapOptions[overlap]?.toLowerCase()}.`
}
