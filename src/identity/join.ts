// Joining an account by the link of an invitation, without a session.

import { digestOf } from '../core/token.ts'
import type { Acting } from '../storage/factor-notice.ts'
import type { InvitationView } from '../storage/joining.ts'
import { joinAsNewUser, joinByProof } from '../storage/joining.ts'
import { hashPassword } from './password.ts'

export type Join =
  | { kind: 'joined'; user: { id: string; name: string; email: string } }
  /** It was accepted, rejected, cancelled or has expired; or another request was first. */
  | { kind: 'closed' }
  | { kind: 'suspended' }
  /** It was mailed, and this is not the token of its link. */
  | { kind: 'wrong_token' }
  /** Somebody has the address, and accepts by signing in. */
  | { kind: 'has_user' }

export type Joiner = { name: string; password: string; token?: string | undefined }

/** @throws StoreUnavailable */
export async function join(
  db: D1Database,
  invitationId: string,
  found: InvitationView,
  { name, password, token }: Joiner,
  acting: Acting,
): Promise<Join> {
  const refused = await refusalOf(found, token)
  // Checked first only to avoid the hash and to give the reason; the batch decides.
  if (refused !== null) return refused
  const { email, tokenDigest: digest, user } = found
  const userId = user?.id ?? crypto.randomUUID()
  const person = { userId, name, passwordHash: await hashPassword(password) }
  const joining = { invitationId, digest, person }
  const outcome = await (user === null
    ? joinAsNewUser(db, joining, acting)
    : joinByProof(db, joining, acting))
  if (outcome === 'refused') return { kind: 'closed' }
  return { kind: 'joined', user: { id: person.userId, name, email } }
}

async function refusalOf(
  { status, isSuspended, tokenDigest, user }: InvitationView,
  token: string | undefined,
): Promise<Join | null> {
  if (status !== 'pending') return { kind: 'closed' }
  if (tokenDigest !== null && !(await isTokenOf(tokenDigest, token))) return { kind: 'wrong_token' }
  if (isSuspended) return { kind: 'suspended' }
  // A mailed token proves the address of a user who has not: whoever made that user goes.
  const isTaken = user !== null && (user.isProved || tokenDigest === null)
  return isTaken ? { kind: 'has_user' } : null
}

/** Digests are compared: how long it takes tells nothing of the token. */
export async function isTokenOf(digest: string, token: string | undefined): Promise<boolean> {
  return token !== undefined && (await digestOf(token)) === digest
}
