import { Button } from '@cloudflare/kumo/components/button'
import { DropdownMenu } from '@cloudflare/kumo/components/dropdown'
import { DotsThreeIcon } from '@phosphor-icons/react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import type { Key } from '../api/queries.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { actionName, actionsOn, type KeyAction } from './key-actions.ts'
import { KeyDialog } from './key-dialog.tsx'

export function KeyMenu({ value }: { value: Key }) {
  const { canChange } = useSignedIn()
  const [, navigate] = useLocation()
  const [action, setAction] = useState<KeyAction | null>(null)
  return (
    <>
      <DropdownMenu>
        <DropdownMenu.Trigger
          render={
            <Button
              variant="ghost"
              size="sm"
              shape="square"
              icon={<DotsThreeIcon size={20} weight="bold" />}
              aria-label={`Actions for ${value.name}`}
            />
          }
        />
        <DropdownMenu.Content>
          <DropdownMenu.Item onClick={() => navigate(`/keys/${value.id}`)}>Open</DropdownMenu.Item>
          {canChange && value.status !== 'revoked' && (
            <DropdownMenu.Item onClick={() => navigate(`/keys/${value.id}/edit`)}>
              Edit
            </DropdownMenu.Item>
          )}
          {canChange &&
            actionsOn(value).map((name) => (
              <DropdownMenu.Item
                key={name}
                variant={name === 'revoke' ? 'danger' : 'default'}
                onClick={() => setAction(name)}
              >
                {actionName[name]}…
              </DropdownMenu.Item>
            ))}
        </DropdownMenu.Content>
      </DropdownMenu>
      <KeyDialog action={action} value={value} onClose={() => setAction(null)} />
    </>
  )
}
