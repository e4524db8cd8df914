// The invitation of an account's owner by the platform.
import type { Actor } from '../core/actor.ts'
import type { NewInvitation } from '../storage/invitations.ts'
import { type Mailed, withMail } from './mail/invitation.ts'
import type { PeopleSettings } from './settings.ts'

const lifetimeMs = 7 * 24 * 60 * 60 * 1000

type Invited = { accountId: string; account: string; email: string }

/** With the message that tells the owner, where there is mail. */
export function inviteOwnerBy(
  settings: PeopleSettings,
  actor: Actor,
  { accountId, account, email }: Invited,
  nowMs: number,
): Promise<Mailed> {
  const invitation = newInvitation(actor, accountId, email, nowMs)
  const { id: invitation_id, expiresAt } = invitation
  const data = { invitation_id, account, expires_at: expiresAt.getTime() }
  return withMail(settings, invitation, { template: 'invitation_of_owner', data })
}

/** In the name of the person, or of the person who made the key. */
function newInvitation(
  actor: Actor,
  accountId: string,
  email: string,
  nowMs: number,
): NewInvitation {
  const inviterId = actor.kind === 'person' ? actor.id : actor.createdBy
  if (inviterId === null) throw new Error('A key of the platform that nobody made.')
  return {
    ...{ id: crypto.randomUUID(), organizationId: accountId, inviterId },
    ...{ email: email.toLowerCase(), role: 'owner', status: 'pending' },
    ...{ expiresAt: new Date(nowMs + lifetimeMs), createdAt: new Date(nowMs) },
    tokenDigest: null,
  }
}
