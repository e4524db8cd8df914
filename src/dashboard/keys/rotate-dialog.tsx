// Creates a successor with the same permissions, and with another expiry where one is chosen. Both tokens work during
// the overlap, so that the new one can be deployed.
import { useState } from 'react'
import { useLocation } from 'wouter'
import { progressOf } from '../api/progress.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { defaultOverlap } from '../ui/overlap-select.tsx'
import { progressText } from '../ui/toasts.tsx'
import { type Key, rotateKey } from './api.ts'
import { type RotationDraft, rotationOf } from './rotation-draft.ts'
import { overlapOptions, RotationFields } from './rotation-fields.tsx'
import { useFirstTime } from './use-key-draft.ts'
import { useMinting } from './use-minting.tsx'

const start: RotationDraft = { overlap: defaultOverlap, lifetime: 'keep' }

type Props = { value: Key; onClose: () => void }

export function RotateDialog({ value, onClose }: Props) {
  const [, navigate] = useLocation()
  const [draft, setDraft] = useState(start)
  const firstTime = useFirstTime(`rotation of ${value.id}`)
  const minting = useMinting(rotateKey, {
    hintOf: (minted) => progressText(progressOf(minted)) ?? oldTokenText(draft.overlap),
    onStored(id) {
      onClose()
      navigate(`/keys/${id}`)
    },
  })
  const confirm = () => minting.run(value.id, rotationOf(draft, firstTime(draft)))
  if (minting.dialog !== null) return minting.dialog
  return (
    <FormDialog
      title={`Rotate ${value.name}?`}
      subject={value.name}
      submit="Create new token"
      task={minting}
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
      <RotationFields of={value} draft={draft} isDisabled={minting.isPending} onChange={setDraft} />
    </FormDialog>
  )
}

function oldTokenText(overlap: string): string {
  if (overlap === '0') return 'The old token no longer works.'
  return `The old token still works and expires ${overlapOptions[overlap]?.toLowerCase()}.`
}
