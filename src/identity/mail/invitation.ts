// The mail of an invitation. Its id is known to who invites, and shown in lists: with mail, only the token of the mailed
// link joins, so that it also proves the address.
import type { MailContent } from '../../core/mail.ts'
import type { NewInvitation } from '../../storage/invitations.ts'
import type { NewMail } from '../../storage/mail-outbox.ts'
import { newOneTimeToken } from '../one-time-token.ts'
import type { PeopleSettings } from '../settings.ts'
import { mailKeys, sealToken } from './seal.ts'

/** With the token and the message of an invitation, which its batch writes. */
export type Mailed = { invitation: NewInvitation; mail: NewMail | null }

/** Without mail, the id is the secret of its link. */
export async function withMail(
  { hasMail, authSecrets }: Pick<PeopleSettings, 'hasMail' | 'authSecrets'>,
  invitation: NewInvitation,
  content: MailContent,
): Promise<Mailed> {
  if (!hasMail) return { invitation: { ...invitation, tokenDigest: null }, mail: null }
  const { token, digest } = await newOneTimeToken()
  const id = crypto.randomUUID()
  const mail = {
    ...content,
    ...{ id, to: invitation.email, accountId: invitation.organizationId },
    ...{ sealedToken: await sealToken(await mailKeys(authSecrets), token, id) },
    ...{ expiresAt: invitation.expiresAt.getTime() },
  }
  return { invitation: { ...invitation, tokenDigest: digest }, mail }
}
