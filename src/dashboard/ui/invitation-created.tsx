// The link of a new invitation, to copy. Latchkey sends no e-mail for it.
import { Button } from '@cloudflare/kumo/components/button'
import { CopyButton } from './copy-button.tsx'
import { Modal } from './modal.tsx'

type Props = { email: string; link: string; expiry: string; onClose: () => void }

export function InvitationCreated({ email, link, expiry, onClose }: Props) {
  return (
    <Modal
      title="Invitation created"
      description={`Latchkey does not send e-mail. Send this link to ${email}. It works once and ${expiry}.`}
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
