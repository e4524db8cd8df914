// The settings of identity/; a layer above reads them from the environment.

/** `aud` of our own JWTs. */
export const ownAudience = 'management'

export type ExternalIssuer = { issuer: string; audience: string; jwksUrl: string }

export type PeopleSettings = {
  db: D1Database
  /** The public origin, without a path: cookies, `iss` and the origin check depend on it. */
  baseUrl: string
  /** Newest first; the others only decrypt. */
  authSecrets: readonly string[]
  /** Sign-in attempts per minute and IP address. */
  signInPerMinute: number
  /** The issuer whose JWTs are accepted in addition to our own. */
  externalIssuer: ExternalIssuer | null
}
