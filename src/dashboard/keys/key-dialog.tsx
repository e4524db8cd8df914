// The dialog of a key's action. Its code loads when it is first opened.
import { lazyDialog } from '../ui/lazy-dialog.tsx'
import type { Key } from './api.ts'
import type { KeyAction } from './key-actions.ts'

const KeyActionDialog = lazyDialog(() => import('./key-action-dialog.tsx'))

type Props = { action: KeyAction | null; value: Key; onClose: () => void }

export function KeyDialog({ action, ...props }: Props) {
  return action && <KeyActionDialog action={action} {...props} />
}
