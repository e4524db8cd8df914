// Verifies JWTs: ours with the public keys of D1 in memory, without Better Auth, and those of the external issuer. The
// JWT identifies the person; the role is read from D1, since a JWT outlives demotion and removal. One of ours ends with
// its session.
import type { JWKSCacheInput, JWTPayload, JWTVerifyGetKey } from 'jose'
import { isWholeSession, type SessionNow } from '../storage/has-session.ts'
import { membershipsOf, userIdOf } from '../storage/people-store.ts'
import { StoreUnavailable } from '../storage/unavailable.ts'
import { findJwtKey } from './jwt-keys.ts'
import type { Person } from './session.ts'
import { type ExternalIssuer, ownAudience, type PeopleSettings } from './settings.ts'

export type JwtOutcome =
  | Person
  | { kind: 'invalid_token'; cause?: unknown }
  /** A valid token of a person who is no member of that account, or of no account. */
  | { kind: 'no_account' }
  /** The keys or the role could not be read. */
  | { kind: 'unavailable'; cause: unknown }

export type JwtSettings = Pick<PeopleSettings, 'db' | 'memory' | 'baseUrl' | 'externalIssuer'> & {
  /** How an external key set is fetched; the platform's `fetch` when absent. */
  fetch?: typeof fetch
  /** The account that the request names, in place of that of the token. */
  named?: string | null
}

// Asymmetric only: with a symmetric algorithm a public key would serve as the secret (RFC 8725 section 2.1).
const algorithms = ['EdDSA', 'Ed25519']
const externalAlgorithms = [
  ...algorithms,
  ...['RS', 'PS', 'ES'].flatMap((family) => ['256', '384', '512'].map((size) => family + size)),
]

/** The person of a compact JWS. No content of the token makes it throw. */
export async function personOfJwt(
  token: string,
  settings: JwtSettings,
  now: Date = new Date(),
): Promise<JwtOutcome> {
  try {
    const issuer = await issuerOf(token)
    const { externalIssuer } = settings
    if (issuer === settings.baseUrl) return await ownPerson(token, settings, now)
    if (externalIssuer !== null && issuer === externalIssuer.issuer)
      return await externalPerson(token, externalIssuer, settings, now)
    return { kind: 'invalid_token' }
  } catch (cause) {
    // Errors of jose are faults of the token; after any other error the outcome is unknown.
    const { errors } = await import('jose')
    const isOfToken = cause instanceof errors.JOSEError
    return { kind: isOfToken ? 'invalid_token' : 'unavailable', cause }
  }
}

/** Read before the signature is verified, to select the keys; `jwtVerify` checks it again. */
async function issuerOf(token: string): Promise<string | undefined> {
  const { decodeJwt } = await import('jose')
  return decodeJwt(token).iss
}

async function ownPerson(token: string, settings: JwtSettings, now: Date): Promise<JwtOutcome> {
  const { decodeProtectedHeader, jwtVerify } = await import('jose')
  const { alg = '', kid } = decodeProtectedHeader(token)
  // Ours name their key.
  if (!algorithms.includes(alg) || typeof kid !== 'string') return { kind: 'invalid_token' }
  const key = await findJwtKey(settings.db, settings.memory, kid, now)
  if (key === null) return { kind: 'invalid_token' }
  const { payload } = await jwtVerify<{ account?: unknown; sid?: unknown }>(token, key, {
    algorithms,
    issuer: settings.baseUrl,
    audience: ownAudience,
    requiredClaims: ['sub', 'exp'],
    currentDate: now,
  })
  const { sub, account, sid } = payload
  if (sub === undefined || typeof account !== 'string') return { kind: 'invalid_token' }
  // Not an `iat` later than a reset: one that is being signed while the password is reset would be.
  const session = sid === undefined ? null : { id: String(sid), nowMs: now.getTime() }
  const accountId = settings.named ?? account
  const outcome = await personInAccount(settings.db, sub, accountId, provedAtOf(payload), session)
  const isOver = outcome.kind === 'no_account' && session !== null
  if (isOver && !(await isWholeSession(settings.db, sub, session))) return { kind: 'invalid_token' }
  return outcome
}

async function externalPerson(
  token: string,
  external: ExternalIssuer,
  settings: JwtSettings,
  now: Date,
): Promise<JwtOutcome> {
  const { jwtVerify } = await import('jose')
  const { payload } = await jwtVerify(token, await externalKeys(external, settings.fetch), {
    algorithms: externalAlgorithms,
    issuer: external.issuer,
    audience: external.audience,
    requiredClaims: ['sub', 'exp'],
    currentDate: now,
  })
  if (payload.sub === undefined) return { kind: 'invalid_token' }
  const email = verifiedEmailOf(payload)
  const userId = email === null ? null : await userIdOf(settings.db, email)
  if (userId === null) return { kind: 'no_account' }
  const provedAt = provedAtOf(payload)
  const { account } = payload
  if (account !== undefined && typeof account !== 'string') return { kind: 'invalid_token' }
  const accountId = settings.named ?? account
  if (accountId !== undefined) return personInAccount(settings.db, userId, accountId, provedAt)
  const [only, ...others] = await membershipsOf(settings.db, userId)
  if (only === undefined || others.length > 0) return { kind: 'no_account' }
  return { kind: 'person', userId, ...only, provedAt }
}

/** The time of the sign-in, and not that of the JWT, which a session renews (OpenID Connect Core 2). */
function provedAtOf({ auth_time }: JWTPayload): number | null {
  return typeof auth_time === 'number' && Number.isFinite(auth_time) ? auth_time * 1_000 : null
}

/** A JWT is stepped up only as its session is, which ends when a stronger factor is enrolled. */
function earlier(ofToken: number | null, ofSession: number | null): number | null {
  return ofToken === null || ofSession === null ? null : Math.min(ofToken, ofSession)
}

/** An unverified address may belong to another person. */
function verifiedEmailOf({ email, email_verified }: JWTPayload): string | null {
  return email_verified === true && typeof email === 'string' ? email : null
}

async function personInAccount(
  db: D1Database,
  userId: string,
  accountId: string,
  provedAt: number | null,
  session: SessionNow | null = null,
): Promise<JwtOutcome> {
  const [membership] = await membershipsOf(db, userId, accountId, session)
  if (membership === undefined) return { kind: 'no_account' }
  const proved = session === null ? provedAt : earlier(provedAt, membership.provedAt)
  return { kind: 'person', userId, ...membership, provedAt: proved }
}

// Key sets by address: values only, since a promise of one request must not be awaited in another (workerd).
const keySets = new Map<string, JWKSCacheInput>()

async function externalKeys(
  { jwksUrl }: ExternalIssuer,
  fetchKeys: typeof fetch | undefined,
): Promise<JWTVerifyGetKey> {
  const { createRemoteJWKSet, customFetch, errors, jwksCache } = await import('jose')
  const cache = keySets.get(jwksUrl) ?? {}
  keySets.set(jwksUrl, cache)
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: 3_000,
    [jwksCache]: cache,
    ...(fetchKeys && { [customFetch]: fetchKeys }),
  })
  return async (header, jws) => {
    try {
      return await keys(header, jws)
    } catch (cause) {
      // These are faults of the token; any other error means that the key set could not be fetched.
      const isOfToken =
        cause instanceof errors.JWKSNoMatchingKey ||
        cause instanceof errors.JWKSMultipleMatchingKeys ||
        cause instanceof errors.JOSENotSupported
      throw isOfToken ? cause : new StoreUnavailable('The key set of JWT_ISSUER', cause)
    }
  }
}
