import { InvitationCreated } from '../ui/invitation-created.tsx'
import { exactTime } from '../ui/time.tsx'
import type { OwnerInvitation } from './api.ts'

type Props = { invitation: OwnerInvitation; onClose: () => void }

export function OwnerLinkDialog({ invitation: { email, url, expires_at }, onClose }: Props) {
  return (
    <InvitationCreated
      email={email}
      link={url}
      expiry={`expires on ${exactTime(expires_at)}${url === null ? '' : '. It is shown only now'}`}
      onClose={onClose}
    />
  )
}
