// Confirming an address by a link that is mailed to it. The token is sealed, so that asking stores no row besides the message;
// used again, it finds the address confirmed.
import { z } from 'zod'
import { seal, sealingKeys, unseal } from '../core/sealing.ts'
import { addressOf, confirmAddress, insertConfirmation } from '../storage/address.ts'
import type { Acting } from '../storage/factor-notice.ts'
import { mailKeys, sealToken } from './mail/seal.ts'
import { findSession } from './session.ts'
import type { PeopleSettings } from './settings.ts'

const purpose = 'address-confirmations'
const lifetimeMinutes = 30
/** It stands in no row. */
const owner = 'link'

const contents = z.object({ userId: z.string(), email: z.string(), expiresAt: z.number() })
type Contents = z.output<typeof contents>

export async function confirmationTokenOf(
  authSecrets: readonly string[],
  of: Contents,
): Promise<string> {
  const keys = await sealingKeys(authSecrets, purpose)
  return seal(keys, JSON.stringify(of), owner, (bytes) => crypto.getRandomValues(bytes))
}

/** Mails a link to the address of a person, unless it is proved. @throws StoreUnavailable */
export async function requestConfirmation(
  { db, authSecrets }: PeopleSettings,
  { userId, email }: { userId: string; email: string },
  nowMs: number,
): Promise<void> {
  const expiresAt = nowMs + lifetimeMinutes * 60_000
  const token = await confirmationTokenOf(authSecrets, { userId, email, expiresAt })
  const mailId = crypto.randomUUID()
  const sealedToken = await sealToken(await mailKeys(authSecrets), token, mailId)
  const confirmation = { mailId, sealedToken, minutes: lifetimeMinutes, expiresAt }
  await insertConfirmation(db, { userId, email }, confirmation, nowMs)
}

export type Confirmed =
  | { kind: 'confirmed'; email: string }
  /** Outside a session of its user, and what they have may not go. */
  | { kind: 'needs_session'; email: string }
  /** Not a token of ours, or too old, or of an address that the user does not have any more. */
  | { kind: 'refused' }

export type Confirming = {
  token: string
  /** Outside a session of the user, all by which somebody could sign in as them may go. */
  mayRemove: boolean
}

/** @throws StoreUnavailable */
export async function confirmByToken(
  settings: PeopleSettings,
  { token, mayRemove }: Confirming,
  headers: Headers,
  acting: Acting,
): Promise<Confirmed> {
  const read = await readToken(settings, token)
  if (read === null || read.expiresAt <= acting.nowMs) return { kind: 'refused' }
  const { userId, email } = read
  const known = await addressOf(settings.db, userId)
  if (known?.email !== email) return { kind: 'refused' }
  if (known.isProved) return { kind: 'confirmed', email }
  const session = await findSession(headers, settings)
  const isTheirs = session?.userId === userId
  if (!isTheirs && !mayRemove) return { kind: 'needs_session', email }
  await confirmAddress(settings.db, userId, isTheirs, acting)
  return { kind: 'confirmed', email }
}

async function readToken({ authSecrets }: PeopleSettings, token: string): Promise<Contents | null> {
  try {
    const text = await unseal(await sealingKeys(authSecrets, purpose), token, owner)
    return contents.parse(JSON.parse(text))
  } catch {
    return null
  }
}
