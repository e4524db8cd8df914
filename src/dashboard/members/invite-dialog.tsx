// Creates an invitation, and shows its link unless it was mailed.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { accountQuery, type Invitation, signInMethodsQuery } from '../session/api.ts'
import type { Role } from '../session/roles.ts'
import { useDraft } from '../ui/drafts.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { InvitationCreated } from '../ui/invitation-created.tsx'
import { TextInput } from '../ui/text-input.tsx'
import { useTask } from '../ui/use-task.ts'
import { invite } from './api.ts'
import { invitationLink } from './invitation-link.tsx'
import { RoleChoice } from './role-choice.tsx'

type Props = { onClose: () => void }

export function InviteDialog({ onClose }: Props) {
  const client = useQueryClient()
  const { data: methods } = useQuery(signInMethodsQuery)
  const [invitation, setInvitation] = useState<Invitation | null>(null)
  const role = useDraft<Role>('Invite member, role', () => 'member')
  const task = useTask(invite)
  const send = async (email: string) => {
    const done = await task.run(email, role.value)
    if (done === null) return
    setInvitation(done.result)
    await client.invalidateQueries({ queryKey: accountQuery.queryKey })
  }
  if (invitation !== null) {
    const { id, email, mailed } = invitation
    const expiry = 'expires in seven days'
    return (
      <InvitationCreated
        email={email}
        link={mailed ? null : invitationLink(id)}
        expiry={expiry}
        onClose={onClose}
      />
    )
  }
  return (
    <FormDialog
      title="Invite member"
      submit={methods?.mail ? 'Send invitation' : 'Create invitation'}
      task={task}
      onSubmit={({ trimmed }) => send(trimmed('email'))}
      onClose={onClose}
    >
      <TextInput
        label="E-mail"
        name="email"
        type="email"
        autoComplete="off"
        required
        passwordManagerIgnore
        error={task.problem?.of('email')}
      />
      <RoleChoice role={role.value} onChange={role.set} />
    </FormDialog>
  )
}
