// Inviting somebody. No e-mail is sent: the link is handed over by whoever invites.
import { Button } from '@cloudflare/kumo/components/button'
import { Input } from '@cloudflare/kumo/components/input'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Invitation, people, type Role } from '../api/people.ts'
import { accountQuery } from '../api/queries.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { errorOf } from '../ui/error-prop.ts'
import { submitted } from '../ui/handle-submit.ts'
import { Modal } from '../ui/modal.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { linkOf } from './invitation-link.ts'
import { RoleChoice } from './role-choice.tsx'

type Props = { onClose: () => void }

export function InviteDialog({ onClose }: Props) {
  const client = useQueryClient()
  const [made, setMade] = useState<Invitation | null>(null)
  const [role, setRole] = useState<Role>('member')
  const task = useTask(people.invite)
  const send = async (email: string) => {
    const done = await task.run(email, role)
    if (done === null) return
    setMade(done.result)
    await client.invalidateQueries({ queryKey: accountQuery.queryKey })
  }
  if (made !== null) return <HandOver invitation={made} onClose={onClose} />
  return (
    <Modal
      title="Invite somebody"
      onClose={task.isPending ? undefined : onClose}
      buttons={
        <>
          <Button onClick={onClose} disabled={task.isPending}>
            Cancel
          </Button>
          <Button type="submit" form="invite" variant="primary" loading={task.isPending}>
            Make the invitation
          </Button>
        </>
      }
    >
      <form
        id="invite"
        className="flex flex-col gap-4"
        onSubmit={submitted(({ trimmed }) => send(trimmed('email')))}
      >
        <Input
          label="E-mail"
          name="email"
          type="email"
          autoComplete="off"
          required
          passwordManagerIgnore
          {...errorOf(task.problem?.of('email'))}
        />
        <RoleChoice role={role} onChoose={setRole} />
        <ProblemBanner problem={task.problem} />
      </form>
    </Modal>
  )
}

function HandOver({ invitation, onClose }: Props & { invitation: Invitation }) {
  const link = linkOf(invitation)
  return (
    <Modal
      title={`${invitation.email} is invited`}
      description="Latchkey sends no e-mail: hand this link over yourself. It works once, for seven days."
      onClose={onClose}
      buttons={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <p className="rounded-md bg-kumo-recessed px-3 py-2.5 font-mono text-sm break-all select-all">
        {link}
      </p>
      <div>
        <CopyButton text={link} what="link" />
      </div>
    </Modal>
  )
}
