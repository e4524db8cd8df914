// The dialog of a key's action. Its code loads when it is first opened.
import { lazy, Suspense } from 'react'
import type { Key } from './api.ts'
import type { KeyAction } from './key-actions.ts'

const KeyActionDialog = lazy(() => import('./key-action-dialog.tsx'))

type Props = { action: KeyAction | null; value: Key; onClose: () => void }

export function KeyDialog({ action, ...props }: Props) {
  if (action === null) return null
  return (
    <Suspense fallback={null}>
      <KeyActionDialog action={action} {...props} />
    </Suspense>
  )
}
