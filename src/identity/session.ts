// Who is signed in by cookie. Light: Better Auth is loaded only when a session cookie is there at all,
// so that verifying a key never evaluates it.
import type { Role } from '../core/config.ts'
import { roleOf } from '../storage/people-store.ts'
import { within } from '../storage/unavailable.ts'
import type { PeopleSettings } from './settings.ts'

export type Person = { kind: 'person'; userId: string; accountId: string; role: Role }

/** Who is signed in, whether member of an account or not. */
export type Session = { userId: string; sessionId: string; accountId: string | null }

/** Better Auth waits for D1 without end. */
const patienceMs = 5_000

/** The session of a cookie; null when there is none, or it has ended. @throws when a store is down */
export async function findSession(
  headers: Headers,
  settings: PeopleSettings,
): Promise<Session | null> {
  if (!headers.get('cookie')?.includes('session_token=')) return null
  const { createAuth } = await import('./auth.ts')
  const auth = await createAuth(settings)
  return within('D1', patienceMs, auth.sessionOf(headers))
}

export type SessionOutcome =
  | Person
  /** No session, or one that ended. */
  | { kind: 'none' }
  /** Signed in, and member of no account, or no longer of the one the session is in. */
  | { kind: 'no_account' }
  /** A store did not answer: the answer is not known. */
  | { kind: 'unavailable'; cause: unknown }

/** The person of a session cookie, with the role they have now: neither is believed from the session. */
export async function personOfSession(
  headers: Headers,
  settings: PeopleSettings,
): Promise<SessionOutcome> {
  try {
    const session = await findSession(headers, settings)
    if (session === null) return { kind: 'none' }
    const { userId, accountId } = session
    const role = accountId === null ? null : await roleOf(settings.db, userId, accountId)
    if (accountId === null || role === null) return { kind: 'no_account' }
    return { kind: 'person', userId, accountId, role }
  } catch (cause) {
    return { kind: 'unavailable', cause }
  }
}
