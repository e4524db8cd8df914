// Passkeys by WebAuthn Level 3. `@simplewebauthn/server` is imported on demand: it is as large as Better Auth's half.
import type {
  AuthenticationResponseJSON,
  AuthenticatorTransport,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { findPasskey, type Passkey, spendAssertion } from '../../storage/passkey-store.ts'
import type { Spending } from '../../storage/proof-store.ts'
import type { PeopleSettings } from '../settings.ts'
import { type Challenge, type ChallengeFor, newChallenge, readChallenge } from './challenge.ts'

/** The options of a ceremony, as JSON for a browser. */
export type CeremonyOptions = { challenge: string }

/** The `toJSON()` of what a browser answers, as far as it is read here: the library checks the rest. */
type Answer<Response> = { id: string; rawId: string; type: string; response: Response }
export type Registration = Answer<{ clientDataJSON: string; attestationObject: string }>
export type Assertion = Answer<{
  clientDataJSON: string
  authenticatorData: string
  signature: string
  userHandle?: string | null | undefined
}>

type Settings = Pick<PeopleSettings, 'db' | 'authSecrets' | 'baseUrl'>

/** Ed25519, ES256, RS256: what workerd verifies. */
const algorithms = [-8, -7, -257]

/** Passkeys are bound to the host of BASE_URL, without its port; browsers allow `localhost` for development. */
function relyingParty(baseUrl: string) {
  const { hostname, origin } = new URL(baseUrl)
  return { rpID: hostname, origin }
}

export async function registrationOptions(
  settings: Settings,
  person: { userId: string; email: string },
  existing: readonly Passkey[],
  nowMs: number,
): Promise<CeremonyOptions> {
  const { generateRegistrationOptions } = await import('@simplewebauthn/server')
  const { rpID } = relyingParty(settings.baseUrl)
  return generateRegistrationOptions({
    ...{
      rpName: `Latchkey (${rpID})`,
      rpID,
      userName: person.email,
      userDisplayName: person.email,
    },
    userID: handleOf(person.userId),
    challenge: await newChallenge(settings, { what: 'enrol', userId: person.userId }, nowMs),
    attestationType: 'none',
    excludeCredentials: existing.map(descriptorOf),
    // A security key without a PIN is a second factor too; it does not stand alone.
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    supportedAlgorithmIDs: algorithms,
  })
}

export type VerifiedRegistration = {
  challenge: Challenge
  credential: Pick<
    Passkey,
    'credentialId' | 'publicKey' | 'signCount' | 'transports' | 'isBackedUp' | 'verifiesUser'
  >
}

/** null: not an answer of an authenticator to a challenge of ours for this person. */
export async function verifyRegistration(
  settings: Settings,
  userId: string,
  answer: Registration,
  nowMs: number,
): Promise<VerifiedRegistration | null> {
  const of = { what: 'enrol', userId } as const
  const challenge = await challengeOf(settings, of, answer.response.clientDataJSON, nowMs)
  if (challenge === null) return null
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  const { rpID, origin } = relyingParty(settings.baseUrl)
  const verified = await orNull(
    verifyRegistrationResponse({
      response: answer as unknown as RegistrationResponseJSON,
      ...{ expectedOrigin: origin, expectedRPID: rpID },
      // By `challengeOf`.
      expectedChallenge: () => true,
      requireUserVerification: false,
      supportedAlgorithmIDs: algorithms,
    }),
  )
  if (!verified?.verified) return null
  const { credential, credentialBackedUp, userVerified: verifiesUser } = verified.registrationInfo
  const isBackedUp = credentialBackedUp
  const publicKey = credential.publicKey.toBase64({ alphabet: 'base64url', omitPadding: true })
  const { id: credentialId, counter: signCount, transports = [] } = credential
  const kept = { credentialId, publicKey, signCount, transports, isBackedUp, verifiesUser }
  return { challenge, credential: kept }
}

/** @param passkeys those of the person who is asked; null: of whoever has one, who then needs no password */
export async function assertionOptions(
  settings: Settings,
  of: ChallengeFor,
  passkeys: readonly Passkey[] | null,
  nowMs: number,
): Promise<CeremonyOptions> {
  const { generateAuthenticationOptions } = await import('@simplewebauthn/server')
  return generateAuthenticationOptions({
    rpID: relyingParty(settings.baseUrl).rpID,
    challenge: await newChallenge(settings, of, nowMs),
    ...(passkeys && { allowCredentials: passkeys.map(descriptorOf) }),
    userVerification: passkeys === null ? 'required' : 'preferred',
  })
}

/**
 * An answer to a challenge for this. Where it is for signing in, it has verified its user and stands alone.
 * @param userId whose passkey it must be; null: of whomever the answer names
 * @returns null: it is not one. @throws StoreUnavailable
 */
export async function verifyAssertion(
  settings: Settings,
  of: ChallengeFor,
  userId: string | null,
  answer: Assertion,
  nowMs: number,
): Promise<{ userId: string; spending: Spending } | null> {
  const challenge = await challengeOf(settings, of, answer.response.clientDataJSON, nowMs)
  if (challenge === null) return null
  const passkey = await findPasskey(settings.db, answer.id, userId)
  if (passkey === null || !isHandleOf(answer.response.userHandle, passkey.userId, userId))
    return null
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  const { rpID, origin } = relyingParty(settings.baseUrl)
  const publicKey = Uint8Array.fromBase64(passkey.publicKey, { alphabet: 'base64url' })
  const verified = await orNull(
    verifyAuthenticationResponse({
      response: answer as unknown as AuthenticationResponseJSON,
      ...{ expectedOrigin: origin, expectedRPID: rpID, expectedChallenge: () => true },
      credential: { id: passkey.credentialId, publicKey, counter: passkey.signCount },
      requireUserVerification: of.what === 'sign-in',
    }),
  )
  if (!verified?.verified) return null
  const { newCounter: signCount, userVerified: verifiesUser } = verified.authenticationInfo
  const use = { id: passkey.id, signCount, verifiesUser }
  return { userId: passkey.userId, spending: spendAssertion(use, challenge, nowMs) }
}

/** Read first, since what follows costs a store: a challenge that is not ours ends here. */
async function challengeOf(
  settings: Settings,
  of: ChallengeFor,
  clientDataJSON: string,
  nowMs: number,
): Promise<Challenge | null> {
  try {
    const bytes = Uint8Array.fromBase64(clientDataJSON, { alphabet: 'base64url' })
    const { challenge, crossOrigin } = JSON.parse(new TextDecoder().decode(bytes)) ?? {}
    // Our pages are in no frame.
    if (typeof challenge !== 'string' || crossOrigin === true) return null
    return await readChallenge(settings, of, challenge, nowMs)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** The library throws for whatever is wrong with an answer. It does no I/O. */
function orNull<T>(verification: Promise<T>): Promise<T | null> {
  return verification.catch(() => null)
}

/** Authenticators keep it, and show it to nobody. */
function handleOf(userId: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(userId))
}

/** An answer that names nobody is of a passkey which the options named. */
function isHandleOf(
  handle: string | null | undefined,
  userId: string,
  named: string | null,
): boolean {
  if (!handle) return named !== null
  return handle === handleOf(userId).toBase64({ alphabet: 'base64url', omitPadding: true })
}

function descriptorOf({ credentialId, transports }: Passkey) {
  return { id: credentialId, transports: transports as AuthenticatorTransport[] }
}
