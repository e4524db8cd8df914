// Completes a sign-in that awaits a second factor: the session becomes whole, under a new token.
import type { FactorKind } from '../../core/factors.ts'
import type { Acting, FactorNotice } from '../../storage/factor-notice.ts'
import { noticesOf } from '../../storage/factor-notice.ts'
import { completeSession } from '../../storage/proof-store.ts'
import { type AwaitingSession, findAwaitingSession } from '../../storage/session-store.ts'
import { within } from '../../storage/unavailable.ts'
import type { PeopleSettings } from '../settings.ts'
import { type Check, checkPasskey, checkRecoveryCode, checkTotp } from './checks.ts'
import { recoveryCounters, totpCounters } from './guesses.ts'
import type { Assertion } from './passkeys.ts'

export type Awaiting = AwaitingSession & { isRemembered: boolean }

/** As Better Auth sets it: until the browser is closed, but at most a day, or a week. */
const dayMs = 24 * 60 * 60_000
const lifetimeMs = { remembered: 7 * dayMs, forgotten: dayMs }
const authTimeoutMs = 5_000

/** The session of the cookie that awaits a factor; null when there is none. @throws StoreUnavailable */
export async function findAwaiting(
  headers: Headers,
  settings: PeopleSettings,
  nowMs: number,
): Promise<Awaiting | null> {
  if (!headers.get('cookie')?.includes('session_token=')) return null
  const { createAuth } = await import('../auth.ts')
  const auth = await createAuth(settings)
  const cookie = await auth.readCookie(headers)
  if (cookie === null) return null
  const session = await findAwaitingSession(settings.db, cookie.token, nowMs)
  return session && { ...session, isRemembered: cookie.isRemembered }
}

export type Proof = { code: string } | { recoveryCode: string } | { passkey: Assertion }

/** From where it is tried. */
export type Attempt = {
  headers: Headers
  /** The known browser of the person (known-device.ts). */
  device: string | null
  acting: Acting
}

export type Completion =
  | { kind: 'done'; cookies: string[]; signedInWith: string }
  | { kind: 'wrong' | 'ended' }
  | { kind: 'too_many'; seconds: number }

/** @throws StoreUnavailable */
export async function completeSignIn(
  settings: PeopleSettings,
  session: Awaiting,
  proof: Proof,
  attempt: Attempt,
): Promise<Completion> {
  const { nowMs } = attempt.acting
  const [kind, check] = await checkProof(settings, session, proof, attempt)
  if (check.kind !== 'right') return check
  const token = newToken()
  const signedInWith = [session.signedInWith, kind].filter((part) => part !== null).join('+')
  const lifetime = session.isRemembered ? lifetimeMs.remembered : lifetimeMs.forgotten
  const whole = { token, signedInWith, expiresAtMs: nowMs + lifetime }
  const notices = noticesOf(
    session.userId,
    noticesOfSignIn(settings, session, kind),
    attempt.acting,
  )
  const spent = await completeSession(
    settings.db,
    session.id,
    whole,
    check.spending,
    notices,
    nowMs,
  )
  if (spent !== 'done') return { kind: spent }
  await check.succeeded()
  const { createAuth } = await import('../auth.ts')
  const auth = await createAuth(settings)
  const cookies = await within('D1', authTimeoutMs, auth.renewCookie(attempt.headers, token))
  return { kind: 'done', cookies, signedInWith }
}

async function checkProof(
  settings: PeopleSettings,
  { id: sessionId, userId }: Awaiting,
  proof: Proof,
  { headers, device, acting: { nowMs } }: Attempt,
): Promise<[FactorKind, Check]> {
  if ('code' in proof) {
    const counters = totpCounters(userId, device)
    return ['totp', await checkTotp(settings, userId, proof.code, counters, nowMs)]
  }
  if ('passkey' in proof) {
    const of = { what: 'factor', sessionId } as const
    return ['passkey', await checkPasskey(settings, of, userId, proof.passkey, nowMs)]
  }
  const counters = recoveryCounters(userId, headers.get('cf-connecting-ip'))
  const { recoveryCode } = proof
  return ['recovery_code', await checkRecoveryCode(settings, userId, recoveryCode, counters, nowMs)]
}

function noticesOfSignIn(
  { hasMail }: PeopleSettings,
  { email }: Awaiting,
  kind: FactorKind,
): FactorNotice[] {
  // A trigger writes the event of a session that is whole.
  if (kind !== 'recovery_code') return []
  const mail = hasMail ? { to: email, change: 'recovery_code_used' as const, name: null } : null
  return [{ action: 'recovery_code.used', mail }]
}

function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
}
