// Step-up of a session: proves its person by their strongest enrolled factor. So far that is the password.
import { proveSession } from '../storage/session-store.ts'
import { checkPassword } from './check-password.ts'
import type { Session } from './session.ts'
import type { PeopleSettings } from './settings.ts'

export type StepUp =
  | { kind: 'proved' }
  | { kind: 'wrong' | 'ended' }
  | { kind: 'too_many'; seconds: number }

/** `ended`: the session ended meanwhile. @throws StoreUnavailable */
export async function stepUp(
  settings: PeopleSettings,
  { userId, sessionId }: Session,
  password: string,
  now: number,
): Promise<StepUp> {
  const check = await checkPassword(settings, userId, password, now)
  if (check.kind === 'too_many') return check
  if (check.kind === 'wrong') return { kind: 'wrong' }
  const isOpen = await proveSession(settings.db, userId, sessionId, now)
  return { kind: isOpen ? 'proved' : 'ended' }
}
