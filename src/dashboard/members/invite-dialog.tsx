// Creates an invitation and shows its link. Latchkey sends no e-mail for it.
import { Button } from '@cloudflare/kumo/components/button'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { accountQuery, type Invitation } from '../session/api.ts'
import type { Role } from '../session/roles.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { Modal } from '../ui/modal.tsx'
import { TextInput } from '../ui/text-input.tsx'
import { useTask } from '../ui/use-task.ts'
import { invite } from './api.ts'
import { CopyLinkButton, invitationLink } from './invitation-link.tsx'
import { RoleChoice } from './role-choice.tsx'

type Props = { onClose: () => void }

export function InviteDialog({ onClose }: Props) {
  const client = useQueryClient()
  const [invitation, setInvitation] = useState<Invitation | null>(null)
  const [role, setRole] = useState<Role>('member')
  const task = useTask(invite)
  const send = async (email: string) => {
    const done = await task.run(email, role)
    if (done === null) return
    setInvitation(done.result)
    await client.invalidateQueries({ queryKey: accountQuery.queryKey })
  }
  if (invitation !== null) return <LinkDialog invitation={invitation} onClose={onClose} />
  return (
    <FormDialog
      title="Invite member"
      submit="Create invitation"
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
      <RoleChoice role={role} onChange={setRole} />
    </FormDialog>
  )
}

function LinkDialog({ invitation: { id, email }, onClose }: Props & { invitation: Invitation }) {
  return (
    <Modal
      title="Invitation created"
      description={`Latchkey does not send e-mail. Send this link to ${email}. It works once and expires in seven days.`}
      onClose={onClose}
      buttons={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <p className="rounded-md bg-kumo-recessed px-3 py-2.5 font-mono text-sm break-all select-all">
        {invitationLink(id)}
      </p>
      <div>
        <CopyLinkButton id={id} />
      </div>
    </Modal>
  )
}
