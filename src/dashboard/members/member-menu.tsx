import { useState } from 'react'
import type { Member } from '../session/api.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { ActionsMenu } from '../ui/actions-menu.tsx'
import { RemoveMemberDialog } from './remove-member-dialog.tsx'
import { ResetLinkDialog } from './reset-link-dialog.tsx'
import { RoleDialog } from './role-dialog.tsx'

export function MemberMenu({ member }: { member: Member }) {
  const { user, role, standing } = useSignedIn()
  const [open, setOpen] = useState<'role' | 'reset' | 'remove' | null>(null)
  const isSelf = member.userId === user.id
  // Only owners can change owners.
  const canChange = role === 'owner' || (role === 'admin' && member.role !== 'owner')
  const canReset = role === 'owner' && member.role !== 'owner'
  const close = () => setOpen(null)
  if (standing.suspended_at !== null || (!canChange && !isSelf)) return null
  return (
    <>
      <ActionsMenu
        name={member.user.name}
        items={[
          canChange && { name: 'Change role…', onClick: () => setOpen('role') },
          canReset && { name: 'Make a reset link…', onClick: () => setOpen('reset') },
          {
            name: isSelf ? 'Leave account…' : 'Remove…',
            isDanger: true,
            onClick: () => setOpen('remove'),
          },
        ]}
      />
      {open === 'role' && <RoleDialog member={member} onClose={close} />}
      {open === 'reset' && <ResetLinkDialog member={member} onClose={close} />}
      {open === 'remove' && <RemoveMemberDialog member={member} isSelf={isSelf} onClose={close} />}
    </>
  )
}
