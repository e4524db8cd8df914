// Challenges of WebAuthn. One carries its purpose, when it ends, and our MAC, so that asking for one stores nothing; what
// stores is its first valid answer, after which it is spent (storage/passkey-store.ts).
import { hashKeys, isKeyedHash, keyedHash } from '../../core/keyed-hash.ts'
import { digestOf } from '../../core/token.ts'
import type { PeopleSettings } from '../settings.ts'

const purpose = 'webauthn-challenges'
const lifetimeMs = 5 * 60_000
const [randomLength, macLength] = [16, 32]
const timeLength = 8

/** What an answer is for, and by whom. */
export type ChallengeFor =
  | { what: 'sign-in' }
  | { what: 'enrol'; userId: string }
  | { what: 'factor' | 'step-up'; sessionId: string }

type Secrets = Pick<PeopleSettings, 'authSecrets'>

export async function newChallenge(
  { authSecrets }: Secrets,
  of: ChallengeFor,
  nowMs: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const [newest] = await hashKeys(authSecrets.slice(0, 1), purpose)
  if (newest === undefined) throw new Error('There is no key to sign with.')
  const random = crypto.getRandomValues(new Uint8Array(randomLength))
  const time = new Uint8Array(timeLength)
  new DataView(time.buffer).setBigUint64(0, BigInt(nowMs + lifetimeMs))
  const body = new Uint8Array([...random, ...time])
  return new Uint8Array([...body, ...(await keyedHash(newest, textOf(of, body)))])
}

export type Challenge = { digest: string; expiresAtMs: number }

/** The challenge of an answer; null where it is not ours, not for this, or its time is over. */
export async function readChallenge(
  { authSecrets }: Secrets,
  of: ChallengeFor,
  text: string,
  nowMs: number,
): Promise<Challenge | null> {
  const bytes = bytesOf(text)
  if (bytes?.length !== randomLength + timeLength + macLength) return null
  const [body, mac] = [bytes.slice(0, -macLength), bytes.slice(-macLength)]
  const expiresAtMs = Number(new DataView(body.buffer).getBigUint64(randomLength))
  if (expiresAtMs <= nowMs) return null
  const keys = await hashKeys(authSecrets, purpose)
  if (!(await isKeyedHash(keys, mac, textOf(of, body)))) return null
  // Of the bytes: base64 has several texts for some.
  return { digest: await digestOf(bytes.toHex()), expiresAtMs }
}

function textOf(of: ChallengeFor, body: Uint8Array): string {
  const whose = 'userId' in of ? of.userId : 'sessionId' in of ? of.sessionId : ''
  return `${of.what} ${whose} ${body.toHex()}`
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.fromBase64(text, { alphabet: 'base64url' })
  } catch {
    return null
  }
}
