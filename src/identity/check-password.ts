// Checks the password of a signed-in person, before actions that a stolen session must not suffice for.

import { countAttempt, uncountAttempt } from '../storage/attempts.ts'
import { passwordHashOf } from '../storage/people-store.ts'
import type { PeopleSettings } from './settings.ts'

export type PasswordCheck = { kind: 'right' | 'wrong' } | { kind: 'too_many'; seconds: number }

const windowMs = 15 * 60_000

/** `wrong` for people without a password (those of an external issuer). @throws StoreUnavailable */
export async function checkPassword(
  { db, signInPerMinute: max }: PeopleSettings,
  userId: string,
  password: string,
  now: number,
): Promise<PasswordCheck> {
  const key = `password/${userId}`
  const seconds = await countAttempt(db, key, { max, windowMs }, now)
  if (seconds !== null) return { kind: 'too_many', seconds }
  const hash = await passwordHashOf(db, userId)
  const { verifyPassword } = await import('better-auth/crypto')
  if (hash === null || !(await verifyPassword({ hash, password }))) return { kind: 'wrong' }
  await uncountAttempt(db, key)
  return { kind: 'right' }
}
