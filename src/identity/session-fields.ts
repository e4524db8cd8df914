// What a session of Better Auth holds besides its own fields: where and how it began, when it last proved its person, and
// whether it awaits a second factor. Only sign-in and step-up write that time, so one time suffices.
import { awaitedFactors, type FactorKind } from '../core/factors.ts'
import { enrolledFactors } from '../storage/factor-store.ts'
import { membershipsOf } from '../storage/people-store.ts'

export const sessionFields = {
  place: { type: 'string', required: false, input: false },
  provedAt: { type: 'date', required: false, input: false },
  signedInWith: { type: 'string', required: false, input: false },
  awaitsFactor: { type: 'boolean', required: false, input: false, returned: false },
} as const

/** In which a sign-in proves its second factor. */
export const awaitingMs = 10 * 60_000

// Endpoints that begin a session, and what they took.
const roads: Record<string, string> = { '/sign-in/email': 'password' }

export type ExternalStart = {
  userId: string
  /** `github`, `google`, `oidc:ID`. */
  signedInWith: string
  /** When the provider authenticated the person (ms); null where it does not say, which proves nobody. */
  provedAt: number | null
}

/** What one request knows of the session that it begins. */
export type SessionStart = {
  place: string | null
  /** Whom the request proved by a passkey that verified its user, which stands alone. */
  passkeyOf: string | null
  /** Whom another provider named to the request. */
  external: ExternalStart | null
  /** The session that was begun awaits one of these. */
  awaits: FactorKind[]
}

export function newSessionStart(place: string | null): SessionStart {
  return { place, passkeyOf: null, external: null, awaits: [] }
}

type NewSession = { userId: string } & Record<string, unknown>
/** Of Better Auth's endpoint. */
type Context = { path?: string } | null

/**
 * Runs before every session is stored, whatever its road: it starts in the person's account with their strongest role,
 * and awaits a second factor where one is enrolled.
 */
export function sessionDefaults(db: D1Database, start: SessionStart, now = Date.now) {
  return async (session: NewSession, context: Context) => {
    const { userId } = session
    const [first] = await membershipsOf(db, userId)
    const enrolled = await enrolledFactors(db, userId)
    const provedAt = new Date(now())
    const begun = { ...session, place: start.place, activeOrganizationId: first?.accountId ?? null }
    const whole = { ...begun, awaitsFactor: false }
    if (start.passkeyOf === userId) return { data: { ...whole, provedAt, signedInWith: 'passkey' } }
    const road = roadOf(userId, start, context, provedAt)
    const { signedInWith } = road
    start.awaits = awaitedFactors(enrolled)
    if (start.awaits.length === 0) return { data: { ...whole, ...road } }
    const expiresAt = new Date(now() + awaitingMs)
    return { data: { ...begun, awaitsFactor: true, provedAt: null, signedInWith, expiresAt } }
  }
}

/** How the session began, and when that proved its person. */
function roadOf(userId: string, { external }: SessionStart, context: Context, now: Date) {
  if (external?.userId === userId) {
    const { signedInWith, provedAt } = external
    return { signedInWith, provedAt: provedAt === null ? null : new Date(provedAt) }
  }
  const signedInWith = roads[context?.path ?? ''] ?? null
  return { signedInWith, provedAt: signedInWith === null ? null : now }
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
