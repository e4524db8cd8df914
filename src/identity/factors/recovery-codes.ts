// Recovery codes: shown once, stored as HMACs. Each is spent by one conditional UPDATE.
import { hashKeys, keyedHash } from '../../core/keyed-hash.ts'
import { mintRecoveryCode, readRecoveryCode, recoveryCodeCount } from '../../core/recovery-code.ts'
import type { PeopleSettings } from '../settings.ts'

const purpose = 'recovery-codes'

export type NewCodes = { codes: string[]; digests: string[] }

/** Ten new codes for a person. */
export async function newRecoveryCodes(
  { authSecrets }: Pick<PeopleSettings, 'authSecrets'>,
  userId: string,
): Promise<NewCodes> {
  const codes = Array.from({ length: recoveryCodeCount }, () =>
    mintRecoveryCode((bytes) => crypto.getRandomValues(bytes)),
  )
  const [newest] = await hashKeys(authSecrets.slice(0, 1), purpose)
  if (newest === undefined) throw new Error('There is no key to hash with.')
  const digests = await Promise.all(codes.map((code) => digestOf(newest, userId, code)))
  return { codes, digests }
}

/** As it may be stored: hashed under each of the secrets; null for what is no code. */
export async function recoveryDigests(
  { authSecrets }: Pick<PeopleSettings, 'authSecrets'>,
  userId: string,
  text: string,
): Promise<string[] | null> {
  if (readRecoveryCode(text) === null) return null
  const keys = await hashKeys(authSecrets, purpose)
  return Promise.all(keys.map((key) => digestOf(key, userId, text)))
}

async function digestOf(key: CryptoKey, userId: string, code: string): Promise<string> {
  return (await keyedHash(key, `${userId} ${readRecoveryCode(code)}`)).toHex()
}
