import { useState } from 'react'
import { useLocation } from 'wouter'
import { useSignedIn } from '../session/signed-in.tsx'
import { ActionsMenu } from '../ui/actions-menu.tsx'
import type { Key } from './api.ts'
import { actionName, type KeyAction, keyActions } from './key-actions.ts'
import { KeyDialog } from './key-dialog.tsx'

export function KeyMenu({ value }: { value: Key }) {
  const { canChange } = useSignedIn()
  const [, navigate] = useLocation()
  const [action, setAction] = useState<KeyAction | null>(null)
  const actions = canChange ? keyActions(value, Date.now()) : []
  return (
    <>
      <ActionsMenu
        name={value.name}
        items={[
          { name: 'Open', onClick: () => navigate(`/keys/${value.id}`) },
          canChange &&
            value.status !== 'revoked' && {
              name: 'Edit',
              onClick: () => navigate(`/keys/${value.id}/edit`),
            },
          canChange && {
            name: 'Duplicate',
            onClick: () => navigate(`/keys/new?copy_of=${value.id}`),
          },
          ...actions.map((name) => ({
            name: `${actionName[name]}…`,
            isDanger: name === 'revoke',
            onClick: () => setAction(name),
          })),
        ]}
      />
      <KeyDialog action={action} value={value} onClose={() => setAction(null)} />
    </>
  )
}
