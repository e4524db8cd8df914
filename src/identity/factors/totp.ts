// Time-based one-time passwords (RFC 6238): six digits of SHA-1 every 30 seconds, which every authenticator app makes.
// `otpauth` is imported on demand. Secrets are sealed, each for its person.
import { seal, sealingKeys, unseal } from '../../core/sealing.ts'
import type { PeopleSettings } from '../settings.ts'

const purpose = 'totp-secrets'
const periodMs = 30_000
/** 160 bits (RFC 4226, requirement R6). */
const secretBytes = 20
/** Clocks that are off by up to one step, each way (RFC 6238 5.2). */
const window = 1

type Secrets = Pick<PeopleSettings, 'authSecrets'>

export type NewTotp = {
  /** In base32, to be typed. */
  secret: string
  /** `otpauth://totp/…`, to be scanned. */
  uri: string
  sealed: string
}

export async function newTotp(
  { authSecrets, baseUrl }: Secrets & Pick<PeopleSettings, 'baseUrl'>,
  { userId, email }: { userId: string; email: string },
): Promise<NewTotp> {
  const { Secret } = await import('otpauth')
  const secret = new Secret({ size: secretBytes }).base32
  const totp = await generatorOf(secret, { issuer: new URL(baseUrl).hostname, label: email })
  const keys = await sealingKeys(authSecrets, purpose)
  const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes)
  return { secret, uri: totp.toString(), sealed: await seal(keys, secret, userId, random) }
}

/** The step of which the code is; null for a wrong one. */
export async function stepOfCode(
  { authSecrets }: Secrets,
  userId: string,
  sealed: string,
  code: string,
  nowMs: number,
): Promise<number | null> {
  const secret = await unseal(await sealingKeys(authSecrets, purpose), sealed, userId)
  const totp = await generatorOf(secret)
  const delta = totp.validate({ token: code, timestamp: nowMs, window })
  return delta === null ? null : Math.floor(nowMs / periodMs) + delta
}

async function generatorOf(secret: string, more: { issuer?: string; label?: string } = {}) {
  const { TOTP } = await import('otpauth')
  return new TOTP({ ...more, algorithm: 'SHA1', digits: 6, period: periodMs / 1_000, secret })
}
