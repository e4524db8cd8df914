// The dialog of a key's action, loaded when the first one is opened.
import { lazy, Suspense } from 'react'
import type { Key } from '../api/queries.ts'
import type { KeyAction } from './key-actions.ts'

const Loaded = lazy(() => import('./key-dialogs.tsx'))

type Props = { action: KeyAction | null; value: Key; onClose: () => void }

export function KeyDialog({ action, ...props }: Props) {
  if (action === null) return null
  return (
    <Suspense fallback={null}>
      <Loaded action={action} {...props} />
    </Suspense>
  )
}
