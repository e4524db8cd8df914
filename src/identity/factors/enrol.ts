// Enrolling and removing factors. Each change leaves an event in every account of the person, and a message to them.
import { type Enrolled, hasFactor } from '../../core/factors.ts'
import type { FactorChange } from '../../core/mail.ts'
import type { PersonAction } from '../../core/person-event.ts'
import { isSteppedUp, stepUpSeconds } from '../../core/step-up.ts'
import { type Acting, type Effects, noticesOf } from '../../storage/factor-notice.ts'
import {
  beginTotp,
  confirmTotp,
  enrolledFactors,
  findTotp,
  removeTotp,
  replaceCodes,
} from '../../storage/factor-store.ts'
import type { Session } from '../session.ts'
import type { PeopleSettings } from '../settings.ts'
import { newRecoveryCodes } from './recovery-codes.ts'
import { type NewTotp, newTotp, stepOfCode } from './totp.ts'

const pendingMs = 10 * 60_000

/**
 * Whether the session may change factors: after step-up, or, of who has neither a password nor a factor and so cannot step
 * up, right after the sign-in.
 */
export function mayChangeFactors(
  { provedAt, beganAt }: Pick<Session, 'provedAt' | 'beganAt'>,
  enrolled: Enrolled,
  nowMs: number,
): boolean {
  if (isSteppedUp(provedAt, nowMs)) return true
  const canStepUp = enrolled.hasPassword || hasFactor(enrolled)
  return !canStepUp && nowMs - beganAt < stepUpSeconds * 1_000
}

/** One change, as its event and its message tell it. */
export function changeOf(
  { hasMail }: Pick<PeopleSettings, 'hasMail'>,
  { userId, email }: Pick<Session, 'userId' | 'email'>,
  event: { action: PersonAction; change: FactorChange; factor: string; name?: string },
  acting: Acting,
): Effects {
  const { action, change, factor, name } = event
  const detail = { factor, ...(name !== undefined && { name }) }
  const mail = hasMail ? { to: email, change, name: name ?? null } : null
  return noticesOf(userId, [{ action, detail, mail }], acting)
}

/** A secret that a code has to confirm within ten minutes. Asked again it is another. @throws StoreUnavailable */
export async function beginTotpEnrolment(
  settings: PeopleSettings,
  session: Session,
  nowMs: number,
): Promise<Omit<NewTotp, 'sealed'> & { expiresAtMs: number }> {
  const { sealed, ...shown } = await newTotp(settings, session)
  const expiresAtMs = nowMs + pendingMs
  await beginTotp(settings.db, session.userId, sealed, expiresAtMs)
  return { ...shown, expiresAtMs }
}

export type Enrolment =
  /** `recoveryCodes`: with the first factor, and never shown again; null: the person has some. */
  | { kind: 'enrolled'; recoveryCodes: string[] | null }
  | { kind: 'wrong' }
  /** None was begun, or its time is over. */
  | { kind: 'not_begun' }

/** @throws StoreUnavailable */
export async function confirmTotpEnrolment(
  settings: PeopleSettings,
  session: Session,
  code: string,
  acting: Acting,
): Promise<Enrolment> {
  const { db } = settings
  const { userId, sessionId } = session
  const { nowMs } = acting
  const found = await findTotp(db, userId)
  const sealed = found?.pendingSecret ?? null
  if (sealed === null || (found?.pendingUntil ?? 0) <= nowMs) return { kind: 'not_begun' }
  const step = await stepOfCode(settings, userId, sealed, code, nowMs)
  if (step === null) return { kind: 'wrong' }
  const { codes, digests } = await newRecoveryCodes(settings, userId)
  const event = { action: 'factor.enrolled', change: 'totp_enrolled', factor: 'totp' } as const
  const effects = changeOf(settings, session, event, acting)
  const begun = { userId, sessionId, sealed, step, digests }
  const confirmed = await confirmTotp(db, begun, effects, nowMs)
  if (confirmed === null) return { kind: 'not_begun' }
  return { kind: 'enrolled', recoveryCodes: confirmed.codes ? codes : null }
}

/** @returns false where none is enrolled. @throws StoreUnavailable */
export async function removeTotpFactor(
  settings: PeopleSettings,
  session: Session,
  acting: Acting,
): Promise<boolean> {
  // A refused request runs no statement that writes; of two at once the batch decides.
  const { hasTotp } = await enrolledFactors(settings.db, session.userId)
  if (!hasTotp) return false
  const event = { action: 'factor.removed', change: 'totp_removed', factor: 'totp' } as const
  return removeTotp(settings.db, session.userId, changeOf(settings, session, event, acting))
}

/** Ten new codes in the place of all others; null without a factor. @throws StoreUnavailable */
export async function renewRecoveryCodes(
  settings: PeopleSettings,
  session: Session,
  acting: Acting,
): Promise<string[] | null> {
  const { codes, digests } = await newRecoveryCodes(settings, session.userId)
  const event = {
    action: 'recovery_codes.created',
    change: 'recovery_codes_created',
    factor: 'recovery_code',
  } as const
  const effects = changeOf(settings, session, event, acting)
  const isDone = await replaceCodes(settings.db, session.userId, digests, effects, acting.nowMs)
  return isDone ? codes : null
}
