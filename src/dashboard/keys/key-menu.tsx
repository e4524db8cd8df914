import { DropdownMenu } from '@cloudflare/kumo/components/dropdown'
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
  return (
    <>
      <ActionsMenu name={value.name}>
        <DropdownMenu.Item onClick={() => navigate(`/keys/${value.id}`)}>Open</DropdownMenu.Item>
        {canChange && value.status !== 'revoked' && (
          <DropdownMenu.Item onClick={() => navigate(`/keys/${value.id}/edit`)}>
            Edit
          </DropdownMenu.Item>
        )}
        {canChange &&
          keyActions(value).map((name) => (
            <DropdownMenu.Item
              key={name}
              variant={name === 'revoke' ? 'danger' : 'default'}
              onClick={() => setAction(name)}
            >
              {actionName[name]}…
            </DropdownMenu.Item>
          ))}
      </ActionsMenu>
      <KeyDialog action={action} value={value} onClose={() => setAction(null)} />
    </>
  )
}
