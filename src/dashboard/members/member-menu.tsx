import { Button } from '@cloudflare/kumo/components/button'
import { DropdownMenu } from '@cloudflare/kumo/components/dropdown'
import { DotsThreeIcon } from '@phosphor-icons/react'
import { useState } from 'react'
import type { Member } from '../api/people.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { RemoveMemberDialog } from './remove-member-dialog.tsx'
import { RoleDialog } from './role-dialog.tsx'

export function MemberMenu({ member }: { member: Member }) {
  const { user, role } = useSignedIn()
  const [open, setOpen] = useState<'role' | 'remove' | null>(null)
  const isSelf = member.userId === user.id
  // Owners are changed by owners alone.
  const canChange = role === 'owner' || (role === 'admin' && member.role !== 'owner')
  const close = () => setOpen(null)
  if (!canChange && !isSelf) return null
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
              aria-label={`Actions for ${member.user.name}`}
            />
          }
        />
        <DropdownMenu.Content>
          {canChange && (
            <DropdownMenu.Item onClick={() => setOpen('role')}>Change role…</DropdownMenu.Item>
          )}
          <DropdownMenu.Item variant="danger" onClick={() => setOpen('remove')}>
            {isSelf ? 'Leave the account…' : 'Remove…'}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu>
      {open === 'role' && <RoleDialog member={member} onClose={close} />}
      {open === 'remove' && <RemoveMemberDialog member={member} isSelf={isSelf} onClose={close} />}
    </>
  )
}
