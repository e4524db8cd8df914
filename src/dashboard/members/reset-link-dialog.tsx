// A link by which a member sets a new password, for an owner to hand over. It is shown once.
import { Button } from '@cloudflare/kumo/components/button'
import { useState } from 'react'
import type { Member } from '../session/api.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { HeldNotice } from '../ui/held-notice.tsx'
import { Modal } from '../ui/modal.tsx'
import { exactTime } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { makeResetLink, type ResetLink } from './api.ts'

type Props = { member: Member; onClose: () => void }

export function ResetLinkDialog({ member, onClose }: Props) {
  const [link, setLink] = useState<ResetLink | null>(null)
  const task = useTask(makeResetLink)
  const { name } = member.user
  const make = async () => {
    const done = await task.run(member.userId)
    if (done !== null) setLink(done.result)
  }
  if (link !== null) return <LinkShown name={name} link={link} onClose={onClose} />
  return (
    <FormDialog
      title={`Make a reset link for ${name}?`}
      subject={name}
      submit="Make link"
      task={{ isPending: task.isPending, problem: task.problem }}
      onSubmit={make}
      onClose={onClose}
    >
      <p>
        With the link, {name} ({member.user.email}) sets a new password, which ends all their
        sessions. Make sure that it is really {name} who asks for it: whoever has the link can sign
        in as {name}.
      </p>
      {task.problem?.status === 404 && (
        <p>
          For owners, and for people who are members of other accounts too, the operator of this
          Latchkey makes a link: <code className="font-mono text-sm">{command(member)}</code>
        </p>
      )}
    </FormDialog>
  )
}

const command = ({ user }: Member) => `npm run person -- reset ${user.email}`

function LinkShown({
  name,
  link,
  onClose,
}: {
  name: string
  link: ResetLink
  onClose: () => void
}) {
  return (
    <Modal
      title={`Reset link for ${name}`}
      subject={name}
      description={`Hand this link to ${name} alone. It works once, until ${exactTime(link.expires_at)}, and is shown only now.`}
      buttons={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <HeldNotice confirmation="Done" />
      <p className="rounded-md bg-kumo-recessed px-3 py-2.5 font-mono text-sm break-all select-all">
        {link.url}
      </p>
      <div>
        <CopyButton text={link.url} what="link" />
      </div>
    </Modal>
  )
}
