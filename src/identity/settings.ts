// What this room needs to know of its surroundings; http/ reads it from the environment.

/** `aud` of our own JWTs. */
export const ownAudience = 'management'

export type ExternalIssuer = { issuer: string; audience: string; jwksUrl: string }

export type PeopleSettings = {
  db: D1Database
  /** The origin at which people reach us, without a path: cookies, `iss` and the origin check rest on it. */
  baseUrl: string
  /** Newest first; older ones only decrypt what they once encrypted. */
  authSecrets: readonly string[]
  /** Sign-in attempts a minute and address. */
  signInPerMinute: number
  /** Whose JWTs are accepted beside our own. */
  externalIssuer: ExternalIssuer | null
}
