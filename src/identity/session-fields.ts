// What a session of Better Auth holds besides its own fields: where it began, and when it last proved its person.
// Only sign-in and step-up write that time; a sign-in asks for every factor that is enrolled, so one time suffices.
import { membershipsOf } from '../storage/people-store.ts'

export const sessionFields = {
  place: { type: 'string', required: false, input: false },
  provedAt: { type: 'date', required: false, input: false },
} as const

// Endpoints that begin a session and take a password.
const provingPaths = ['/sign-in/email', '/change-password']

/** A new session starts in the person's account with their strongest role. */
export function sessionDefaults(db: D1Database, place: string | null) {
  return async (
    session: { userId: string } & Record<string, unknown>,
    context: { path?: string } | null,
  ) => {
    const [first] = await membershipsOf(db, session.userId)
    const provedAt = provingPaths.includes(context?.path ?? '') ? new Date() : null
    return { data: { ...session, place, provedAt, activeOrganizationId: first?.accountId ?? null } }
  }
}

/** When a session was last proved (ms); null: never. */
export function provedAtOf(session: object): number | null {
  const { provedAt } = session as { provedAt?: unknown }
  return provedAt instanceof Date ? provedAt.getTime() : null
}

/** The claim of a JWT (OpenID Connect Core 2), in seconds; absent where the session was never proved. */
export function authTime(session: object): { auth_time?: number } {
  const provedAt = provedAtOf(session)
  return provedAt === null ? {} : { auth_time: Math.floor(provedAt / 1_000) }
}
