// A new invitation: that it was mailed, or its link, to copy.
import { Button } from '@cloudflare/kumo/components/button'
import { CopyButton } from './copy-button.tsx'
import { HeldNotice } from './held-notice.tsx'
import { Modal } from './modal.tsx'

/** `link` null: it was mailed. */
type Props = { email: string; link: string | null; expiry: string; onClose: () => void }

export function InvitationCreated({ email, link, expiry, onClose }: Props) {
  const description =
    link === null
      ? `${email} gets an e-mail with a link. It works once and ${expiry}.`
      : `Latchkey does not send e-mail. Send this link to ${email}. It works once and ${expiry}.`
  return (
    <Modal
      title={link === null ? 'Invitation sent' : 'Invitation created'}
      description={description}
      onClose={link === null ? onClose : undefined}
      buttons={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      {link !== null && <Link link={link} />}
    </Modal>
  )
}

function Link({ link }: { link: string }) {
  return (
    <>
      <HeldNotice confirmation="Done" />
      <p className="rounded-md bg-kumo-recessed px-3 py-2.5 font-mono text-sm break-all select-all">
        {link}
      </p>
      <div>
        <CopyButton text={link} what="link" />
      </div>
    </>
  )
}
