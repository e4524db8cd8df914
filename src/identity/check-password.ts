// Whether somebody who is signed in knows their password: for what a stolen session must not be enough for.

import { giveBackAttempt, takeAttempt } from '../storage/attempts.ts'
import { passwordHashOf } from '../storage/people-store.ts'
import type { PeopleSettings } from './settings.ts'

export type PasswordCheck = { kind: 'right' | 'wrong' } | { kind: 'too_many'; seconds: number }

const windowMs = 15 * 60_000

/** Somebody without a password (people of another issuer) has no right one. @throws StoreUnavailable */
export async function checkPassword(
  { db, signInPerMinute: max }: PeopleSettings,
  userId: string,
  password: string,
  now: number,
): Promise<PasswordCheck> {
  const key = `password/${userId}`
  const seconds = await takeAttempt(db, key, { max, windowMs }, now)
  if (seconds !== null) return { kind: 'too_many', seconds }
  const hash = await passwordHashOf(db, userId)
  const { verifyPassword } = await import('better-auth/crypto')
  if (hash === null || !(await verifyPassword({ hash, password }))) return { kind: 'wrong' }
  await giveBackAttempt(db, key)
  return { kind: 'right' }
}
