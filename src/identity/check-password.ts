// Checks the password of a signed-in person, before actions that a stolen session must not suffice for.

import { type Counter, countAttempt } from '../storage/attempts.ts'
import { passwordHashOf } from '../storage/people-store.ts'
import type { PeopleSettings } from './settings.ts'

export type PasswordCheck = { kind: 'right' | 'wrong' } | { kind: 'too_many'; seconds: number }

const windowMs = 15 * 60_000

/** One count of a person over all operations that take their password: sessions that they have change nothing. */
export function passwordCounter(
  userId: string,
  { signInPerMinute: max }: Pick<PeopleSettings, 'signInPerMinute'>,
): Counter {
  return { key: `password/${userId}`, max, windowMs }
}

/** `wrong` for people without a password (those of an external issuer). @throws StoreUnavailable */
export async function checkPassword(
  settings: PeopleSettings,
  userId: string,
  password: string,
  now: number,
): Promise<PasswordCheck> {
  const { db } = settings
  const attempt = await countAttempt(db, [passwordCounter(userId, settings)], now)
  if (attempt.kind === 'refused') return { kind: 'too_many', seconds: attempt.seconds }
  const hash = await passwordHashOf(db, userId)
  const { verifyPassword } = await import('better-auth/crypto')
  if (hash === null || !(await verifyPassword({ hash, password }))) return { kind: 'wrong' }
  await attempt.takeBack()
  return { kind: 'right' }
}
