// The settings of identity/; a layer above reads them from the environment.

import type { JWTVerifyGetKey } from 'jose'
import type { SignInProvider } from '../core/sign-in.ts'

/** `aud` of our own JWTs. */
export const ownAudience = 'management'

export type ExternalIssuer = { issuer: string; audience: string; jwksUrl: string }

/** What an isolate remembers of people. Values only: workerd lets no request await the promise of another one. */
export type PeopleMemory = {
  now(): number
  /** The keys that verify our JWTs, by `kid`, as they were at `readAt`. */
  jwtKeys: { byId: ReadonlyMap<string, JwtKey>; readAt: number } | null
  /** When they were last asked for. */
  jwtKeysAskedAt: number
  /** There is a first owner, as there will be from then on. */
  hasOwner: boolean
}

export type JwtKey = { keySet: JWTVerifyGetKey; expiresAt: number | null }

export function createPeopleMemory(now: () => number): PeopleMemory {
  return { now, jwtKeys: null, jwtKeysAskedAt: Number.NEGATIVE_INFINITY, hasOwner: false }
}

export type PeopleSettings = {
  db: D1Database
  memory: PeopleMemory
  /** The public origin, without a path: cookies, `iss` and the origin check depend on it. */
  baseUrl: string
  /** Newest first; the others only decrypt. */
  authSecrets: readonly string[]
  /** Sign-in attempts per minute and IP address. */
  signInPerMinute: number
  /** The issuer whose JWTs are accepted in addition to our own. */
  externalIssuer: ExternalIssuer | null
  /** Mail reaches people: through `mail` of the configuration, or kept by DEV_MAIL. */
  hasMail: boolean
  /** With which people may sign in, besides passwords and passkeys. */
  providers: readonly SignInProvider[]
}
