// The invitation of an account's owner by the platform.
import type { Actor } from '../core/actor.ts'
import type { InvitationRow } from '../storage/invitations.ts'

const lifetimeMs = 7 * 24 * 60 * 60 * 1000

/** In the name of the person, or of the person who made the key. */
export function newOwnerInvitation(
  actor: Actor,
  accountId: string,
  email: string,
  nowMs: number,
): InvitationRow {
  const inviterId = actor.kind === 'person' ? actor.id : actor.createdBy
  if (inviterId === null) throw new Error('A key of the platform that nobody made.')
  return {
    ...{ id: crypto.randomUUID(), organizationId: accountId, inviterId },
    ...{ email: email.toLowerCase(), role: 'owner', status: 'pending' },
    ...{ expiresAt: new Date(nowMs + lifetimeMs), createdAt: new Date(nowMs) },
  }
}
