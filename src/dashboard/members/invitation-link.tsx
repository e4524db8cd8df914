import { CopyButton } from '../ui/copy-button.tsx'

export const invitationLink = (id: string) => `${location.origin}/invitations/${id}`

export function CopyLinkButton({ id }: { id: string }) {
  return <CopyButton text={invitationLink(id)} what="link" />
}
