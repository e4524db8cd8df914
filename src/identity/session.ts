// Sessions by cookie. Better Auth is imported only for a request with a session cookie, so that verifying a key never
// evaluates it.
import type { Role } from '../core/config.ts'
import type { AccountStanding } from '../core/standing.ts'
import { membershipsOf } from '../storage/people-store.ts'
import { within } from '../storage/unavailable.ts'
import type { PeopleSettings } from './settings.ts'

export type Person = {
  kind: 'person'
  userId: string
  accountId: string
  accountName: string
  role: Role
  standing: AccountStanding
  requiresFactor: boolean
  /** The account requires a second factor, and the person has none: they do nothing here but enrol one. */
  lacksFactor: boolean
  /** When the sign-in or the step-up behind the credential proved the person (ms); null: not known. */
  provedAt: number | null
}

/** A signed-in person, also without a membership. */
export type Session = {
  userId: string
  email: string
  sessionId: string
  accountId: string | null
  provedAt: number | null
  beganAt: number
}

/** Better Auth awaits D1 without a timeout. */
const sessionTimeoutMs = 5_000

/** The session of a cookie; null when there is none, or it has ended. @throws StoreUnavailable */
export async function findSession(
  headers: Headers,
  settings: PeopleSettings,
): Promise<Session | null> {
  if (!headers.get('cookie')?.includes('session_token=')) return null
  const { createAuth } = await import('./auth.ts')
  const auth = await createAuth(settings)
  return within('D1', sessionTimeoutMs, auth.sessionOf(headers))
}

export type SessionOutcome =
  | Person
  /** No session, or an ended one. */
  | { kind: 'none' }
  /** Signed in, but not a member of that account, or of any. */
  | { kind: 'no_account' }
  /** A store did not answer. */
  | { kind: 'unavailable'; cause: unknown }

/**
 * The person of a session cookie, with their present role from D1.
 * @param named the account that the request names; null: that of the session
 */
export async function personOfSession(
  headers: Headers,
  settings: PeopleSettings,
  named: string | null = null,
): Promise<SessionOutcome> {
  try {
    const session = await findSession(headers, settings)
    if (session === null) return { kind: 'none' }
    const { userId, provedAt } = session
    const accountId = named ?? session.accountId
    if (accountId === null) return { kind: 'no_account' }
    const [membership] = await membershipsOf(settings.db, userId, accountId)
    if (membership === undefined) return { kind: 'no_account' }
    return { kind: 'person', userId, ...membership, provedAt }
  } catch (cause) {
    return { kind: 'unavailable', cause }
  }
}
