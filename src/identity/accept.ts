// A signed-in person who accepts or rejects an invitation that was mailed: their address is proved, or the token of the
// link proves it now.
import { APIError } from 'better-auth/api'
import { digestOf } from '../core/token.ts'
import { confirmAddress } from '../storage/address.ts'
import type { Acting } from '../storage/factor-notice.ts'
import { invitationView } from '../storage/joining.ts'

type Invited = { id: string; email: string; emailVerified: boolean }

export const acceptingPaths = ['/organization/accept-invitation', '/organization/reject-invitation']

/** What else may be wrong with the invitation is left to Better Auth. @throws APIError 403, StoreUnavailable */
export async function requireProvedAddress(
  db: D1Database,
  { id, email, emailVerified }: Invited,
  { invitationId, token }: { invitationId?: unknown; token?: unknown },
  acting: Acting,
): Promise<void> {
  if (typeof invitationId !== 'string' || emailVerified) return
  const found = await invitationView(db, invitationId, acting.nowMs)
  if (found === null || found.tokenDigest === null || found.status !== 'pending') return
  if (found.email.toLowerCase() !== email.toLowerCase()) return
  if (typeof token === 'string' && (await digestOf(token)) === found.tokenDigest) {
    await confirmAddress(db, id, true, acting)
    return
  }
  throw new APIError('FORBIDDEN', {
    code: 'ADDRESS_NOT_PROVED',
    message: 'This invitation was mailed: open the link in the message, or confirm your address.',
  })
}
